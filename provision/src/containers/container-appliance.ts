/** What the appliance should be in containers, computed from the facts alone: files with their readers, variables of the compose file, digests. */
import { join } from 'node:path';
import { renderAsterisk } from '#asterisk-configuration.ts';
import type { RenderedFile } from '#asterisk-configuration.ts';
import { mergeEnvFile, parseEnvFile } from '#env-file.ts';
import { DATABASE, DATABASE_ROLES, describeInstance } from '#instance.ts';
import type { Instance } from '#instance.ts';
import { renderMonitoring } from '#monitoring.ts';
import { renderDatabaseSetup, renderPostgres } from '#postgres-configuration.ts';
import { renderSecretFiles } from '#secrets.ts';
import type { Secrets } from '#secrets.ts';
import { controlPlaneStopSeconds, digestOf } from '#services.ts';
import type { Settings } from '#settings.ts';
import { instanceLimits } from '#sizing/server-limits.ts';
import type { ServerLimits } from '#sizing/server-limits.ts';
import { seriesFolder } from '#state-series.ts';
import { inferenceAddresses } from './container-addresses.ts';
import type { ContainerProfile } from './container-addresses.ts';
import { renderControlPlaneEnvironment, renderCpuServerEnvironment, SECRET_SETTINGS } from './container-settings.ts';
import { GRAFANA_ID, IDENTITIES, imageRoot } from './identities.ts';

/** Our images, in the order in which each may begin with an earlier one. */
export const IMAGE_NAMES = ['control-plane', 'cpu-server', 'asterisk', 'postgres', 'monitoring'] as const;
export type ImageName = (typeof IMAGE_NAMES)[number];

/** Files that one group of containers may read: a folder below `containers/files`. */
export type ContainerFolder = { readonly name: string; readonly gid: number; readonly files: readonly RenderedFile[] };

/** Those of the installation's secrets that the containers are given. */
export type ContainerSecrets = Secrets & {
  readonly databaseMonitor: string;
  readonly asteriskMetrics: string;
  readonly grafana: string;
  readonly backupKey: string;
  readonly secretKeys: NonNullable<Secrets['secretKeys']>;
};

export type ContainerParts = {
  readonly home: string;
  readonly repository: string;
  readonly architecture: string;
  readonly settings: Settings;
  /** Text of the operator's `.env`. */
  readonly environmentText: string;
  readonly secrets: ContainerSecrets;
  /** What the control plane reads besides its secrets: the machine's description, the registry's token. */
  readonly controlPlaneFiles: readonly RenderedFile[];
  /** age's recipient of the backups. */
  readonly backupRecipient: string;
  readonly limits: ServerLimits;
  readonly profile: ContainerProfile;
  /** What the control plane must know of the models on the boards. */
  readonly modelSettings: Readonly<Record<string, string>>;
  /** Of what the two Tritons load; empty without them. */
  readonly modelsDigest: string;
  /** Boards of the two Tritons. */
  readonly gpus: { readonly speech: string; readonly language: string };
  /** Where telephones reach this machine. */
  readonly machineAddress: string;
  readonly images: Readonly<Record<ImageName, string>>;
};

export type ContainerAppliance = {
  readonly folders: readonly ContainerFolder[];
  /** Text of the file of variables that compose is given. */
  readonly composeText: string;
  readonly profiles: readonly string[];
  /** Of everything that a call goes through. */
  readonly digest: string;
};

/** What compose calls everything that it makes for us. */
export const PROJECT = 'centralita';

/** Folder of everything that the container runtime writes. */
export function containersFolder(home: string): string {
  return join(home, 'containers');
}

const MEBIBYTE = 1_048_576;
/** Its workers, its parallel queries, and whoever looks in with psql; the compose file's 256 with 100 connections. */
const POSTGRES_OWN_PIDS = 156;

