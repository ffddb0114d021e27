/** The steps that make a machine with an engine an appliance in containers, in order. */
import { mkdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { keepSettings } from '#appliance.ts';
import { commandStep } from '#command-step.ts';
import { parseDemo } from '#demo-step.ts';
import { mergeEnvFile } from '#env-file.ts';
import { CONTROL_PLANE, parseLastLine } from '#program.ts';
import { listDifferences, replaceFile, writeRenderedFiles } from '#rendered-files.ts';
import {
  areSecretKeysLost,
  LOST_KEYS_WARNING,
  makeSecrets,
  withBackupKey,
  withGrafanaPassword,
  withMetricsPasswords,
  withSecretKeys,
  writeSecrets,
} from '#secrets.ts';
import { loadManifest } from '#models/manifest-file.ts';
import { isSetAsideRemembered, judgeNamedModels } from '#models/named-models.ts';
import { isThere } from '#path-presence.ts';
import { currentTree } from '#releases/release-facts.ts';
import { releaseStep } from '#releases/release-step.ts';
import { prepareTriton } from '#triton/prepare-triton.ts';
import { controlPlaneStopSeconds } from '#services.ts';
import { parseState, updateState } from '#state.ts';
import { checkJournal, hearOrOnceMore, heardSchema } from '#test-call-step.ts';
import { makeFolder } from '#asterisk-process.ts';
import { listTimerChanges, putTimer } from './backup-timer.ts';
import { findUnloadedModels, upTimeoutS } from './coming-up.ts';
import { checkComposeFile, renderOverride, runCompose } from './compose.ts';
import type { Compose } from './compose.ts';
import { containersFolder, givenGrafanaPassword, IMAGE_NAMES } from './container-appliance.ts';
import type { ContainerAppliance, ImageName } from './container-appliance.ts';
import { completeSecrets, readContainersState } from './container-facts.ts';
import type { ContainerFacts, ContainersState } from './container-facts.ts';
import { bringCompose } from './engine.ts';
import { pullImage } from './foreign-images.ts';
import { keepImage, makeImage, pruneImages } from './image-set.ts';

export type ContainerTools = { readonly now: ContainerFacts; readonly log: (message: string) => void; readonly signal: AbortSignal };

/** One thing that must be so; as the native runtime's steps, over the facts of containers. */
export type ContainerStep = {
  readonly name: string;
  /** What is not as it should be, in words; none when the step is done. Pure. */
  readonly changes: (now: ContainerFacts) => readonly string[];
  readonly apply: (tools: ContainerTools) => Promise<void>;
};

/** What a container may take to end before another takes its place: the control plane's, which lets live calls end for DRAIN_SECONDS, and a little. */
export const stopGraceMs = (drainSeconds: number): number => (controlPlaneStopSeconds(drainSeconds) + 85) * 1_000;
const CALL_TIMEOUT_MS = 150_000;

const TRITON_SERVICES = ['triton-speech', 'triton-language'];

/** How compose is called for this appliance. */
export function composeOf({ facts, engine, appliance, profile }: ContainerFacts): Compose {
  return { home: facts.home, repository: currentTree(facts), engine, profiles: appliance?.profiles ?? [profile] };
}

const release: ContainerStep = {
  name: releaseStep.name,
  changes: ({ facts }) => releaseStep.changes(facts),
  apply: async ({ now, log, signal }) => await releaseStep.apply({ facts: now.facts, log, signal }),
};

const composeProgram: ContainerStep = {
  name: 'compose',
  changes: ({ engine }) => (engine.compose ? [] : ['bring docker compose from Debian: this machine has none from 2.24 on']),
  apply: async ({ now, signal }) => await bringCompose(now.facts.home, signal),
};

const secrets: ContainerStep = {
  name: 'secrets',
  changes: ({ facts, files, containers: { up } }) => {
    if (completeSecrets(facts)) return [];
    const { secrets: own } = facts;
    // Every installation in containers has had secret keys from its first run on, whatever its settings say of them.
    const found = { secrets: own, secretFiles: files.get('control-plane') ?? [], hasCluster: up !== undefined, environmentText: '' };
    return ['make the secrets that are missing', ...(areSecretKeysLost(found) ? [`WARNING: ${LOST_KEYS_WARNING}`] : [])];
  },
  apply: async ({ now }) => {
    const { facts, files } = now;
    const made = withSecretKeys(facts.secrets ?? makeSecrets(), files.get('control-plane') ?? []);
    const withPasswords = withGrafanaPassword(withMetricsPasswords(made), givenGrafanaPassword(facts, files.get('grafana') ?? []));
    await writeSecrets(facts.home, await withBackupKey(withPasswords));
  },
};

const settings: ContainerStep = {
  name: 'settings',
  changes: (now) => {
    const missing = Object.keys(missingSettings(now));
    return [
      ...(missing.length === 0 ? [] : [`write ${missing.length} settings with their values in force to .env`]),
      ...(isSetAsideRemembered(now.facts) ? [] : ['write down which models of .env are left out until they are whole']),
    ];
  },
  apply: async ({ now }) => {
    // Before the file: cut short in between, what is left out is still named there.
    await updateState(now.facts.home, () => ({ setAside: judgeNamedModels(now.facts).setAside }));
    const text = mergeEnvFile(now.facts.environmentText, missingSettings(now));
    await replaceFile(join(now.facts.home, '.env'), text, { uid: 0, gid: 0, mode: 0o600 });
  },
};

function missingSettings({ facts }: ContainerFacts): Readonly<Record<string, string>> {
  return keepSettings(facts);
}

const foreignImages: ContainerStep = {
  name: 'images of others',
  changes: ({ missingForeign }) => missingForeign.map((reference) => `fetch the image ${reference}`),
  apply: async ({ now, log, signal }) => {
    for (const reference of now.missingForeign) await pullImage(reference, { log, signal });
  },
};

const images: ContainerStep = {
  name: 'images',
  changes: (now) => listStaleImages(now).map((name) => `make the image ${name}`),
  apply: async ({ now, log, signal }) => {
    const { home, repository } = now.facts;
    const tools = { home, repository, log, signal };
    for (const name of listStaleImages(now)) {
      const recipe = now.recipes[name];
      const id = await makeImage(name, recipe, tools);
      await remember(home, (state) =>
        name === 'base' ? { base: { recipe, id } } : { images: { ...state.images, [name]: { recipe, id } } },
      );
    }
  },
};

/** Those that are not there or were made from something else. */
function listStaleImages({ containers, recipes, missingImages }: ContainerFacts): readonly (keyof ContainerFacts['recipes'])[] {
  const stale = IMAGE_NAMES.filter((name) => missingImages.includes(name) || containers.images[name]?.recipe !== recipes[name]);
  return containers.base?.recipe === recipes.base ? stale : ['base', ...stale];
}

/** Whether a run fetches from the Debian mirror before anything else can be made. */
export function mustFetchBase({ containers, recipes, engine }: Pick<ContainerFacts, 'containers' | 'recipes' | 'engine'>): boolean {
  return engine.compose === null || containers.base?.recipe !== recipes.base;
}

/** A step that needs the description; until there is one it only announces itself. */
function applianceStep(
  name: string,
  announcement: string,
  parts: {
    readonly changes: (now: ContainerFacts, appliance: ContainerAppliance) => readonly string[];
    readonly apply: (tools: ContainerTools, appliance: ContainerAppliance) => Promise<void>;
  },
): ContainerStep {
  return {
    name,
    changes: (now) => (now.appliance ? parts.changes(now, now.appliance) : [announcement]),
    apply: async (tools) => {
      if (!tools.now.appliance) throw new Error('secrets or images are missing: an earlier step did not do its work');
      await parts.apply(tools, tools.now.appliance);
    },
  };
}

const files = applianceStep('files', 'write configuration and secrets for the containers', {
  changes: (now, { folders, composeText }) => {
    const changed = folders.flatMap(({ name, files: wanted }) => {
      const names = listDifferences(now.files.get(name) ?? [], wanted);
      return names.length === 0 ? [] : [`write ${names.length > 3 ? `${names.length} files` : names.join(', ')} of ${name}`];
    });
    return [
      ...changed,
      ...(now.composeText === composeText ? [] : ['write the variables of the compose file']),
      ...(now.overrideText === renderOverride(now.engine) ? [] : ['write what this engine needs said otherwise']),
    ];
  },
  apply: async ({ now }, { folders, composeText }) => {
    const { home } = now.facts;
    const folder = containersFolder(home);
    await makeFolder(folder, { uid: 0, gid: 0, mode: 0o755 });
    await makeFolder(join(folder, 'files'), { uid: 0, gid: 0, mode: 0o755 });
    await mkdir(join(home, 'models'), { recursive: true, mode: 0o755 });
    for (const { name, gid, files: wanted } of folders) {
      const path = join(folder, 'files', name);
      await makeFolder(path, { uid: 0, gid, mode: 0o750 });
      await writeRenderedFiles(path, wanted, { uid: 0, gid, mode: 0o640 });
    }
    await replaceFile(join(folder, '.env'), composeText, { uid: 0, gid: 0, mode: 0o600 });
    await replaceFile(join(folder, 'compose.override.yml'), renderOverride(now.engine), { uid: 0, gid: 0, mode: 0o600 });
  },
});

const models: ContainerStep = {
  name: 'models of the boards',
  changes: ({ triton }) => (triton?.changes ?? []).map((path) => `write ${path} for Triton`),
  apply: async ({ now: { facts } }) => {
    const { home, repository, sizing, settings } = facts;
    const allowsNonCommercial = settings.MODELS_COMMERCIAL_ONLY === '0';
    await prepareTriton({ home, repository, plan: sizing.plan, manifest: await loadManifest(repository), allowsNonCommercial });
  },
};

const containers = applianceStep('containers', 'start the containers', {
  changes: (now, { digest }) => {
    if (now.services.length === 0) return ['start the containers'];
    if (now.containers.up !== digest) return ['start again what has changed'];
    if (now.facts.state.migrations !== now.facts.digests.migrations) return ['bring the database to the schema of this release'];
    return now.services.filter(({ isUp }) => !isUp).map(({ name, words }) => `start ${name} (${words})`);
  },
  apply: async ({ now, log, signal }, { digest }) => {
    const compose = composeOf(now);
    const { home, state, release: own, digests } = now.facts;
    await checkComposeFile(compose, signal);
    await keepImages(now, signal);
    const limitS = upTimeoutS({ profile: now.profile, isWatched: state.releaseChange !== null });
    log('containers: up, and waiting until each is healthy');
    try {
      const words = ['up', '--detach', '--wait', '--wait-timeout', String(limitS), '--remove-orphans', '--no-build', '--pull', 'never'];
      await runCompose(compose, words, { signal, timeoutMs: limitS * 1_000 + stopGraceMs(now.facts.settings.DRAIN_SECONDS) });
    } catch (cause) {
      const readLogs = async (...rest: readonly string[]): Promise<string> =>
        await runCompose(compose, ['logs', '--no-color', ...rest], { timeoutMs: 60_000 }).catch(() => '');
      const models = now.profile === 'gpu' ? findUnloadedModels(await readLogs('--tail', '400', ...TRITON_SERVICES)) : [];
      const reasons = [...models, 'the ends of their logs:'].join('\n');
      throw new Error(`the containers did not come up: ${reasons}\n${await readLogs('--tail', '12')}`, { cause });
    }
    await remember(home, { up: digest });
    await updateState(home, () => ({ migrations: digests.migrations }));
    // While a change of release is under way it is that which knows what is still needed.
    if (!state.releaseChange) await pruneImages([own.id, state.releases?.previous?.id ?? own.id], signal);
  },
});

/** The images that are brought up stay as long as this release does. */
async function keepImages({ containers: { base, images: made }, facts }: ContainerFacts, signal: AbortSignal): Promise<void> {
  for (const [name, image] of Object.entries({ base, ...made }))
    if (image) await keepImage(image.id, { name: name as ImageName | 'base', release: facts.release.id, signal });
}

const demo: ContainerStep = {
  name: 'demo organization',
  changes: ({ facts }) =>
    facts.state.demo?.digest === facts.digests.demo ? [] : ['create the demo organization with two agents and a phone'],
  apply: async ({ now, signal }) => {
    const command = ['node', CONTROL_PLANE, 'seed-demo'];
    const words = ['exec', '-T', '-e', 'DEMO_PHONE_PASSWORD_FILE=/run/secrets/demo-phone-password', 'control-plane', ...command];
    const answer = parseDemo(parseLastLine(await runCompose(composeOf(now), words, { signal, timeoutMs: 120_000 }), 'seed-demo'));
    await updateState(now.facts.home, () => ({ demo: { digest: now.facts.digests.demo, answer } }));
  },
};

const testCall = applianceStep('test call', 'place a real call to the Spanish agent and check what it hears', {
  changes: ({ facts }, { digest }) =>
    facts.state.testCall?.digest === digest ? [] : ['place a real call to the Spanish agent and check what it hears'],
  apply: async (tools) => void (await recordTestCall(tools)),
});

/** Places the test call, writes down what was heard, and returns it. Throws when it was not, or while nothing is up. */
export async function recordTestCall({ now, log, signal }: ContainerTools): Promise<readonly string[]> {
  // What is called is what was brought up, whatever a run would make of the settings by now.
  const { up } = now.containers;
  if (up === undefined) throw new Error('nothing was ever brought up: there is nothing to call');
  const heard = await hearOrOnceMore(async () => await placeTestCall(now, { log, signal }), { log, signal });
  await updateState(now.facts.home, () => ({ testCall: { digest: up, at: new Date().toISOString(), heard } }));
  return heard;
}

/** Words of compose that run what is given them as SQL, as the database's administrator. */
export const DATABASE_WORDS: readonly string[] = [
  'exec',
  '-T',
  'postgres',
  '/usr/lib/postgresql/18/bin/psql',
  '-X',
  '-q',
  '-A',
  '-t',
  '-v',
  'ON_ERROR_STOP=1',
  '-h',
  '/instance/postgres/run',
  '-d',
  'centralita',
  '-f',
  '-',
];

/** Dials the demo's Spanish agent from beside Asterisk and returns what was heard, once the call is in the journal with its sound. */
async function placeTestCall(now: ContainerFacts, { log, signal }: Pick<ContainerTools, 'log' | 'signal'>): Promise<string[]> {
  const agent = parseDemo(now.facts.state.demo?.answer).agents.find(({ language }) => language.startsWith('es'));
  if (!agent) throw new Error('the demo has no Spanish agent to call');
  const compose = composeOf(now);
  const startedAt = new Date();
  log(`test call: dialling ${agent.number}`);
  const words = ['--profile', 'test-call', 'run', '--rm', '-T', '--no-deps', 'test-call', agent.number];
  const output = await runCompose(compose, words, { signal, timeoutMs: CALL_TIMEOUT_MS });
  const { heard } = heardSchema.parse(parseLastLine(output, 'the test call'));
  await checkJournal(
    {
      query: async (input) => await runCompose(compose, DATABASE_WORDS, { input, signal, timeoutMs: 30_000 }),
      sizeOf: async (path) =>
        Number(await runCompose(compose, ['exec', '-T', 'control-plane', 'stat', '-c', '%s', path], { timeoutMs: 30_000 }).catch(() => 0)),
    },
    { number: agent.number, startedAt, signal },
  );
  return heard;
}

const command: ContainerStep = {
  name: commandStep.name,
  changes: ({ facts }) => commandStep.changes(facts),
  apply: async ({ now, log, signal }) => await commandStep.apply({ facts: now.facts, log, signal }),
};

const backupTimer: ContainerStep = {
  name: 'daily backup',
  changes: ({ facts, backupUnits }) => listTimerChanges(backupUnits, { ...timerWish(facts), hasSystemd: facts.machine.hasSystemd }),
  apply: async ({ now, signal }) => await putTimer(timerWish(now.facts), signal),
};

function timerWish({ home, settings: { BACKUP_AT } }: ContainerFacts['facts']) {
  return { home, backupAt: BACKUP_AT };
}

/** In order. */
export const containerSteps: readonly ContainerStep[] = [
  // What a registry may refuse comes first: nothing is changed by then.
  foreignImages,
  composeProgram,
  secrets,
  settings,
  release,
  images,
  files,
  models,
  containers,
  command,
  demo,
  testCall,
  backupTimer,
];

/** Everything that a run would change, in words with the step's name. Pure. */
export function listContainerChanges(now: ContainerFacts): readonly string[] {
  return containerSteps.flatMap(({ name, changes }) => changes(now).map((text) => `${name}: ${text}`));
}

/** Writes down that this home is one of containers, once. */
export async function rememberRuntime(home: string): Promise<void> {
  if ((await readRuntime(home)) !== 'docker') await remember(home, {});
}

/** What the home is; null for one where nothing was done yet. What was rendered for containers says so too: `state.json` may be lost or damaged. */
export async function readRuntime(home: string): Promise<'native' | 'docker' | null> {
  if (await isThere(join(containersFolder(home), '.env'))) return 'docker';
  const text = await readFile(join(home, 'state.json'), 'utf8').catch(() => null);
  if (text === null) return null;
  return (parseState(text) as Record<string, unknown>)['runtime'] === 'docker' ? 'docker' : 'native';
}

/** Changes what `state.json` says of containers; the rest of it stays. */
async function remember(
  home: string,
  change: Partial<ContainersState> | ((state: ContainersState) => Partial<ContainersState>),
): Promise<void> {
  await updateState(home, (state) => {
    const before = readContainersState(state);
    return { runtime: 'docker', containers: { ...before, ...(typeof change === 'function' ? change(before) : change) } };
  });
}
