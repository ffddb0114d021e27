/** What the appliance should be, computed from the facts alone: its instance, its environment, its services. */
import { join } from 'node:path';
import { admitCalls, renderAdmitted } from '#sizing/admitted-calls.ts';
import { instanceLimits, limitServers } from '#sizing/server-limits.ts';
import { judgeNamedModels } from '#models/named-models.ts';
import { renderAsterisk } from './asterisk-configuration.ts';
import type { RenderedFile } from './asterisk-configuration.ts';
import { dropEnvKeys, mergeEnvFile, parseEnvFile } from './env-file.ts';
import { espeakCommand } from './espeak.ts';
import { applianceFolder, exportsFolder, stateFolder } from './facts.ts';
import type { Facts } from './facts.ts';
import { ARI_USER, ariUrl, databaseUrl, describeInstance, instancePaths } from './instance.ts';
import type { Instance, InstanceInput } from './instance.ts';
import { renderMonitoring } from './monitoring.ts';
import type { Monitoring } from './monitoring.ts';
import { renderAddresses } from './own-addresses.ts';
import { renderDatabaseSetup, renderPostgres } from './postgres-configuration.ts';
import type { Secrets } from './secrets.ts';
import { ADMIN_KEY_HASH_FILE, renderSecretFiles, SECRET_KEYS_FILE, secretFilesFolder } from './secrets.ts';
import { renderServerDescription, SERVER_DESCRIPTION_FILE } from './server-description.ts';
import { describeServices, digestOf } from './services.ts';
import type { Service } from './services.ts';
import type { Settings } from './settings.ts';
import { seriesFolder } from './state-series.ts';
import { renderStartScript, renderSupervisor } from './supervisor.ts';

/** What should be on the machine. */
export type Appliance = {
  readonly instance: Instance;
  /** `.env` with our keys merged into what is there. */
  readonly environmentText: string;
  /** What the control plane reads of the secrets, and what it may tell of this machine. */
  readonly secretFiles: readonly RenderedFile[];
  readonly asteriskFiles: readonly RenderedFile[];
  readonly postgresFiles: readonly RenderedFile[];
  readonly monitoring: Monitoring;
  /** What Prometheus reads. */
  readonly monitoringFiles: readonly RenderedFile[];
  readonly supervisorFiles: readonly RenderedFile[];
  readonly services: readonly Service[];
  /** Digest of the roles' and database's set-up. */
  readonly databaseSetup: string;
  /** Digest of everything that a call goes through. */
  readonly digest: string;
};

/** The appliance, or null while what it is built on (root, secrets, users) is not there yet. */
export function describeAppliance(facts: Facts): Appliance | null {
  const { root, secrets, user } = facts;
  const passwords = secrets && passwordsOf(secrets);
  if (!root || !secrets || !passwords || !user) return null;
  const { settings } = facts;
  const limits = limitServers(facts);
  const instance = describeInstance(root, {
    name: 'appliance',
    dir: applianceFolder(facts.home),
    bindAddress: settings.BIND_ADDRESS,
    ports: {
      sip: settings.SIP_PORT,
      ari: settings.ARI_PORT,
      rtpFirst: settings.RTP_FIRST_PORT,
      rtpLast: limits.rtpLast.value,
      postgres: settings.POSTGRES_PORT,
    },
    passwords,
    limits: instanceLimits(limits, settings),
    behindBalancer: settings.BEHIND_BALANCER === '1',
    fallbackDestination: settings.FALLBACK_DESTINATION,
    serviceGid: user.gid,
    ...describeNat(settings),
  });
  const environmentText = mergeEnvFile(dropEnvKeys(facts.environmentText, FORMER_KEYS), {
    ...keepSettings(facts),
    ...renderEnvironment(facts, instance),
  });
  const monitoring = describeMonitoring(instance, facts);
  const services = describeServices({
    home: facts.home,
    repository: facts.release.dir,
    user,
    instance,
    monitoring,
    environmentText,
    codeDigest: facts.digests.code,
    secretKeysDigest: digestOf(secrets.secretKeys ?? null),
    drainSeconds: settings.DRAIN_SECONDS,
    backupAt: settings.BACKUP_AT,
  });
  return {
    instance,
    environmentText,
    secretFiles: [...renderSecretFiles(secrets), renderServerDescription(facts.hardware)],
    asteriskFiles: renderAsterisk(instance),
    postgresFiles: renderPostgres(instance),
    monitoring,
    monitoringFiles: renderMonitoring(monitoring),
    supervisorFiles: renderSupervisorFiles(facts.home, services),
    services,
    databaseSetup: digestOf(renderDatabaseSetup(instance)),
    digest: digestOf([services.map((service) => service.digest), facts.digests.migrations, facts.digests.demo]),
  };
}

/** What an instance asks of the secrets; null while those of the metrics are still to be made. */
function passwordsOf({
  ari,
  databaseMigrator,
  databaseApp,
  databaseMonitor,
  asteriskMetrics,
  testCaller,
}: Secrets): Instance['passwords'] | null {
  if (databaseMonitor === undefined || asteriskMetrics === undefined) return null;
  return { ari, databaseMigrator, databaseApp, databaseMonitor, asteriskMetrics, testCaller };
}

