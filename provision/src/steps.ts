/** The steps that make a machine an appliance, in order. Each looks at the facts, says what it would change, and does it. */
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { isSetAsideRemembered, judgeNamedModels } from '#models/named-models.ts';
import { releaseStep } from '#releases/release-step.ts';
import { describeAppliance, requireAppliance } from './appliance.ts';
import type { Appliance } from './appliance.ts';
import { prepareAsterisk } from './asterisk-process.ts';
import { bootStep } from './boot-step.ts';
import { commandStep } from './command-step.ts';
import { controlPlaneFilesStep } from './control-plane-files-step.ts';
import { demoStep } from './demo-step.ts';
import { parseEnvFile } from './env-file.ts';
import { SERVICE_USER } from './facts.ts';
import type { Facts } from './facts.ts';
import { databaseUrl } from './instance.ts';
import { prepareMonitoring } from './monitoring.ts';
import { installPackages, packagesFor } from './packages.ts';
import { areAddressesRemembered, ownAddresses } from './own-addresses.ts';
import type { Step } from './plan.ts';
import { initPostgres, preparePostgres } from './postgres-process.ts';
import { ensureRoot, ROOT_USERS } from './private-root.ts';
import { CONTROL_PLANE, runProgram } from './program.ts';
import { makePrompts } from './prompts.ts';
import { listDifferences, replaceFile } from './rendered-files.ts';
import {
  areSecretKeysLost,
  LOST_KEYS_WARNING,
  makeSecrets,
  withBackupKey,
  withMetricsPasswords,
  withSecretKeys,
  writeSecrets,
} from './secrets.ts';
import { listServiceChanges, servicesStep, startService } from './services-step.ts';
import { updateState } from './state.ts';
import { ensureSupervisor, stopService, stopSupervisor, supervisorConfigPath } from './supervisor.ts';
import { ensureSystemUser } from './system-user.ts';
import type { SystemUser } from './system-user.ts';
import { testCallStep } from './test-call-step.ts';

/** A step that needs the appliance's description; until there is one it only announces itself. */
function applianceStep(
  name: string,
  announcement: string,
  parts: { changes: (facts: Facts, appliance: Appliance) => readonly string[]; apply: Step['apply'] },
): Step {
  return {
    name,
    changes: (facts) => {
      const appliance = describeAppliance(facts);
      return appliance ? parts.changes(facts, appliance) : [announcement];
    },
    apply: parts.apply,
  };
}

const packages: Step = {
  name: 'packages',
  changes: ({ machine }) => (machine.missingPrograms.length === 0 ? [] : [`install ${packagesFor(machine.missingPrograms).join(', ')}`]),
  creates: ({ machine }) => packagesFor(machine.missingPrograms).map((name) => ({ kind: 'package', name })),
  apply: async ({ facts, signal }) => await installPackages(packagesFor(facts.machine.missingPrograms), signal),
};

const user: Step = {
  name: 'service user',
  changes: (facts) => (facts.user ? [] : [`create the system user ${SERVICE_USER}`]),
  creates: () => [{ kind: 'user', name: SERVICE_USER }],
  apply: async () => {
    await ensureSystemUser(SERVICE_USER);
  },
};

const root: Step = {
  name: 'private root',
  changes: (facts) => (facts.root ? [] : ['build the private root with Asterisk, PostgreSQL, espeak-ng and Prometheus (about a minute)']),
  creates: () => ROOT_USERS.map((name) => ({ kind: 'user', name })),
  apply: async ({ facts, log, signal }) => {
    await mkdir(facts.home, { recursive: true, mode: 0o755 });
    // An older root is about to be replaced: nothing may run from it.
    await stopSupervisor(facts.home);
    await ensureRoot({ home: facts.home, log, signal });
  },
};

const secrets: Step = {
  name: 'secrets',
  changes: (facts) => {
    const { secrets: current } = facts;
    const warning = areSecretKeysLost(facts) ? [`WARNING: ${LOST_KEYS_WARNING}`] : [];
    if (!current) return ['make passwords, the admin key and the secret keys', ...warning];
    const keys = current.secretKeys ? [] : ['make the secret keys of tokens, audit log and signed addresses', ...warning];
    const metrics = current.databaseMonitor && current.asteriskMetrics ? [] : ['make the passwords of the metrics'];
    return [...keys, ...metrics, ...(current.backupKey ? [] : ['make the backup key'])];
  },
  apply: async ({ facts }) => {
    const made = withSecretKeys(facts.secrets ?? makeSecrets(), facts.secretFiles);
    await writeSecrets(facts.home, await withBackupKey(withMetricsPasswords(made)));
  },
};

const environment = applianceStep('environment', 'write .env', {
  changes: (facts, appliance) => {
    const unremembered = [
      ...(areAddressesRemembered(facts) ? [] : ['write down which addresses in .env are ours']),
      ...(isSetAsideRemembered(facts) ? [] : ['write down which models of .env are left out until they are whole']),
    ];
    if (appliance.environmentText === facts.environmentText) return unremembered;
    const before = parseEnvFile(facts.environmentText);
    const after = parseEnvFile(appliance.environmentText);
    const written = [...after].filter(([key, value]) => before.get(key) !== value).map(([key]) => key);
    const dropped = [...before.keys()].filter((key) => !after.has(key));
    return [
      ...(written.length === 0 ? [] : [`write ${listNames(written)} to .env`]),
      ...(dropped.length === 0 ? [] : [`take ${listNames(dropped)} out of .env`]),
      ...unremembered,
    ];
  },
  apply: async ({ facts }) => {
    const owner = facts.user;
    if (!owner) throw new Error(`no system user ${SERVICE_USER}`);
    const { environmentText } = requireAppliance(facts);
    // Before the file: cut short in between, what is left out is still named there.
    await updateState(facts.home, () => ({ setAside: judgeNamedModels(facts).setAside }));
    if (environmentText !== facts.environmentText) await replaceEnvironment(facts, environmentText, owner);
    // After the file: cut short in between, what it holds is known by its value.
    await updateState(facts.home, () => ({ addresses: ownAddresses(facts.settings) }));
  },
});

