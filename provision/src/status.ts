/** What `provision.sh status` prints: the services, the engines that really run, the calls that are up. */
import { describeConfigured, withServersElsewhere } from '#cpu-engines/configured-engines.ts';
import { describeAppliance } from './appliance.ts';
import type { Appliance } from './appliance.ts';
import type { Facts } from './facts.ts';
import { apiUrl, inferenceMetricsUrl, probeService, prometheusUrl } from './health.ts';
import { listKeptAddresses } from './own-addresses.ts';
import { SERVICE_NAMES } from './services.ts';

const METRICS_TIMEOUT_MS = 5000;
/** What cannot be had here is said, and what is no substitute too. */
const NO_GRAFANA =
  'NONE: this runtime has no Grafana, because Debian carries none. Give the folder grafana/ to a Grafana of your own; /console shows calls, not boards, and is no substitute';

/** The lines of the status, and whether every service answers. */
export async function readStatus(facts: Facts): Promise<{ readonly isReady: boolean; readonly lines: readonly string[] }> {
  const appliance = describeAppliance(facts);
  if (!appliance) return { isReady: false, lines: ['Not installed: run ./provision.sh'] };
  const faults = await listFaults(facts, appliance);
  const [inference, plane] = await Promise.all([readMetrics(inferenceMetricsUrl(facts)), readMetrics(`${apiUrl(facts)}/metrics`)]);
  const { testCall } = facts.state;
  const kept = listKeptAddresses(facts);
  const elsewhere = new Set<string>(kept.map(({ setting }) => setting));
  const configured = withServersElsewhere(describeConfigured(facts), kept);
  const rows: readonly (readonly [string, string])[] = [
    ...faults,
    ['voice', elsewhere.has('TEXT_TO_SPEECH_URL') ? configured.voice : describeEngine(inference, 'text_to_speech', configured.voice)],
    [
      'recognition',
      elsewhere.has('SPEECH_TO_TEXT_URL') ? configured.recognition : describeEngine(inference, 'speech_to_text', configured.recognition),
    ],
    ['language model', configured.languageModel],
    [
      'calls',
      plane === null ? 'unknown: the control plane does not answer' : `${readGauge(plane, 'centralita_calls_live') ?? 'unknown'} up`,
    ],
    ['metrics', `${prometheusUrl(facts)} (Prometheus, from this machine alone), alerts at /alerts`],
    ['boards', NO_GRAFANA],
    ['test call', testCall ? `passed ${testCall.at}` : 'never passed'],
  ];
  return {
    isReady: faults.every(([, answer]) => answer === 'ready'),
    lines: rows.map(([label, text]) => `${label.padEnd(18)} ${text}`),
  };
}

/** What the inference server says of the engine behind a role; what is configured when it does not answer. */
export function describeEngine(metrics: string | null, role: 'speech_to_text' | 'text_to_speech', configured: string): string {
  if (metrics === null) return `${configured} (configured; the inference server does not answer)`;
  const line = metrics.split('\n').find((text) => text.startsWith('centralita_inference_engine_info{') && text.includes(`model="${role}"`));
  const engine = /engine="([^"]+)"/.exec(line ?? '')?.[1];
  if (line === undefined || engine === undefined) return `${configured} (configured; the inference server names no engine)`;
  const purpose = configured.startsWith(engine) ? configured : engine;
  return line.endsWith(' 1') ? purpose : `${purpose}; NOT READY, the log of cpu-server says why`;
}

/** The value of a series without labels in Prometheus' text form. */
export function readGauge(metrics: string, name: string): number | null {
  const value = new RegExp(`^${name} (\\d+(?:\\.\\d+)?)$`, 'm').exec(metrics)?.[1];
  return value === undefined ? null : Number(value);
}

async function listFaults(facts: Facts, appliance: Appliance): Promise<readonly (readonly [string, string])[]> {
  return await Promise.all(
    SERVICE_NAMES.map(async (name) => {
      const fault = facts.services[name] === 'RUNNING' ? await probeService(facts, appliance, name) : facts.services[name];
      return [name, fault === null ? 'ready' : `NOT READY: ${fault}`] as const;
    }),
  );
}

async function readMetrics(url: string): Promise<string | null> {
  try {
    const response = await fetch(url, { signal: AbortSignal.timeout(METRICS_TIMEOUT_MS) });
    const text = await response.text();
    return response.ok ? text : null;
  } catch {
    // The line of its service says what is wrong.
    return null;
  }
}
