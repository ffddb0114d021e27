/** `provision.sh --plan` (or `--dry-run`): what a run would change. Writes nothing. */
import { describeKept } from '#own-addresses.ts';
import { describeFinding, EXIT } from '#place.ts';
import type { Place } from '#place.ts';
import { print } from '#provisioning.ts';
import { describeRunningLimit, readRunningLimits } from '#sizing/running-limits.ts';
import type { RunningLimit } from '#sizing/running-limits.ts';
import type { Profile } from '#settings.ts';
import { describeSizing, possibleBeyond } from '#sizing/describe-sizing.ts';
import { describeLimits, limitServers } from '#sizing/server-limits.ts';
import type { ServerLimits } from '#sizing/server-limits.ts';
import type { SizingPlan } from '#sizing/sizing-plan.ts';
import { parseProfile, parseVerbArguments } from './arguments.ts';
import { lookAround } from './look.ts';
import type { Look } from './look.ts';

/** What a plan is told of, in whichever runtime. */
export type Planned = Pick<Look, 'facts' | 'machineLine' | 'kept' | 'obstacles' | 'warnings'> & {
  readonly planned: readonly { readonly step: { readonly name: string }; readonly changes: readonly string[] }[];
};

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
  readonly kept: Look['kept'];
  readonly obstacles: Look['obstacles'];
  readonly warnings: Look['warnings'];
};

export async function runPlan(place: Place, args: readonly string[], signal: AbortSignal): Promise<number> {
  const { isJson, profile } = parsePlanWords(args);
  const look = await lookAround(place, { signal, profile });
  return await tellPlan(look, { isJson, running: await readRunningLimits(look.facts) });
}

/** What may follow the verb, in every runtime. Throws `UsageError`. */
export function parsePlanWords(args: readonly string[]): { readonly isJson: boolean; readonly profile: Profile | null } {
  const { values } = parseVerbArguments(args, { json: { type: 'boolean' }, profile: { type: 'string' } });
  return { isJson: values.json === true, profile: parseProfile(values.profile) };
}

/** Prints it. Exit code 0, or 20 when something is in the way of that plan. */
export async function tellPlan(
  planned: Planned,
  { isJson, running }: { readonly isJson: boolean; readonly running: readonly RunningLimit[] },
): Promise<number> {
  const report = describePlan(planned, running);
  await print(isJson ? `${JSON.stringify(report)}\n` : renderPlan(report));
  return report.obstacles.length > 0 ? EXIT.obstacle : EXIT.ok;
}

export function describePlan(look: Planned, running: readonly RunningLimit[]): PlanReport {
  const { facts, machineLine, planned, kept, obstacles, warnings } = look;
  return {
    kind: 'plan',
    hardware: machineLine,
    home: facts.home,
    steps: planned.map(({ step, changes }) => ({ step: step.name, changes })),
    changes: planned.reduce((sum, { changes }) => sum + changes.length, 0),
    sizing: { plan: facts.sizing.plan, possible: possibleBeyond(facts.sizing) },
    limits: limitServers(facts),
    lower: running.filter((limit) => limit.running < limit.planned),
    kept,
    obstacles,
    warnings,
  };
}

export function renderPlan(report: PlanReport): string {
  const { hardware, home, steps, changes, sizing, limits, lower, kept, obstacles, warnings } = report;
  const lines = [
    `${hardware}; installation in ${home}`,
    ...describeSizing(sizing.plan),
    ...describePossible(sizing),
    ...describeLimits(limits),
    ...lower.map((limit) => `  running with less: ${describeRunningLimit(limit)}`),
    ...kept.map((address) => `  ${describeKept(address)}`),
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