/** The file before it is kept beside it. */
async function replaceEnvironment({ home, environmentText: before }: Facts, text: string, owner: SystemUser): Promise<void> {
  const path = join(home, '.env');
  const ownership = { ...owner, mode: 0o600 };
  if (before !== '') await replaceFile(`${path}.bak`, before, ownership);
  await replaceFile(path, text, ownership);
}

const asterisk = applianceStep('Asterisk configuration', 'render the configuration of Asterisk and speak its prompts', {
  changes: (facts, appliance) => {
    const files = listDifferences(facts.asteriskFiles, appliance.asteriskFiles);
    const prompts = facts.state.prompts === facts.digests.prompts && facts.sounds.length > 0 ? [] : ['speak the prompts'];
    return [...(files.length === 0 ? [] : [renderingOf(files)]), ...prompts];
  },
  apply: async ({ facts }) => {
    const { instance } = requireAppliance(facts);
    await mkdir(join(facts.home, 'instances'), { recursive: true });
    await prepareAsterisk(instance);
    if (facts.state.prompts !== facts.digests.prompts) await makePrompts(instance, { force: true });
    await updateState(facts.home, () => ({ prompts: facts.digests.prompts }));
  },
});

const database = applianceStep('database', 'make the database, its roles and its configuration', {
  changes: (facts, appliance) => {
    const files = listDifferences(facts.postgresFiles, appliance.postgresFiles);
    const setup =
      facts.hasCluster && facts.state.databaseSetup === appliance.databaseSetup ? [] : ['make the cluster, the roles and the database'];
    return [...(files.length === 0 ? [] : [renderingOf(files)]), ...setup];
  },
  apply: async ({ facts }) => {
    const { instance, databaseSetup } = requireAppliance(facts);
    await preparePostgres(instance);
    if (facts.hasCluster && facts.state.databaseSetup === databaseSetup) return;
    await stopService(facts.home, 'postgres');
    await initPostgres(instance);
    await updateState(facts.home, () => ({ databaseSetup }));
  },
});

const monitoring = applianceStep('metrics', 'configure Prometheus and its exporters', {
  changes: (facts, appliance) => {
    const files = listDifferences(facts.monitoringFiles, appliance.monitoringFiles);
    return files.length === 0 ? [] : [renderingOf(files)];
  },
  apply: async ({ facts }) => await prepareMonitoring(requireAppliance(facts).monitoring),
});

const supervisor = applianceStep('supervisor', 'configure and start the supervisor', {
  changes: (facts, appliance) => {
    const files = listDifferences(facts.supervisorFiles, appliance.supervisorFiles);
    const isAbsent = Object.values(facts.services).some((state) => state === 'ABSENT');
    return [...(files.length === 0 ? [] : [renderingOf(files)]), ...(isAbsent ? ['start the supervisor'] : [])];
  },
  apply: async ({ facts }) => {
    await mkdir(join(facts.home, 'app'), { recursive: true });
    const folder = join(supervisorConfigPath(facts.home), '..');
    await mkdir(folder, { recursive: true, mode: 0o700 });
    for (const file of requireAppliance(facts).supervisorFiles)
      await replaceFile(join(folder, file.path), file.text, { uid: 0, gid: 0, mode: 0o600 });
    await ensureSupervisor(facts.home);
  },
});

const databaseServer = applianceStep('database server', 'start PostgreSQL', {
  changes: (facts, appliance) => listServiceChanges(facts, appliance, ['postgres']),
  apply: async ({ facts, signal }) => await startService(facts, requireAppliance(facts), { name: 'postgres', signal }),
});

const migrations = applianceStep('migrations', 'bring the database to the schema of this release', {
  changes: (facts) => (facts.state.migrations === facts.digests.migrations ? [] : ['bring the database to the schema of this release']),
  apply: async ({ facts, signal }) => {
    const { instance } = requireAppliance(facts);
    const env = { DATABASE_MIGRATION_URL: databaseUrl(instance, 'migrator') };
    await runProgram(facts, { argv: [CONTROL_PLANE, 'migrate'], env, signal, timeoutMs: 300_000 });
    await updateState(facts.home, () => ({ migrations: facts.digests.migrations }));
  },
});

function renderingOf(files: readonly string[]): string {
  return `render ${listNames(files)}`;
}

/** A first run writes everything: names are of interest when few change. */
function listNames(names: readonly string[]): string {
  return names.length <= 6 ? names.join(', ') : `${names.slice(0, 5).join(', ')} and ${names.length - 5} more`;
}

/** Every step, in the order in which each finds what it builds on. */
export const steps: readonly Step[] = [
  packages,
  user,
  root,
  releaseStep,
  secrets,
  controlPlaneFilesStep,
  environment,
  asterisk,
  database,
  monitoring,
  supervisor,
  databaseServer,
  migrations,
  servicesStep,
  bootStep,
  commandStep,
  demoStep,
  testCallStep,
];
