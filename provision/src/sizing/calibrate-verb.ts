/** `provision.sh calibrate`: the machine measures what it bears, with its own models and real calls, and admits that from then on. */
import { join } from 'node:path';
import { requireAppliance, describeAppliance } from '#appliance.ts';
import { makeFolder } from '#asterisk-process.ts';
import { parseDemo } from '#demo-step.ts';
import { gatherFacts } from '#facts.ts';
import type { Facts } from '#facts.ts';
import { apiUrl } from '#health.ts';
import { parseVerbArguments } from '#lifecycle/arguments.ts';
import { EXIT, ObstacleError } from '#place.ts';
import type { Place } from '#place.ts';
import { parseLastLine, runProgram } from '#program.ts';
import { provision } from '#provisioning.ts';
import { replaceFile } from '#rendered-files.ts';
import { SERVICE_NAMES } from '#services.ts';
import { readGauge } from '#status.ts';
import { callerEnvironment } from '#test-call-step.ts';
import { admitCalls } from './admitted-calls.ts';
import { calibrationPath, digestHardware, measurementSchema, parseCalibration } from './calibration.ts';
import type { Calibration } from './calibration.ts';
import { openRoomyPlan } from './roomy-plan.ts';

const PROGRAM = 'e2e/src/calibrate-cli.ts';
/** The program ends by itself after 88 s; this is for one that hangs. */
const TIMEOUT_MS = 100_000;
/** Of the silence before an answer beyond which no call is taken: room for a worse minute than the measured one. */
const TARGET_SHARE = 0.7;
/** Of the calls that are admitted now: one cannot measure beyond them. */
const LEVEL_SHARES = [1 / 8, 1 / 4, 1 / 2, 1];

/** Exit codes: 0 measured and in force, 20 not installed, services down, or calls up. */
export async function runCalibrate(place: Place, args: readonly string[], signal: AbortSignal): Promise<number> {
  const { values } = parseVerbArguments(args, { json: { type: 'boolean' }, 'no-apply': { type: 'boolean' } });
  const say = values.json === true ? (line: string): void => console.error(line) : (line: string): void => console.log(line);
  const facts = await gatherFacts({ ...place, signal });
  await checkReady(facts);
  const calibration = await measure(facts, { signal, say });
  await replaceFile(calibrationPath(place.home), `${JSON.stringify(calibration, null, 2)}\n`, { uid: 0, gid: 0, mode: 0o644 });
  const now = await gatherFacts({ ...place, hardware: facts.hardware, signal });
  for (const line of describe(calibration, now)) say(line);
  if (values.json === true) console.log(JSON.stringify({ kind: 'calibration', ...calibration, admitted: admitCalls(now).calls }));
  if (values['no-apply'] === true) say('Measured and kept; ./provision.sh puts it in force.');
  else await provision(place, signal, { say: () => undefined, show: async () => undefined });
  return admitCalls(now).warning === null ? EXIT.ok : EXIT.warnings;
}

/** Refuses while anything would be measured wrongly or anybody would be disturbed. */
async function checkReady(facts: Facts): Promise<void> {
  if (!describeAppliance(facts) || !facts.state.demo)
    throw new ObstacleError([
      {
        name: 'calibrate',
        reason: 'nothing is installed here that takes calls from this machine',
        fix: 'run ./provision.sh first; with --runtime docker calibrate is not there yet, and the table counts',
      },
    ]);
  if (!facts.release.isMade)
    throw new ObstacleError([
      {
        name: 'release',
        reason: 'what is installed is another release than this code',
        fix: 'run ./provision.sh or --upgrade first, then calibrate',
      },
    ]);
  const down = SERVICE_NAMES.filter((name) => facts.services[name] !== 'RUNNING');
  if (down.length > 0)
    throw new ObstacleError([{ name: 'services', reason: `${down.join(', ')} do not run`, fix: 'run ./provision.sh, then calibrate' }]);
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

async function measure(
  facts: Facts,
  { signal, say }: { readonly signal: AbortSignal; readonly say: (line: string) => void },
): Promise<Calibration> {
  const { instance } = requireAppliance(facts);
  const agent = parseDemo(facts.state.demo?.answer).agents.find(({ language }) => language.startsWith('es'));
  if (!agent)
    throw new ObstacleError([
      { name: 'agent', reason: 'the demo has no Spanish agent to call', fix: 'run ./provision.sh, which makes one' },
    ]);
  const targetMs = Math.round(facts.settings.ADMISSION_GAP_P95_MS * TARGET_SHARE);
  // What is in force, which may be older than the last measurement.
  const admitted = facts.settings.MAX_CONCURRENT_CALLS ?? admitCalls(facts).calls;
  const levels = [...new Set(LEVEL_SHARES.map((share) => Math.max(1, Math.round(admitted * share))))];
  say(
    `Measuring for at most 90 s: the models, then ${levels.join(', ')} calls to ${agent.number}, until 95 % of answers take ${targetMs} ms.`,
  );
  const cache = join(facts.home, 'cache');
  if (facts.user) await makeFolder(cache, { ...facts.user, mode: 0o700 });
  await using _roomy = await openRoomyPlan(instance, agent.number);
  const output = await runProgram(facts, {
    argv: [PROGRAM, agent.number, levels.join(','), String(targetMs)],
    env: { ...callerEnvironment(facts, instance), TMPDIR: cache },
    signal,
    timeoutMs: TIMEOUT_MS,
  });
  for (const line of output.trimEnd().split('\n').slice(0, -1)) say(`  ${line}`);
  const measured = measurementSchema.parse(parseLastLine(output, PROGRAM));
  const calibration: Calibration = {
    version: 1,
    at: new Date().toISOString(),
    hardwareDigest: digestHardware(facts.hardware),
    modelsDigest: facts.sizing.modelsDigest,
    targetMs,
    ...measured,
  };
  return parseCalibration(JSON.stringify(calibration));
}

function describe(calibration: Calibration, facts: Facts): readonly string[] {
  const { calls, warning } = admitCalls(facts);
  const { plan } = facts.sizing;
  const { settings } = facts;
  // Asterisk refuses with 488 when it finds no port for the sound.
  const toFindMore = calibration.stopped?.includes('488')
    ? `more ports for sound than ${settings.RTP_FIRST_PORT} to ${settings.RTP_LAST_PORT} (RTP_FIRST_PORT, RTP_LAST_PORT) are needed`
    : 'raise MAX_CONCURRENT_CALLS';
  const limit = calibration.isLimitFound
    ? ''
    : ` at least: ${calibration.stopped ?? 'all loads that are admitted were answered in time'}. To find more: ${toFindMore} in .env, run ./provision.sh, and calibrate again`;
  return [
    `This machine bears ${calibration.maxConcurrentCalls} calls${limit}.`,
    ...plan.terms.map(({ name, arithmetic }) => `  ${name.padEnd(6)} ${arithmetic}`),
    `${calls} calls are admitted.`,
    ...(warning === null ? [] : [`Warning: ${warning}`]),
  ];
}
