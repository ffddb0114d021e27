/** `provision.sh --plan` (or `--dry-run`): what a run would change. Writes nothing. */
import { describeFinding, EXIT } from '#place.ts';
import type { Place } from '#place.ts';
import { print } from '#provisioning.ts';
import { describeRunningLimit, readRunningLimits } from '#sizing/running-limits.ts';
import type { RunningLimit } from '#sizing/running-limits.ts';
import { describeSizing, possibleBeyond } from '#sizing/describe-sizing.ts';
import { describeLimits, limitServers } from '#sizing/server-limits.ts';
import type { ServerLimits } from '#sizing/server-limits.ts';
import type { SizingPlan } from '#sizing/sizing-plan.ts';
import { parseProfile, parseVerbArguments } from './arguments.ts';
import { lookAround } from './look.ts';
import type { Look } from './look.ts';

/** What is told, on the screen and as JSON alike. */
export type PlanReport = {
  readonly kind: 'plan';
  readonly hardware: string;
  readonly home: string;
  readonly steps: readonly { readonly step: string; readonly changes: readonly string[] }[];
  readonly changes: number;
  /** What the machine carries with the models that are here, and with all that it could have; null when it has them. */
  readonly sizing: { readonly plan: SizingPlan; readonly possible: SizingPlan | null };
  /** What the servers are given for the calls that are admitted, each with its sum. */
  readonly limits: ServerLimits;
  /** Those that the running installation has less of. */
  readonly lower: readonly RunningLimit[];
  readonly obstacles: Look['obstacles'];
  readonly warnings: Look['warnings'];
};

/** Exit code 0, or 20 when something is in the way of that plan. */
export async function runPlan(place: Place, args: readonly string[], signal: AbortSignal): Promise<number> {
  const { values } = parseVerbArguments(args, { json: { type: 'boolean' }, profile: { type: 'string' } });
  const look = await lookAround(place, { signal, profile: parseProfile(values.profile) });
  const report = describePlan(look, await readRunningLimits(look.facts));
  await print(values.json === true ? `${JSON.stringify(report)}\n` : renderPlan(report));
  return report.obstacles.length > 0 ? EXIT.obstacle : EXIT.ok;
}

export function describePlan({ facts, machineLine, planned, obstacles, warnings }: Look, running: readonly RunningLimit[]): PlanReport {
  return {
    kind: 'plan',
    hardware: machineLine,
    home: facts.home,
    steps: planned.map(({ step, changes }) => ({ step: step.name, changes })),
    changes: planned.reduce((sum, { changes }) => sum + changes.length, 0),
    sizing: { plan: facts.sizing.plan, possible: possibleBeyond(facts.sizing) },
    limits: limitServers(facts),
    lower: running.filter((limit) => limit.running < limit.planned),
    obstacles,
    warnings,
  };
}

export function renderPlan({ hardware, home, steps, changes, sizing, limits, lower, obstacles, warnings }: PlanReport): string {
  const lines = [
    `${hardware}; installation in ${home}`,
    ...describeSizing(sizing.plan),
    ...describePossible(sizing),
    ...describeLimits(limits),
    ...lower.map((limit) => `  running with less: ${describeRunningLimit(limit)}`),
    ...steps.flatMap((planned) => planned.changes.map((change) => `  ${planned.step}: ${change}`)),
    changes === 0 ? 'Nothing would change.' : `${changes} ${changes === 1 ? 'change' : 'changes'}.`,
    ...warnings.map((warning) => `Warning: ${describeFinding(warning)}`),
    ...obstacles.map((obstacle) => `In the way: ${describeFinding(obstacle)}`),
  ];
  return `${lines.join('\n')}\n`;
}

/** Of the same profile only what is still to be fetched is told: the terms are above. */
function describePossible({ plan, possible }: PlanReport['sizing']): readonly string[] {
  if (possible === null) return [];
  const lines = describeSizing(possible);
  const told = possible.profile === plan.profile ? lines.filter((line) => line.startsWith('model ')) : lines;
  return ['With its models fetched (./provision.sh --models):', ...[...told, ...possible.warnings].map((line) => `  ${line}`)];
}
