/**
 * Prometheus and the exporters that it asks, from the private root: what they read, where they keep it, how they run. All of them listen on the
 * loopback alone, and run as a user of their own who reads nothing of the product but two passwords made for this.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { RenderedFile } from './asterisk-configuration.ts';
import { makeFolder } from './asterisk-process.ts';
import { DATABASE, DATABASE_ROLES, instancePaths, METRICS_USER, MOUNT_POINT } from './instance.ts';
import type { Instance } from './instance.ts';
import { writeRenderedFiles } from './rendered-files.ts';
import { hostRootCommand, rootCommand } from './root-command.ts';
import { fillTemplate } from './template.ts';

/** What is watched, where, and for how long it is remembered. */
export type Monitoring = {
  readonly instance: Instance;
  readonly ports: {
    readonly prometheus: number;
    readonly nodeExporter: number;
    readonly postgresExporter: number;
    /** Of the control plane's API. */
    readonly http: number;
    /** Of the inference server's series. */
    readonly inferenceMetrics: number;
  };
  /** Where each part tells its figures; left out: this machine's loopback at the ports. */
  readonly targets?: ScrapeTargets;
  /** Folder of series in files, which the machine's exporter reads; left out: none. */
  readonly seriesFolder?: string;
  /** Tells servers apart where several send to one Prometheus. */
  readonly serverName: string;
  readonly scrapeSeconds: number;
  /** Whichever comes first ends the life of a sample. */
  readonly retention: { readonly days: number; readonly gigabytes: number };
};

/** host:port of everything that is scraped. */
export type ScrapeTargets = {
  readonly controlPlane: string;
  readonly inference: readonly string[];
  readonly asterisk: string;
  readonly postgresExporter: string;
  readonly nodeExporter: string;
  readonly prometheus: string;
  /** NVIDIA's exporter of the boards' figures; left out: there is none, and a target that is never up would be no news. */
  readonly boards?: string;
};

/** In the order in which they start. */
export const MONITORING_SERVICES = ['postgres-exporter', 'node-exporter', 'prometheus'] as const;
export type MonitoringService = (typeof MONITORING_SERVICES)[number];

const SOURCE = new URL('../../prometheus/', import.meta.url);
const FOLDER = `${MOUNT_POINT}/prometheus`;
const ASTERISK_PASSWORD = 'asterisk.secret';
const POSTGRES_PASSWORD = 'postgres.secret';
const MAX_TIMEOUT_S = 10;

/** The files of Prometheus' configuration folder, the two passwords among them. */
export function renderMonitoring(monitoring: Monitoring): readonly RenderedFile[] {
  const { instance, serverName, scrapeSeconds } = monitoring;
  const { inference, boards, ...targets } = monitoring.targets ?? loopbackTargets(monitoring);
  const rules = readdirSync(new URL('rules/', SOURCE))
    .sort()
    .map((name) => ({ path: `rules-${name}`, text: readFileSync(new URL(`rules/${name}`, SOURCE), 'utf8') }));
  const text = fillTemplate(readFileSync(new URL('prometheus.yml', SOURCE), 'utf8'), {
    serverName,
    folder: `${FOLDER}/etc`,
    scrapeSeconds,
    timeoutSeconds: Math.min(scrapeSeconds, MAX_TIMEOUT_S),
    ...targets,
    // The place itself stands in quotes, so that the template is YAML.
    inference: inference.join(`', '`),
    asteriskUser: METRICS_USER,
    asteriskPasswordFile: `${FOLDER}/etc/${ASTERISK_PASSWORD}`,
  });
  return [
    { path: ASTERISK_PASSWORD, text: instance.passwords.asteriskMetrics },
    { path: POSTGRES_PASSWORD, text: instance.passwords.databaseMonitor },
    { path: 'prometheus.yml', text: boards === undefined ? text : `${text}${renderBoardsJob(boards)}` },
    ...rules,
  ];
}

/** One more entry of `scrape_configs`, with which the template ends. */
function renderBoardsJob(target: string): string {
  return `
  # Memory, load, power and errors of the boards (DCGM_…).
  - job_name: boards
    static_configs:
      - targets: ['${target}']
`;
}

function loopbackTargets({ instance, ports }: Monitoring): ScrapeTargets {
  const at = (port: number): string => `127.0.0.1:${port}`;
  return {
    controlPlane: at(ports.http),
    inference: [at(ports.inferenceMetrics)],
    asterisk: at(instance.ports.ari),
    postgresExporter: at(ports.postgresExporter),
    nodeExporter: at(ports.nodeExporter),
    prometheus: at(ports.prometheus),
  };
}

/** Makes the folders and writes the files. Runs any number of times; needs root privileges. */
export async function prepareMonitoring(monitoring: Monitoring): Promise<void> {
  const { instance } = monitoring;
  const { uid, gid } = instance.root.users.prometheus;
  await makeFolder(join(instance.dir, 'prometheus'), { uid: 0, gid, mode: 0o750 });
  await makeFolder(instancePaths(instance).prometheusEtc, { uid: 0, gid, mode: 0o750 });
  await makeFolder(join(instance.dir, 'prometheus', 'data'), { uid, gid, mode: 0o700 });
  await writeRenderedFiles(instancePaths(instance).prometheusEtc, renderMonitoring(monitoring), { uid: 0, gid, mode: 0o640 });
}

/** Argv of one of the services, in the foreground. */
export function monitoringCommand(monitoring: Monitoring, service: MonitoringService): readonly string[] {
  const { instance, ports, retention } = monitoring;
  const user = instance.root.users.prometheus;
  switch (service) {
    case 'postgres-exporter':
      return rootCommand(instance, user, [
        '/usr/bin/env',
        `DATA_SOURCE_URI=127.0.0.1:${instance.ports.postgres}/${DATABASE}?sslmode=disable`,
        `DATA_SOURCE_USER=${DATABASE_ROLES.monitor}`,
        `DATA_SOURCE_PASS_FILE=${FOLDER}/etc/${POSTGRES_PASSWORD}`,
        '/usr/bin/prometheus-postgres-exporter',
        `--web.listen-address=127.0.0.1:${ports.postgresExporter}`,
        '--disable-settings-metrics',
        '--no-collector.statio_user_tables',
        '--log.level=warn',
      ]);
    case 'node-exporter':
      return hostRootCommand(instance, user, [
        '/usr/bin/prometheus-node-exporter',
        `--web.listen-address=127.0.0.1:${ports.nodeExporter}`,
        '--path.rootfs=/mnt',
        '--path.procfs=/mnt/proc',
        '--path.sysfs=/mnt/sys',
        '--path.udev.data=/mnt/run/udev/data',
        // Debian's build asks systemd, which a container has not.
        '--no-collector.systemd',
        ...(monitoring.seriesFolder === undefined ? [] : [`--collector.textfile.directory=/mnt${monitoring.seriesFolder}`]),
        '--log.level=warn',
      ]);
    case 'prometheus':
      return rootCommand(instance, user, [
        '/usr/bin/prometheus',
        `--config.file=${FOLDER}/etc/prometheus.yml`,
        `--storage.tsdb.path=${FOLDER}/data`,
        `--storage.tsdb.retention.time=${retention.days}d`,
        `--storage.tsdb.retention.size=${retention.gigabytes}GB`,
        `--web.listen-address=127.0.0.1:${ports.prometheus}`,
        '--log.level=warn',
      ]);
  }
}
