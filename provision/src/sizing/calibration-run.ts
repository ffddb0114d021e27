/** One calibration, in whatever runtime the appliance is: who may be disturbed, which loads are tried, what is kept, what is said. */
import { parseDemo } from '#demo-step.ts';
import type { Facts } from '#facts.ts';
import { apiUrl } from '#health.ts';
import { parseVerbArguments } from '#lifecycle/arguments.ts';
import { EXIT, ObstacleError } from '#place.ts';
import { parseLastLine } from '#program.ts';
import { replaceFile } from '#rendered-files.ts';
import { readGauge } from '#status.ts';
import { admitCalls } from './admitted-calls.ts';
import { calibrationPath, digestHardware, measurementSchema, parseCalibration } from './calibration.ts';
import type { Calibration } from './calibration.ts';
import { limitServers } from './server-limits.ts';
import { openRoomyPlan } from './roomy-plan.ts';
import type { DatabaseQuery } from './roomy-plan.ts';

/** Below the release: what places the calls. */
export const CALIBRATION_PROGRAM = 'e2e/src/calibrate-cli.ts';
/** The program ends by itself after 88 s; this is for one that hangs. */
export const CALIBRATION_TIMEOUT_MS = 100_000;
/** Of the silence before an answer beyond which no call is taken: room for a worse minute than the measured one. */
const TARGET_SHARE = 0.7;
/** Of the calls that are admitted now: one cannot measure beyond them. */
const LEVEL_SHARES = [1 / 8, 1 / 4, 1 / 2, 1];

/** What a runtime does for a calibration. */
export type CalibrationSite = {
  /** As everything was before. */
  readonly facts: Facts;
  /** As everything is now. */
  readonly look: () => Promise<Facts>;
  /** As the database's administrator. */
  readonly query: DatabaseQuery;
  /** Runs the program with these words where the calls begin, and returns its output. */
  readonly measure: (words: readonly string[]) => Promise<string>;
  /** Makes what is admitted follow what was measured. */
  readonly putInForce: () => Promise<void>;
  /** What this runtime cannot measure, and why; null: nothing. */
  readonly unmeasured: string | null;
};

export type CalibrationWishes = { readonly isJson: boolean; readonly applies: boolean };

type Say = (line: string) => void;

/** Reads what follows `calibrate`. Throws `UsageError`. */
export function parseCalibrationWishes(args: readonly string[]): CalibrationWishes {
  const { values } = parseVerbArguments(args, { json: { type: 'boolean' }, 'no-apply': { type: 'boolean' } });
  return { isJson: values.json === true, applies: values['no-apply'] !== true };
}

/** Measures, keeps it, tells it and puts it in force. The caller has seen that what must run does. Exit codes: 0, or 10 where more is admitted than was measured. */
export async function calibrate(site: CalibrationSite, { isJson, applies }: CalibrationWishes): Promise<number> {
  const say: Say = isJson ? (line) => console.error(line) : (line) => console.log(line);
  await refuseWhileCalled(site.facts);
  const calibration = await measure(site, say);
  const { home } = site.facts;
  await replaceFile(calibrationPath(home), `${JSON.stringify(calibration, null, 2)}\n`, { uid: 0, gid: 0, mode: 0o644 });
  const now = await site.look();
  for (const line of describeCalibration(calibration, now)) say(line);
  if (site.unmeasured !== null) say(`Not measured: ${site.unmeasured}`);
  if (isJson) console.log(JSON.stringify({ kind: 'calibration', ...calibration, admitted: admitCalls(now).calls }));
  if (applies) await site.putInForce();
  else say('Measured and kept; ./provision.sh puts it in force.');
  return admitCalls(now).warning === null ? EXIT.ok : EXIT.warnings;
}

async function refuseWhileCalled(facts: Facts): Promise<void> {
  const metrics = await fetch(`${apiUrl(facts)}/metrics`, { signal: AbortSignal.timeout(5_000) }).then(
    async (response) => await response.text(),
    () => '',
  );
  const live = readGauge(metrics, 'centralita_calls_live');
  if (live === null)
    throw new ObstacleError([
      { name: 'calls', reason: 'the control plane does not say how many calls are up', fix: './provision.sh status tells what it lacks' },
    ]);
  if (live > 0)
    throw new ObstacleError([
      {
        name: 'calls',
        reason: `${live} calls are up: measuring would disturb them, and they it`,
        fix: 'run it again when none are, at night',
      },
    ]);
}

/** Calls at once, growing to what is in force, which may be older than the last measurement. */
export function planLevels(facts: Pick<Facts, 'settings' | 'sizing'>): readonly number[] {
  const admitted = facts.settings.MAX_CONCURRENT_CALLS ?? admitCalls(facts).calls;
  return [...new Set(LEVEL_SHARES.map((share) => Math.max(1, Math.round(admitted * share))))];
}

async function measure({ facts, query, measure: run }: CalibrationSite, say: Say): Promise<Calibration> {
  const agent = parseDemo(facts.state.demo?.answer).agents.find(({ language }) => language.startsWith('es'));
  if (!agent)
    throw new ObstacleError([
      { name: 'agent', reason: 'the demo has no Spanish agent to call', fix: 'run ./provision.sh, which makes one' },
    ]);
  const targetMs = Math.round(facts.settings.ADMISSION_GAP_P95_MS * TARGET_SHARE);
  const levels = planLevels(facts);
  say(
    `Measuring for at most 90 s: the models, then ${levels.join(', ')} calls to ${agent.number}, until 95 % of answers take ${targetMs} ms.`,
  );
  await using _roomy = await openRoomyPlan(query, agent.number);
  const output = await run([agent.number, levels.join(','), String(targetMs)]);
  for (const line of output.trimEnd().split('\n').slice(0, -1)) say(`  ${line}`);
  const measured = measurementSchema.parse(parseLastLine(output, CALIBRATION_PROGRAM));
  const calibration: Calibration = {
    version: 1,
    at: new Date().toISOString(),
    hardwareDigest: digestHardware(facts.sizing.hardware),
    modelsDigest: facts.sizing.modelsDigest,
    targetMs,
    ...measured,
  };
  return parseCalibration(JSON.stringify(calibration));
}

function describeCalibration(calibration: Calibration, facts: Facts): readonly string[] {
  const { calls, warning } = admitCalls(facts);
  const { plan } = facts.sizing;
  const { rtpFirst, rtpLast } = limitServers(facts);
  // Asterisk refuses with 488 when it finds no port for the sound.
  const toFindMore = calibration.stopped?.includes('488')
    ? `more ports for sound than ${rtpFirst} to ${rtpLast.value} (RTP_FIRST_PORT, RTP_LAST_PORT) are needed`
    : 'raise MAX_CONCURRENT_CALLS';
  const limit = calibration.isLimitFound
    ? ''
    : ` at least: ${calibration.stopped ?? 'all loads that are admitted were answered in time'}. To find more: ${toFindMore} in .env, run ./provision.sh, and calibrate again`;
  return [
    `This machine bears ${calibration.maxConcurrentCalls} calls${limit}.`,
    ...plan.terms.map(({ name, arithmetic }) => `  ${name.padEnd(6)} ${arithmetic}`),
    ...(plan.binding === 'measured' ? [] : [`Those calls asked no language model: ${plan.binding} allows ${plan.maxConcurrentCalls}.`]),
    `${calls} calls are admitted.`,
    ...(warning === null ? [] : [`Warning: ${warning}`]),
  ];
}