/** Pure: same parts, same answer. */
export function describeContainers(parts: ContainerParts): ContainerAppliance {
  const instance = containerInstance(parts);
  const environment = { ...parts, maxConcurrentCalls: parts.limits.calls, maxWaitingCallers: parts.limits.waitingCallers.value };
  const folders: readonly ContainerFolder[] = [
    {
      // The engine's client reads these, and root alone.
      name: 'environment',
      gid: 0,
      files: [
        { path: 'control-plane.env', text: renderControlPlaneEnvironment(environment) },
        { path: 'cpu-server.env', text: renderCpuServerEnvironment(environment) },
      ],
    },
    { name: 'asterisk', gid: IDENTITIES.asterisk, files: renderAsterisk(instance) },
    {
      name: 'postgres',
      gid: IDENTITIES.postgres,
      files: [...renderPostgres(instance), { path: 'setup.sql', text: renderDatabaseSetup(instance) }],
    },
    ...secretFolders(parts),
    ...monitoringFolders(parts, instance),
  ];
  const composeText = mergeEnvFile('', composeVariables(parts, { instance, folders }));
  return {
    folders,
    composeText,
    profiles: listProfiles(parts),
    digest: digestOf([composeText, folders]),
  };
}

/** The compose file's profiles that are brought up. */
export function listProfiles(parts: Pick<ContainerParts, 'profile' | 'environmentText'>): readonly string[] {
  return [parts.profile, ...(grafanaDigest(parts) === '' ? [] : ['grafana'])];
}

/** The same description that the native runtime renders from, as it looks from inside the containers. */
function containerInstance({ architecture, settings, environmentText, secrets, limits, machineAddress }: ContainerParts): Instance {
  return describeInstance(imageRoot(architecture), {
    name: 'appliance',
    dir: '/instance',
    bindAddress: '0.0.0.0',
    ports: { sip: settings.SIP_PORT, ari: 8088, rtpFirst: limits.rtpFirst, rtpLast: limits.rtpLast.value, postgres: 5432 },
    passwords: instancePasswords(secrets),
    limits: instanceLimits(limits, settings),
    network: { ariAddress: 'asterisk-media', postgresListen: '*', databaseClients: 'samenet' },
    behindBalancer: settings.BEHIND_BALANCER === '1',
    fallbackDestination: settings.FALLBACK_DESTINATION,
    // Sound from Asterisk's address in the containers' network is asked for at the machine's; the test caller beside it is on the loopback.
    nat: { externalAddress: settings.EXTERNAL_ADDRESS || machineAddress, localNetworks: [containerNetwork(environmentText)] },
  });
}

/** Those of the secrets that the servers' own configuration is made with. */
export function instancePasswords(secrets: ContainerSecrets): Instance['passwords'] {
  const { ari, databaseMigrator, databaseApp, databaseMonitor, asteriskMetrics, testCaller } = secrets;
  return { ari, databaseMigrator, databaseApp, databaseMonitor, asteriskMetrics, testCaller };
}

/** Network that the published containers are in; another one where the premises use this one. */
const CONTAINER_NETWORK = '172.31.250.0/24';

function containerNetwork(environmentText: string): string {
  return parseEnvFile(environmentText).get('CONTAINER_NETWORK') || CONTAINER_NETWORK;
}

function secretFolders({ settings, secrets, backupRecipient, controlPlaneFiles }: ContainerParts): readonly ContainerFolder[] {
  const { centralita, postgres } = IDENTITIES;
  const url = (role: string, password: string): string => `postgres://${role}:${password}@postgres:5432/${DATABASE}\n`;
  const optional = Object.entries(SECRET_SETTINGS).flatMap(([key, path]) => {
    const text = settings[key as keyof typeof SECRET_SETTINGS];
    return text === '' ? [] : [{ path, text: `${text}\n` }];
  });
  return [
    {
      name: 'control-plane',
      gid: centralita,
      files: [
        ...renderSecretFiles(secrets),
        { path: 'database-url', text: url(DATABASE_ROLES.app, secrets.databaseApp) },
        { path: 'asterisk-password', text: `${secrets.ari}\n` },
        { path: 'demo-phone-password', text: `${secrets.phone}\n` },
        ...optional,
        ...controlPlaneFiles,
      ],
    },
    {
      name: 'migrate',
      gid: centralita,
      files: [{ path: 'database-migration-url', text: url(DATABASE_ROLES.migrator, secrets.databaseMigrator) }],
    },
    { name: 'test-call', gid: centralita, files: [{ path: 'test-caller', text: `${secrets.testCaller}\n` }] },
    { name: 'backup', gid: postgres, files: [{ path: 'backup-recipients', text: `${backupRecipient}\n` }] },
    { name: 'grafana', gid: GRAFANA_ID, files: [{ path: GRAFANA_PASSWORD_FILE, text: `${secrets.grafana}\n` }] },
  ];
}

