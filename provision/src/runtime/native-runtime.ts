/** The runtime without containers, as a backup, a restore and a change of release see it: the private root and the supervisor. */
import { requireAppliance } from '#appliance.ts';
import { asteriskControlCommand } from '#asterisk-process.ts';
import { databaseOf } from '#backup/database-access.ts';
import type { BackupFolder } from '#backup/backup-manifest.ts';
import { tryCommand } from '#command.ts';
import { applianceFolder, exportsFolder, gatherFacts, SERVICE_USER, stateFolder } from '#facts.ts';
import type { Facts } from '#facts.ts';
import { instancePaths } from '#instance.ts';
import { provision } from '#provisioning.ts';
import { pruneReleases } from '#releases/release-store.ts';
import { startService } from '#services-step.ts';
import { restartService, stopServiceWithin, stopSupervisor } from '#supervisor.ts';
import { ensureSystemUser } from '#system-user.ts';
import { testCallStep } from '#test-call-step.ts';
import { join } from 'node:path';
import type { DataFolder, Runtime, Site } from './runtime.ts';

const ASK_TIMEOUT_MS = 15_000;

export const nativeRuntime: Runtime = {
  open: async (place, signal) => openSite(await gatherFacts({ ...place, signal })),
  provision: async (place, signal) => await provision(place, signal),
  // A release is code and packages alone here: it is whole as soon as it is copied.
  prepareRelease: async () => undefined,
  pruneReleases: async (home, keep) => void (await pruneReleases(home, keep)),
  takeDown: async ({ facts }) => ({ removed: (await stopSupervisor(facts.home)) ? ['services'] : [], kept: [] }),
};

function openSite(facts: Facts): Site {
  const { home } = facts;
  const paths = instancePaths({ dir: applianceFolder(home) });
  return {
    facts,
    hasDatabase: facts.hasCluster,
    isMade: facts.hasCluster,
    isDatabaseUp: facts.services.postgres === 'RUNNING',
    database: () => databaseOf(requireAppliance(facts).instance),
    describePostgres: async () => requireAppliance(facts).instance.root.versions['postgresql-18'] ?? 'unknown',
    databaseFolder: async () => paths.postgresData,
    findFolder: async (name) => describeFolder(facts, name),
    journalFolder: async () => join(stateFolder(home), 'journal'),
    settingsOwner: async () => await ensureSystemUser(SERVICE_USER),
    askChannels: async () => await askChannels(facts),
    stopControlPlane: async (limitMs) => await stopServiceWithin(home, 'control-plane', limitMs),
    startControlPlane: async () => await restartService(home, 'control-plane'),
    startDatabase: async (signal) => await startService(facts, requireAppliance(facts), { name: 'postgres', signal }),
    placeTestCall: async ({ log, signal }) => await testCallStep.apply({ facts, log, signal }),
  };
}

function describeFolder(facts: Facts, name: BackupFolder): DataFolder {
  const { instance } = requireAppliance(facts);
  const { uid, gid } = instance.root.users.asterisk;
  const user = facts.user ?? { uid, gid };
  return name === 'recordings'
    ? { path: instancePaths(instance).recordings, owner: `${uid}:${user.gid}` }
    : { path: exportsFolder(facts.home), owner: `${user.uid}:${user.gid}` };
}

async function askChannels(facts: Facts): Promise<string | null> {
  if (facts.services.asterisk !== 'RUNNING') return null;
  const { instance } = requireAppliance(facts);
  return (await tryCommand(asteriskControlCommand(instance, 'core show channels count'), { timeoutMs: ASK_TIMEOUT_MS })).stdout;
}
