/** Prometheus and its exporters on a rig, from the same files and commands as on an appliance; only the scrapes come more often. */
import { join } from 'node:path';
import { MONITORING_SERVICES, monitoringCommand, prepareMonitoring } from '@centralita/provision/monitoring.ts';
import type { Monitoring } from '@centralita/provision/monitoring.ts';
import type { Rig } from './rig.ts';
import { startProcess, waitUntilReady } from './rig-process.ts';

/** A scrape costs the control plane some milliseconds; every two seconds a short run has enough samples for a rate. */
const SCRAPE_SECONDS = 2;

/** One series of an answer. `value` is a text that `Number` reads, NaN and +Inf included. */
export type Sample = { readonly metric: Readonly<Record<string, string>>; readonly value: readonly [number, string] };

/** A Prometheus that watches a rig. Disposing it stops it and its exporters. */
export type RigMonitoring = AsyncDisposable & {
  /** What the expression gives now; throws what Prometheus says of a wrong one. */
  query(expr: string): Promise<readonly Sample[]>;
  /** State of the targets: job -> `up`, or the last error. */
  targets(): Promise<Readonly<Record<string, string>>>;
};

/** Prepares and starts all of it, and waits until every target was scraped. */
export async function openRigMonitoring(rig: Rig): Promise<RigMonitoring> {
  await using failed = new AsyncDisposableStack();
  const monitoring = monitoringOf(rig);
  await prepareMonitoring(monitoring);
  for (const name of MONITORING_SERVICES) {
    const logFile = join(rig.instance.dir, 'logs', `${name}.log`);
    const process = failed.use(startProcess({ name, argv: monitoringCommand(monitoring, name), logFile }));
    if (name === 'prometheus') await waitUntilReady(process, async () => (await ask(rig, '/-/ready')).ok, 60_000);
  }
  const running = failed.move();
  return {
    query: async (expr) => await readQuery(rig, expr),
    targets: async () => await readTargets(rig),
    [Symbol.asyncDispose]: () => running.disposeAsync(),
  };
}

function monitoringOf({ instance, ports }: Rig): Monitoring {
  return {
    instance,
    ports: {
      prometheus: ports.prometheus,
      nodeExporter: ports.nodeExporter,
      postgresExporter: ports.postgresExporter,
      http: ports.http,
      inferenceMetrics: ports.inferenceMetrics,
    },
    serverName: 'rig',
    scrapeSeconds: SCRAPE_SECONDS,
    retention: { days: 1, gigabytes: 1 },
  };
}

async function readQuery(rig: Rig, expr: string): Promise<readonly Sample[]> {
  const response = await ask(rig, `/api/v1/query?query=${encodeURIComponent(expr)}`);
  const body = (await response.json()) as { status: string; error?: string; data?: { resultType: string; result: readonly Sample[] } };
  if (body.status !== 'success' || !body.data) throw new Error(`${expr}: ${body.error ?? response.status}`);
  return body.data.result;
}

async function readTargets(rig: Rig): Promise<Readonly<Record<string, string>>> {
  const response = await ask(rig, '/api/v1/targets?state=active');
  type Target = { readonly labels: { readonly job: string }; readonly health: string; readonly lastError: string };
  const { data } = (await response.json()) as { data: { activeTargets: readonly Target[] } };
  return Object.fromEntries(
    data.activeTargets.map(({ labels, health, lastError }) => [labels.job, health === 'up' ? 'up' : `${health}: ${lastError}`]),
  );
}

async function ask(rig: Rig, path: string): Promise<Response> {
  return await fetch(`http://127.0.0.1:${rig.ports.prometheus}${path}`, { signal: AbortSignal.timeout(10_000) });
}
