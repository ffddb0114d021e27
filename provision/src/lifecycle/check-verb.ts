/** `provision.sh --check`: whether this machine can be an appliance, and whether the one that is on it is as it should be. Reads only, and needs no root. */
import { runChecks } from '#doctor/check.ts';
import { examine } from '#doctor/examine.ts';
import type { Examination, ExaminationOptions } from '#doctor/examine.ts';
import { MACHINE_CHECKS } from '#doctor/machine-checks.ts';
import type { MachineSeen } from '#doctor/machine-seen.ts';
import type { FactsPlace } from '#facts.ts';
import { detectHardware } from '#machine/detect-hardware.ts';
import type { Hardware } from '#machine/hardware.ts';
import { describeFinding, EXIT } from '#place.ts';
import type { Finding, Place } from '#place.ts';
import { print } from '#provisioning.ts';
import type { Profile } from '#settings.ts';
import type { VerbCall } from '#runtime/runtime.ts';
import { readRunningLimits } from '#sizing/running-limits.ts';
import type { RunningLimit } from '#sizing/running-limits.ts';
import type { SizingPlan } from '#sizing/sizing-plan.ts';
import { lookAround } from './look.ts';
import type { Look } from './look.ts';
import { describePlan, parsePlanWords } from './plan-verb.ts';
import type { Planned, PlanReport } from './plan-verb.ts';

export type CheckReport = Omit<PlanReport, 'kind' | 'steps'> & {
  readonly kind: 'check';
  readonly isInstalled: boolean;
  readonly hardwareFound: unknown;
  readonly exitCode: number;
};

/** How a runtime looks at what is installed with it. */
export type CheckSite = {
  readonly look: (
    place: FactsPlace & { readonly hardware: Hardware; readonly profile: Profile | null; readonly signal: AbortSignal },
  ) => Promise<{ readonly look: Planned; readonly isInstalled: boolean; readonly running: readonly RunningLimit[] }>;
  /** The machine as the doctor judges it: less what of it is the installation's own. */
  readonly machineOf: (place: Place, seen: Examination, signal: AbortSignal) => Promise<MachineSeen>;
};

const NATIVE: CheckSite = {
  look: async ({ signal, profile, hardware, ...place }) => {
    const look = await lookAround(place, { signal, profile, hardware });
    const isInstalled = look.facts.secrets !== null && look.facts.root !== null;
    return { look, isInstalled, running: await readRunningLimits(look.facts) };
  },
  machineOf: async (_, { machine }) => machine,
};

/** Exit code 0; 10 when something is worth a word; 20 when something must be put right first. */
export async function runCheck(place: Place, args: readonly string[], signal: AbortSignal): Promise<number> {
  return await checkWith({ place, args, signal }, NATIVE);
}

/** The same in any runtime. */
export async function checkWith({ place, args, signal }: VerbCall, site: CheckSite): Promise<number> {
  const { isJson, profile } = parsePlanWords(args);
  // Looked at once for both: where a driver hangs each look would wait for it.
  const hardware = detectHardware({ home: place.home, env: process.env, signal });
  const [{ look, isInstalled, running }, doctors] = await Promise.all([
    hardware.then(async (found) => await site.look({ ...place, signal, profile, hardware: found })),
    listDoctorsFindings(place, { hardware, profile, signal }, site),
  ]);
  const found = joinFindings(look, doctors);
  const warnings = isInstalled && look.planned.length > 0 ? [...found.warnings, DRIFT] : found.warnings;
  const { steps: _unused, ...plan } = describePlan({ ...look, ...found, warnings }, running);
  const exitCode = exitCodeFor(plan);
  const report: CheckReport = { ...plan, kind: 'check', isInstalled, hardwareFound: look.facts.hardware, exitCode };
  await print(isJson ? `${JSON.stringify(report)}\n` : renderCheck(report));
  return exitCode;
}

const DRIFT: Finding = {
  name: 'drift',
  reason: 'the installation is not as it should be',
  fix: './provision.sh puts it right; ./provision.sh --plan says what that would change',
};

/** The doctor's questions about the machine: he and this verb ask the same. No call is placed. */
async function listDoctorsFindings(
  place: Place,
  options: Pick<ExaminationOptions, 'hardware' | 'profile' | 'signal'>,
  site: CheckSite,
): Promise<Pick<Look, 'obstacles' | 'warnings'>> {
  const seen = await examine(place, { env: process.env, isCalling: false, ...options });
  const checked = runChecks(MACHINE_CHECKS, await site.machineOf(place, seen, options.signal));
  const at = (level: 'warn' | 'fail'): readonly Finding[] =>
    checked.flatMap(({ name, finding }) => (finding.level === level ? [{ name, reason: finding.reason, fix: finding.fix }] : []));
  return { obstacles: at('fail'), warnings: at('warn') };
}

/** What both found is said once: in the doctor's words, but for a board, of which the run says how to go on without it. */
export function joinFindings(look: Pick<Look, 'obstacles' | 'warnings'>, doctors: Pick<Look, 'obstacles' | 'warnings'>) {
  // A run has an obstacle for each port, the doctor one for all.
  const isIn = (told: readonly Finding[], { name }: Finding): boolean => told.some((one) => one.name === name || one.name === `${name}s`);
  const reasons = new Set(look.obstacles.map(({ reason }) => reason));
  const obstacles = [
    ...doctors.obstacles.filter(({ reason }) => !reasons.has(reason)),
    ...look.obstacles.filter((one) => !isIn(doctors.obstacles, one)),
  ];
  const others = [...obstacles, ...doctors.warnings];
  return {
    obstacles,
    warnings: [...doctors.warnings.filter((one) => !isIn(obstacles, one)), ...look.warnings.filter((one) => !isIn(others, one))],
  };
}

/** The worst that was found decides. */
export function exitCodeFor({ obstacles, warnings }: Pick<PlanReport, 'obstacles' | 'warnings'>): number {
  if (obstacles.length > 0) return EXIT.obstacle;
  return warnings.length > 0 ? EXIT.warnings : EXIT.ok;
}

function renderCheck({ hardware, home, isInstalled, changes, sizing: { plan, possible }, obstacles, warnings }: CheckReport): string {
  const state = isInstalled ? `installed in ${home}, ${changes} changes to make` : `not installed in ${home}`;
  const lines = [
    `${hardware}; ${state}`,
    `carries ${describeCalls(plan)}`,
    ...(possible === null ? [] : [`could carry, with its models fetched, ${describeCalls(possible)}`]),
    ...warnings.map((warning) => `warn  ${warning.name}: ${describeFinding(warning)}`),
    ...obstacles.map((obstacle) => `fail  ${obstacle.name}: ${describeFinding(obstacle)}`),
    ...(obstacles.length === 0 && warnings.length === 0 ? ['ok    nothing is in the way'] : []),
  ];
  return `${lines.join('\n')}\n`;
}

/** In one line; `--plan` and the JSON have every term. */
function describeCalls({ profile, why, maxConcurrentCalls, binding }: SizingPlan): string {
  return `${maxConcurrentCalls} calls, bound by ${binding} (profile ${profile}: ${why})`;
}
