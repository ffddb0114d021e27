/** `provision.sh calibrate`: the machine measures what it bears, with its own models and real calls, and admits that from then on. */
import { join } from 'node:path';
import { requireAppliance, describeAppliance } from '#appliance.ts';
import { makeFolder } from '#asterisk-process.ts';
import { runCommand } from '#command.ts';
import { gatherFacts } from '#facts.ts';
import type { Facts } from '#facts.ts';
import { DATABASE } from '#instance.ts';
import { ObstacleError } from '#place.ts';
import type { Place } from '#place.ts';
import { psqlCommand } from '#postgres-process.ts';
import { runProgram } from '#program.ts';
import { provision } from '#provisioning.ts';
import { SERVICE_NAMES } from '#services.ts';
import { callerEnvironment } from '#test-call-step.ts';
import { calibrate, CALIBRATION_PROGRAM, CALIBRATION_TIMEOUT_MS, parseCalibrationWishes } from './calibration-run.ts';

const QUERY_TIMEOUT_MS = 20_000;

/** Exit codes: 0 measured and in force, 20 not installed, services down, or calls up. */
export async function runCalibrate(place: Place, args: readonly string[], signal: AbortSignal): Promise<number> {
  const wishes = parseCalibrationWishes(args);
  const facts = await gatherFacts({ ...place, signal });
  checkReady(facts);
  const { instance } = requireAppliance(facts);
  const cache = join(facts.home, 'cache');
  return await calibrate(
    {
      facts,
      look: async () => await gatherFacts({ ...place, hardware: facts.hardware, signal }),
      query: async (input, label) => await runCommand(psqlCommand(instance, DATABASE), { input, label, timeoutMs: QUERY_TIMEOUT_MS }),
      measure: async (words) => {
        if (facts.user) await makeFolder(cache, { ...facts.user, mode: 0o700 });
        return await runProgram(facts, {
          argv: [CALIBRATION_PROGRAM, ...words],
          env: { ...callerEnvironment(facts, instance), TMPDIR: cache },
          signal,
          timeoutMs: CALIBRATION_TIMEOUT_MS,
        });
      },
      putInForce: async () => await provision(place, signal, { say: () => undefined, show: async () => undefined }),
      unmeasured: null,
    },
    wishes,
  );
}

/** Refuses where what is installed is not what would be measured. */
function checkReady(facts: Facts): void {
  if (!describeAppliance(facts) || !facts.state.demo)
    throw new ObstacleError([
      {
        name: 'calibrate',
        reason: 'nothing is installed here that takes calls from this machine',
        fix: 'run ./provision.sh first',
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
}
