/** Takes the steps of the container runtime, each with a line in the journal before and after it, then tells what is running. */
import { describeMachineLine } from '#lifecycle/look.ts';
import { nameRun, takeStep } from '#lifecycle/step-run.ts';
import { parseDemo } from '#demo-step.ts';
import { parseEnvFile } from '#env-file.ts';
import { describeFinding, ObstacleError } from '#place.ts';
import type { Place } from '#place.ts';
import { print } from '#provisioning.ts';
import { forgetAdminKey, writeSecrets } from '#secrets.ts';
import { containersFolder } from './container-appliance.ts';
import { gatherContainerFacts } from './container-facts.ts';
import type { ContainerFacts } from './container-facts.ts';
import { findContainerObstacles } from './container-obstacles.ts';
import { containerSteps, rememberRuntime } from './container-steps.ts';

/** Prints what a run would change, and changes nothing. */
export async function planContainers(place: Place, signal: AbortSignal): Promise<void> {
  const now = await gatherContainerFacts({ ...place, signal });
  console.log(describeMachineLine(now.facts));
  let count = 0;
  for (const step of containerSteps) {
    for (const change of step.changes(now)) {
      console.log(`  ${step.name}: ${change}`);
      count += 1;
    }
  }
  console.log(count === 0 ? 'Nothing would change.' : `${count} changes.`);
  for (const obstacle of findContainerObstacles(now)) console.log(`In the way: ${describeFinding(obstacle)}`);
}

type RunDone = { readonly count: number; readonly seconds: number };

export type ContainerRunOptions = {
  /** Gets each line of progress; the terminal's own when left out. */
  readonly say?: (line: string) => void;
  /** Tells what is running at the end; the screen when left out, after which the admin key is forgotten. */
  readonly show?: (now: ContainerFacts, done: RunDone) => Promise<void>;
};

/** Makes the machine an appliance in containers. Every failure throws: the screen is printed only when everything holds. */
export async function provisionContainers(
  place: Place,
  signal: AbortSignal,
  { say = (line) => console.log(line), show = tell }: ContainerRunOptions = {},
): Promise<void> {
  const startedAtMs = Date.now();
  let now = await gatherContainerFacts({ ...place, signal });
  say(`${describeMachineLine(now.facts)}; containers with engine ${now.engine.version}`);
  const obstacles = findContainerObstacles(now);
  if (obstacles.length > 0) throw new ObstacleError(obstacles);
  // Before anything else: a run that is cut short is gone on with in the same runtime, whoever says what.
  await rememberRuntime(place.home);
  const run = nameRun();
  let count = 0;
  for (const step of containerSteps) {
    const changes = step.changes(now);
    if (changes.length === 0) continue;
    for (const change of changes) say(`  ${step.name}: ${change}`);
    count += changes.length;
    const before = now;
    now = await takeStep(
      place.home,
      { run, step: step.name, changes: [...changes] },
      {
        apply: async () => await step.apply({ now: before, signal, log: (message) => say(`    ${message}`) }),
        look: async () => await gatherContainerFacts({ ...place, hardware: before.facts.hardware, signal }),
        listLeft: (after) => step.changes(after),
      },
    );
  }
  if (count === 0) say('0 changes.');
  await show(now, { count, seconds: (Date.now() - startedAtMs) / 1000 });
}

async function tell({ facts, appliance, profile }: ContainerFacts, { count, seconds }: RunDone): Promise<void> {
  const { secrets, settings, state, home } = facts;
  if (!secrets || !appliance || !state.testCall)
    throw new Error('secrets, images or the test call are missing after all steps: a bug in the steps');
  const demo = parseDemo(state.demo?.answer);
  const phone = demo.phones[0];
  const address = settings.EXTERNAL_ADDRESS || (facts.hardware.network.addresses[0] ?? settings.BIND_ADDRESS);
  const rows: [string, string][] = [
    ['API', `http://${settings.HTTP_HOST}:${settings.HTTP_PORT}`],
    ['Admin key', secrets.adminKey ? `${secrets.adminKey}  (header X-Admin-Key; shown this once)` : 'shown once, only its hash is kept'],
    ...(phone
      ? [
          ['Softphone', `server ${address}, port ${settings.SIP_PORT} UDP, user ${phone.username}, password ${secrets.phone}`] as [
            string,
            string,
          ],
        ]
      : []),
    ...demo.agents.map((agent): [string, string] => [`Dial ${agent.number}`, `${agent.name} (${agent.language})`]),
    ['Inference', profile === 'cpu' ? 'cpu-server, on the processor' : 'two Tritons, on the GPU'],
    [
      'Grafana',
      appliance.profiles.includes('grafana')
        ? `http://127.0.0.1:${parseEnvFile(appliance.composeText).get('GRAFANA_PORT') ?? 3000}, user admin, password in ${containersFolder(home)}/files/grafana/grafana-admin`
        : 'left out: Debian has none, and GRAFANA_DIGEST in .env names no image',
    ],
    ['Test call', `passed ${state.testCall.at}; heard:`],
    ...state.testCall.heard.map((text): [string, string] => ['', `"${text}"`]),
    ['Files', `settings in ${home}/.env; ${containersFolder(home)}: what the containers read; data in the engine's volumes centralita_…`],
    ['Stop', './provision.sh stop   (also: start, status, logs [service], new-admin-key)'],
  ];
  const width = Math.max(...rows.map(([label]) => label.length));
  const lines = rows.map(([label, text]) => `  ${label.padEnd(width)}  ${text}`);
  await print(['', `Centralita runs in containers (${count} changes, ${seconds.toFixed(1)} s).`, '', ...lines, '', ''].join('\n'));
  if (secrets.adminKey !== undefined) await writeSecrets(home, forgetAdminKey(secrets));
}