const GRAFANA_PASSWORD_FILE = 'grafana-admin';

/** The password that a Grafana of an earlier run was given; null where none has started. */
export function givenGrafanaPassword(parts: Pick<ContainerParts, 'environmentText'>, files: readonly RenderedFile[]): string | null {
  if (grafanaDigest(parts) === '') return null;
  return files.find(({ path }) => path === GRAFANA_PASSWORD_FILE)?.text.trim() || null;
}

const SCRAPE_SECONDS = 15;

function monitoringFolders({ settings, profile }: ContainerParts, instance: Instance): readonly ContainerFolder[] {
  const rendered = renderMonitoring({
    instance,
    ports: { prometheus: 9090, nodeExporter: 9100, postgresExporter: 9187, http: 8080, inferenceMetrics: 8002 },
    targets: {
      controlPlane: 'control-plane:8080',
      inference: inferenceAddresses(profile).metrics,
      asterisk: 'asterisk-media:8088',
      postgresExporter: 'postgres-exporter:9187',
      nodeExporter: 'node-exporter:9100',
      prometheus: '127.0.0.1:9090',
      ...(profile === 'gpu' ? { boards: 'dcgm-exporter:9400' } : {}),
    },
    serverName: settings.SERVER_NAME,
    scrapeSeconds: SCRAPE_SECONDS,
    retention: { days: settings.PROMETHEUS_RETENTION_DAYS, gigabytes: settings.PROMETHEUS_RETENTION_GIGABYTES },
  });
  const isDatabases = ({ path }: RenderedFile): boolean => path === 'postgres.secret';
  return [
    { name: 'prometheus', gid: IDENTITIES.prometheus, files: rendered.filter((file) => !isDatabases(file)) },
    { name: 'postgres-exporter', gid: IDENTITIES.prometheus, files: rendered.filter(isDatabases) },
  ];
}

type Rendered = { readonly instance: Instance; readonly folders: readonly ContainerFolder[] };

