/** Asks every service whether it is ready: a process that runs is not yet one that answers. */
import type { Appliance } from './appliance.ts';
import { tryCommand } from './command.ts';
import type { Facts } from './facts.ts';
import { ARI_USER, ariUrl } from './instance.ts';
import { psqlCommand } from './postgres-process.ts';
import type { ServiceName } from './services.ts';

const PROBE_TIMEOUT_MS = 5000;
const POLL_MS = 250;
/** Characters of a refusal that are shown: the control plane's says which of its needs is not met. */
const ANSWER_LIMIT = 500;

/** What a service answers: null when it is ready, else what is wrong in words. */
export async function probeService(facts: Facts, appliance: Appliance, name: ServiceName): Promise<string | null> {
  const { instance } = appliance;
  switch (name) {
    case 'postgres':
      return await probePostgres(appliance);
    case 'asterisk': {
      const credentials = Buffer.from(`${ARI_USER}:${instance.passwords.ari}`).toString('base64');
      return await probeHttp(`${ariUrl(instance)}/ari/asterisk/ping`, { authorization: `Basic ${credentials}` });
    }
    case 'cpu-server':
      return await probeHttp(inferenceMetricsUrl(facts));
    case 'control-plane':
      return await probeHttp(`${apiUrl(facts)}/health/ready`);
    case 'prometheus':
      return await probeHttp(`${prometheusUrl(facts)}/-/ready`);
    case 'backup':
      // It waits for its hour and answers nobody: that it runs is the supervisor's to say, how its last backup went is doctor's.
      return null;
    case 'node-exporter':
      return await probeHttp(`http://127.0.0.1:${facts.settings.NODE_EXPORTER_PORT}/`);
    case 'postgres-exporter':
      return await probeHttp(`http://127.0.0.1:${facts.settings.POSTGRES_EXPORTER_PORT}/`);
  }
}

/** As `probeService`, but whoever starts services waits for no person: a control plane whose calls were stopped by one has started. */
async function probeStart(facts: Facts, appliance: Appliance, name: ServiceName): Promise<string | null> {
  return name === 'control-plane' ? await probeHttp(`${apiUrl(facts)}/health/startup`) : await probeService(facts, appliance, name);
}

/** Waits until the service is ready. Throws with its last answer when it is not within `timeoutMs`. */
export async function waitUntilReady(
  facts: Facts,
  appliance: Appliance,
  options: { readonly name: ServiceName; readonly timeoutMs: number; readonly signal: AbortSignal },
): Promise<void> {
  const deadline = Date.now() + options.timeoutMs;
  for (;;) {
    options.signal.throwIfAborted();
    const fault = await probeStart(facts, appliance, options.name);
    if (fault === null) return;
    if (Date.now() > deadline) throw new Error(`${options.name} is not ready after ${options.timeoutMs / 1000} s: ${fault}`);
    await new Promise((resolve) => setTimeout(resolve, POLL_MS));
  }
}

/** Address of the API as seen from this machine. */
export function apiUrl({ settings }: Pick<Facts, 'settings'>): string {
  const host = settings.HTTP_HOST === '0.0.0.0' ? '127.0.0.1' : settings.HTTP_HOST;
  return `http://${host}:${settings.HTTP_PORT}`;
}

/** Where Prometheus answers, from this machine alone. */
export function prometheusUrl({ settings }: Pick<Facts, 'settings'>): string {
  return `http://127.0.0.1:${settings.PROMETHEUS_PORT}`;
}

/** Where the inference server tells what it runs and counts. */
export function inferenceMetricsUrl({ settings }: Pick<Facts, 'settings'>): string {
  return `http://127.0.0.1:${settings.CPU_SERVER_METRICS_PORT}/metrics`;
}

async function probePostgres({ instance }: Appliance): Promise<string | null> {
  const result = await tryCommand(psqlCommand(instance, 'postgres'), { input: 'select 1;', timeoutMs: PROBE_TIMEOUT_MS }).catch(
    (error: Error) => error,
  );
  if (result instanceof Error) return result.message;
  return result.exitCode === 0 ? null : result.stderr.trim();
}

async function probeHttp(url: string, headers: Readonly<Record<string, string>> = {}): Promise<string | null> {
  try {
    const response = await fetch(url, { headers, signal: AbortSignal.timeout(PROBE_TIMEOUT_MS) });
    const text = await response.text();
    return response.ok ? null : `${url} answers ${response.status}: ${text.slice(0, ANSWER_LIMIT)}`;
  } catch (error) {
    const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error;
    return `${url}: ${cause instanceof Error ? cause.message : String(cause)}`;
  }
}
