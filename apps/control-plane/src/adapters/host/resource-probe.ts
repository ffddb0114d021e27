// Measures this server: the machine and its programs through /proc, the models through their servers, graphics processors through NVIDIA's tool.
import { readFile } from 'node:fs/promises';
import { availableParallelism, cpus, freemem, totalmem } from 'node:os';
import type { InferenceRole } from '#ports/inference-error.ts';
import type { HostReading, ModelReading, ProcessReading, ResourceProbe } from '#ports/resource-probe.ts';
import { type MetricsPage, readMetricsPage } from './metrics-page.ts';
import { readGpus } from './nvidia-smi.ts';
import { readParent, readProcessTree } from './process-usage.ts';

export type ResourceProbeOptions = {
  /** Where Asterisk writes its number; null: it runs elsewhere. */
  readonly asteriskPidFile: string | null;
  /** The inference server's page of metrics; null: it has none. */
  readonly inferenceMetricsUrl: string | null;
  /** Requests that each model works on at once, where its server does not say. */
  readonly slots: Readonly<Partial<Record<InferenceRole, number>>>;
  /** The models' counts by their servers. */
  readonly countModels: (options: { signal: AbortSignal }) => Promise<readonly Omit<ModelReading, 'slots'>[]>;
};

/** A machine without the tool is asked for it again after this many readings: a driver may be installed meanwhile. */
const GPU_RETRY_READINGS = 60;

/** Opens the probe; it holds nothing open. */
export function createResourceProbe(options: ResourceProbeOptions): ResourceProbe {
  const { asteriskPidFile, inferenceMetricsUrl } = options;
  const page = async (signal: AbortSignal): Promise<MetricsPage | null> =>
    inferenceMetricsUrl === null ? null : await readMetricsPage(inferenceMetricsUrl, { signal });
  let skippedGpus = GPU_RETRY_READINGS;
  return {
    host: readHost,
    asterisk: async () => (asteriskPidFile === null ? null : await readPidFile(asteriskPidFile)),
    async postgres(backendPid) {
      const server = await readParent(backendPid);
      return server === null ? null : await readProcessTree(server, 'postgres');
    },
    async inference({ signal }) {
      const values = await page(signal);
      const [cpuSeconds, memoryBytes] = [values?.get('process_cpu_seconds_total'), values?.get('process_resident_memory_bytes')];
      return cpuSeconds === undefined || memoryBytes === undefined ? null : { cpuSeconds, memoryBytes };
    },
    async models({ signal }) {
      const [counts, values] = await Promise.all([options.countModels({ signal }), page(signal)]);
      const slotsOf = (role: InferenceRole) => values?.get(`centralita_inference_slots{model="${role}"}`) ?? options.slots[role] ?? null;
      return counts.map((count) => ({ ...count, slots: slotsOf(count.role) }));
    },
    async gpu({ signal }) {
      if (skippedGpus < GPU_RETRY_READINGS) {
        skippedGpus += 1;
        return null;
      }
      const reading = await readGpus({ signal });
      if (reading === null) skippedGpus = 0;
      return reading;
    },
  };
}

function readHost(): HostReading {
  const cpuMs = cpus().reduce((sum, { times }) => sum + times.user + times.nice + times.sys + times.irq, 0);
  const memoryTotalBytes = totalmem();
  return { cores: availableParallelism(), cpuSeconds: cpuMs / 1_000, memoryUsedBytes: memoryTotalBytes - freemem(), memoryTotalBytes };
}

async function readPidFile(path: string): Promise<ProcessReading | null> {
  const pid = Number(await readFile(path, 'utf8').catch(() => ''));
  return pid > 0 ? await readProcessTree(pid, 'asterisk') : null;
}