function composeVariables(parts: ContainerParts, { instance, folders }: Rendered): Readonly<Record<string, string>> {
  const { home, settings, limits, images } = parts;
  const filesOf = (name: string): string => digestOf(folders.find((folder) => folder.name === name)?.files).slice(0, 16);
  const ofFile = (path: string): string =>
    digestOf(folders.find(({ name }) => name === 'environment')?.files.find((file) => file.path === path)).slice(0, 16);
  const mebibytes = (bytes: number): string => `${Math.ceil(bytes / MEBIBYTE)}m`;
  return {
    CENTRALITA_PROJECT: PROJECT,
    CENTRALITA_FILES: join(containersFolder(home), 'files'),
    CENTRALITA_REPOSITORY: parts.repository,
    MODELS_DIR: join(home, 'models'),
    SERIES_DIR: seriesFolder(home),
    ...Object.fromEntries(IMAGE_NAMES.map((name) => [`${name.toUpperCase().replaceAll('-', '_')}_IMAGE`, images[name]])),
    CONTAINER_NETWORK: containerNetwork(parts.environmentText),
    BIND_ADDRESS: settings.BIND_ADDRESS,
    SIP_PORT: String(settings.SIP_PORT),
    RTP_FIRST_PORT: String(instance.ports.rtpFirst),
    RTP_LAST_PORT: String(instance.ports.rtpLast),
    HTTP_HOST: settings.HTTP_HOST,
    HTTP_PORT: String(settings.HTTP_PORT),
    PROMETHEUS_PORT: String(settings.PROMETHEUS_PORT),
    PROMETHEUS_RETENTION_DAYS: String(settings.PROMETHEUS_RETENTION_DAYS),
    PROMETHEUS_RETENTION_GIGABYTES: String(settings.PROMETHEUS_RETENTION_GIGABYTES),
    BACKUP_KEEP: String(settings.BACKUP_KEEP),
    SPEECH_TO_TEXT_URL: inferenceAddresses(parts.profile).speech,
    SPEECH_GPU_UUID: parts.gpus.speech,
    LANGUAGE_GPU_UUID: parts.gpus.language,
    ...operatorsImages(parts),
    // Shared buffers, and as much again for connections and the set-up of an index.
    POSTGRES_MEMORY: mebibytes(2 * limits.sharedBuffersBytes.value + 768 * MEBIBYTE),
    // A process for each connection, and the server's own.
    POSTGRES_PIDS: String(limits.maxConnections.value + POSTGRES_OWN_PIDS),
    POSTGRES_OPEN_FILES: String(limits.serverFiles.value),
    ASTERISK_OPEN_FILES: String(limits.serverFiles.value),
    NODE_OPEN_FILES: String(limits.nodeFiles.value),
    CPU_SERVER_MEMORY: mebibytes(limits.inferenceBytes.value),
    TRITON_MEMORY: mebibytes(limits.inferenceBytes.value),
    // Measured idle 45 MB, 186 MB after 200 calls; recordings are joined in the same container.
    ASTERISK_MEMORY: mebibytes((384 + 4 * limits.calls) * MEBIBYTE),
    CONTROL_PLANE_STOP_SECONDS: String(controlPlaneStopSeconds(settings.DRAIN_SECONDS)),
    CONTROL_PLANE_MEMORY: mebibytes((1024 + 8 * limits.calls) * MEBIBYTE),
    POSTGRES_FILES_DIGEST: filesOf('postgres'),
    ASTERISK_FILES_DIGEST: filesOf('asterisk'),
    CONTROL_PLANE_FILES_DIGEST: digestOf([withoutAdminKey(folders), ofFile('control-plane.env')]).slice(0, 16),
    CPU_SERVER_FILES_DIGEST: ofFile('cpu-server.env'),
    TRITON_FILES_DIGEST: parts.modelsDigest,
    PROMETHEUS_FILES_DIGEST: filesOf('prometheus'),
    BACKUP_FILES_DIGEST: filesOf('backup'),
  };
}

/** The admin key's hash is read at every request: another one restarts nothing. */
function withoutAdminKey(folders: readonly ContainerFolder[]): readonly RenderedFile[] {
  return (folders.find(({ name }) => name === 'control-plane')?.files ?? []).filter(({ path }) => path !== 'admin-key.sha256');
}

/** Digests of images that others publish: the operator's to give in `.env`, because none can be known here for certain. */
export const FOREIGN_DIGESTS = ['TRITON_SPEECH_IMAGE', 'TRITON_LANGUAGE_DIGEST', 'DCGM_EXPORTER_DIGEST', 'GRAFANA_DIGEST'] as const;

function operatorsImages({ environmentText }: Pick<ContainerParts, 'environmentText'>): Readonly<Record<string, string>> {
  const values = parseEnvFile(environmentText);
  return Object.fromEntries(
    [...FOREIGN_DIGESTS, 'TRITON_REGISTRY', 'GRAFANA_REPOSITORY', 'GRAFANA_PORT'].flatMap((key) => {
      const value = values.get(key);
      return value === undefined || value === '' ? [] : [[key, value]];
    }),
  );
}

function grafanaDigest({ environmentText }: Pick<ContainerParts, 'environmentText'>): string {
  return parseEnvFile(environmentText).get('GRAFANA_DIGEST') ?? '';
}