/** Every 15 s: an alert that looks at 30 s sees two samples. */
const SCRAPE_SECONDS = 15;

function describeMonitoring(instance: Instance, { home, settings }: Pick<Facts, 'home' | 'settings'>): Monitoring {
  return {
    instance,
    ports: {
      prometheus: settings.PROMETHEUS_PORT,
      nodeExporter: settings.NODE_EXPORTER_PORT,
      postgresExporter: settings.POSTGRES_EXPORTER_PORT,
      http: settings.HTTP_PORT,
      inferenceMetrics: settings.CPU_SERVER_METRICS_PORT,
    },
    seriesFolder: seriesFolder(home),
    serverName: settings.SERVER_NAME,
    scrapeSeconds: SCRAPE_SECONDS,
    retention: { days: settings.PROMETHEUS_RETENTION_DAYS, gigabytes: settings.PROMETHEUS_RETENTION_GIGABYTES },
  };
}

function renderSupervisorFiles(home: string, services: readonly Service[]): readonly RenderedFile[] {
  const scripts = services.map((service) => ({ path: `${service.name}.sh`, text: renderStartScript(service) }));
  return [{ path: 'supervisord.conf', text: renderSupervisor(home, services) }, ...scripts];
}

/** The appliance that the facts describe. Throws when called before what it is built on exists: a bug in the order of steps. */
export function requireAppliance(facts: Facts): Appliance {
  const appliance = describeAppliance(facts);
  if (!appliance) throw new Error('the private root, the service user or the secrets are missing: an earlier step did not do its work');
  return appliance;
}

/** Keys of `.env` that earlier releases wrote and nobody reads any more. */
const FORMER_KEYS = ['ADMIN_KEY_HASH'];

/** What the control plane and the inference server read; these keys are ours and always written, but for addresses that the operator wrote himself. */
export function renderEnvironment(
  facts: Pick<Facts, 'settings' | 'home' | 'environmentText' | 'state'>,
  instance: Instance,
): Readonly<Record<string, string>> {
  const espeak = espeakCommand(instance.root);
  return {
    DATABASE_URL: databaseUrl(instance, 'app'),
    ASTERISK_URL: ariUrl(instance),
    ASTERISK_USERNAME: ARI_USER,
    ASTERISK_PASSWORD: instance.passwords.ari,
    ASTERISK_APPLICATION: instance.application,
    RECORDINGS_DIR: instancePaths(instance).recordings,
    ANNOUNCEMENTS_DIR: instancePaths(instance).sounds,
    ...renderAddresses(facts),
    ADMIN_KEY_HASH_FILE: join(secretFilesFolder(facts.home), ADMIN_KEY_HASH_FILE),
    SECRET_KEYS_FILE: join(secretFilesFolder(facts.home), SECRET_KEYS_FILE),
    SERVER_DESCRIPTION_FILE: join(secretFilesFolder(facts.home), SERVER_DESCRIPTION_FILE),
    EXPORTS_DIR: exportsFolder(facts.home),
    STATE_DIR: stateFolder(facts.home),
    MAX_WAITING_CALLERS: String(instance.limits.maxWaitingCallers),
    CPU_SERVER_HOST: '127.0.0.1',
    ASTERISK_PID_FILE: instancePaths(instance).asteriskPid,
    ESPEAK_COMMAND: JSON.stringify(espeak.argv),
    ESPEAK_DATA_PATH: espeak.env.ESPEAK_DATA_PATH,
  };
}

/** Settings are written once with the value in force, so that the operator sees what can be changed; then they are his. The calls follow a measurement; a model that is not whole is left out. */
export function keepSettings(
  facts: Pick<Facts, 'environmentText' | 'enginesText' | 'modelFolders' | 'settings' | 'sizing' | 'state' | 'profile'>,
): Readonly<Record<string, string>> {
  const current = parseEnvFile(facts.environmentText);
  const admitted = renderAdmitted(admitCalls(facts));
  // Empty, so that the operator sees that he may give one.
  const shown = { ...facts.settings, ...admitted, RTP_LAST_PORT: facts.settings.RTP_LAST_PORT ?? '' };
  const missing = Object.entries(shown).filter(([key]) => !current.has(key));
  const wished = { ...admitted, ...(facts.profile ? { PROFILE: facts.profile } : {}) };
  const renewed = Object.entries(wished).filter(([key, value]) => current.get(key) !== value);
  const written = Object.fromEntries([...missing, ...renewed].map(([key, value]) => [key, String(value)]));
  return { ...written, ...judgeNamedModels(facts).values };
}

/** What Asterisk is told of the network in front of the machine; nothing where it has the public address itself. */
function describeNat({ EXTERNAL_ADDRESS, LOCAL_NETWORKS }: Settings): Pick<InstanceInput, 'nat'> {
  return EXTERNAL_ADDRESS === '' ? {} : { nat: { externalAddress: EXTERNAL_ADDRESS, localNetworks: splitList(LOCAL_NETWORKS) } };
}

function splitList(text: string): string[] {
  return text
    .split(',')
    .map((part) => part.trim())
    .filter((part) => part !== '');
}
