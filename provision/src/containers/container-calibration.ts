/**
 * `calibrate` in containers: the same measurement, from beside Asterisk in its network namespace, where the models' servers have their names and the caller
 * is the machine's own. What is measured is kept where it is kept natively, and the next run admits it.
 */
import { ObstacleError } from '#place.ts';
import type { Place } from '#place.ts';
import { atCurrentRelease } from '#releases/release-facts.ts';
import { calibrate, CALIBRATION_PROGRAM, CALIBRATION_TIMEOUT_MS, parseCalibrationWishes } from '#sizing/calibration-run.ts';
import { runCompose } from './compose.ts';
import { modelAddresses } from './container-addresses.ts';
import { gatherContainerFacts } from './container-facts.ts';
import type { ContainerFacts } from './container-facts.ts';
import { provisionContainers } from './container-run.ts';
import { composeOf, DATABASE_WORDS, listContainerChanges } from './container-steps.ts';

const QUERY_TIMEOUT_MS = 30_000;
/** The container is made and removed around the program's own time. */
const CONTAINER_MS = 30_000;

/** What a caller beside Asterisk cannot see. */
const UNMEASURED =
  'what the engine takes to bring SIP and sound in by the published ports (its forwarding, or a process a port): the callers are beside Asterisk, in its own ' +
  'network. The cores of a call are those of everything else; "userland-proxy": false in daemon.json keeps the rest small';

type ContainerCalibration = { readonly place: Place; readonly args: readonly string[]; readonly signal: AbortSignal };

/** Exit codes: 0 measured and in force, 10 more is admitted than was measured, 20 not as it should be, or calls up. */
export async function calibrateContainers({ place: asked, args, signal }: ContainerCalibration): Promise<number> {
  const wishes = parseCalibrationWishes(args);
  const place = await atCurrentRelease(asked);
  const now = await gatherContainerFacts({ ...place, signal });
  refuseUnready(now);
  const compose = composeOf(now);
  return await calibrate(
    {
      facts: now.facts,
      look: async () => (await gatherContainerFacts({ ...place, hardware: now.facts.hardware, signal })).facts,
      query: async (input, label) => await runCompose(compose, DATABASE_WORDS, { input, label, timeoutMs: QUERY_TIMEOUT_MS }),
      measure: async (words) =>
        await runCompose(compose, calibrationWords(now, words), {
          label: CALIBRATION_PROGRAM,
          signal,
          timeoutMs: CALIBRATION_TIMEOUT_MS + CONTAINER_MS,
        }),
      putInForce: async () => await provisionContainers(place, signal, { say: () => undefined, show: async () => undefined }),
      unmeasured: UNMEASURED,
    },
    wishes,
  );
}

const RUN_BESIDE_ASTERISK = ['--profile', 'test-call', 'run', '--rm', '-T', '--no-deps', '--entrypoint', `node ${CALIBRATION_PROGRAM}`];

/** Words of compose that run the program as the test call runs: its image, its password as a file, its place. */
export function calibrationWords(
  {
    facts: { settings },
    profile,
  }: { readonly facts: { readonly settings: Parameters<typeof modelAddresses>[0] } } & Pick<ContainerFacts, 'profile'>,
  words: readonly string[],
): readonly string[] {
  const { SPEECH_TO_TEXT_URL, TEXT_TO_SPEECH_URL, LANGUAGE_MODEL_URL } = modelAddresses(settings, profile);
  const variables = [
    `SPEECH_TO_TEXT_URL=${SPEECH_TO_TEXT_URL}`,
    `TEXT_TO_SPEECH_URL=${TEXT_TO_SPEECH_URL}`,
    `LANGUAGE_MODEL_URL=${LANGUAGE_MODEL_URL}`,
  ];
  return [...RUN_BESIDE_ASTERISK, ...variables.flatMap((variable) => ['-e', variable]), 'test-call', ...words];
}

/** Throws while what runs is not what would be measured. */
function refuseUnready(now: ContainerFacts): void {
  const [change] = listContainerChanges(now);
  if (change === undefined) return;
  throw new ObstacleError([
    { name: 'calibrate', reason: `what runs is not as it should be (${change})`, fix: 'run ./provision.sh first, then calibrate' },
  ]);
}
