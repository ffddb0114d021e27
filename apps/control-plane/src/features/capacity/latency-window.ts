// The last minutes of something that takes time: how long it took on average and at worst, without keeping more than is needed.

/** Latencies by the time at which they were observed, ms. */
export type LatencyWindow = {
  observe(latencyMs: number, atMs: number): void;
  /** Over the last `overMs`; null when there was nothing. */
  read(options: { overMs: number; atMs: number }): { readonly count: number; readonly meanMs: number; readonly p95Ms: number } | null;
};

/** Observations kept: five minutes of 100 calls with a turn every 8 s are 3,750. When there are more, the oldest go. */
const MAX_KEPT = 4_096;

export function openLatencyWindow(): LatencyWindow {
  const latencies = new Float64Array(MAX_KEPT);
  const observedAt = new Float64Array(MAX_KEPT);
  let count = 0;
  return {
    observe(latencyMs, atMs) {
      latencies[count % MAX_KEPT] = latencyMs;
      observedAt[count % MAX_KEPT] = atMs;
      count += 1;
    },
    read({ overMs, atMs }) {
      const recent: number[] = [];
      for (let index = count - 1; index >= Math.max(0, count - MAX_KEPT); index--) {
        if ((observedAt[index % MAX_KEPT] as number) < atMs - overMs) break;
        recent.push(latencies[index % MAX_KEPT] as number);
      }
      if (recent.length === 0) return null;
      recent.sort((a, b) => a - b);
      const meanMs = recent.reduce((sum, latencyMs) => sum + latencyMs, 0) / recent.length;
      return { count: recent.length, meanMs, p95Ms: recent[Math.ceil(recent.length * 0.95) - 1] as number };
    },
  };
}
