// How long requests wait for the models: now, and lately. A queue that stays is told apart from callers who came at once.
import type { ModelReading } from '#ports/resource-probe.ts';
import { GATE_WINDOW_MS } from './admission-gate.ts';
import { openLatencyWindow } from './latency-window.ts';
import { openModelMeter } from './usage-meter.ts';

/**
 * A queue that was there at so many looks in a row, ten seconds of requests, stays. Thirteen callers who came at once made their greetings' later
 * sentences wait for 3 s, of which none of them heard anything, and it was over after 6 s.
 */
const STANDING_LOOKS = 5;

/** One observation for each look at each model that was asked: the mean wait since the look before. Each answer is of the model where it is longest. */
export type QueueWatch = {
  observe(readings: readonly ModelReading[], atMs: number): void;
  /** The shortest wait of the last five looks; null: there are fewer within a minute, which says nothing of the load. */
  standingMs(atMs: number): number | null;
  /** What 95 % of the looks of the last minute did not exceed; null: none. */
  p95Ms(atMs: number): number | null;
};

type Look = { readonly atMs: number; readonly queuedMs: number };
type Waits = { readonly window: ReturnType<typeof openLatencyWindow>; latest: readonly Look[] };

export function openQueueWatch(): QueueWatch {
  const meter = openModelMeter();
  const models = new Map<string, Waits>();
  const longest = (of: (waits: Waits) => number | null): number | null => {
    const found = [...models.values()].flatMap((waits) => of(waits) ?? []);
    return found.length === 0 ? null : Math.max(...found);
  };
  return {
    observe(readings, atMs) {
      for (const { role, queuedMs } of meter(readings, atMs)) {
        const waits = models.get(role) ?? { window: openLatencyWindow(), latest: [] };
        models.set(role, waits);
        if (queuedMs === null) continue;
        waits.window.observe(queuedMs, atMs);
        waits.latest = [...waits.latest, { atMs, queuedMs }].slice(-STANDING_LOOKS);
      }
    },
    standingMs: (atMs) =>
      longest(({ latest }) => {
        const recent = latest.filter((look) => look.atMs >= atMs - GATE_WINDOW_MS);
        return recent.length < STANDING_LOOKS ? null : Math.min(...recent.map(({ queuedMs }) => queuedMs));
      }),
    p95Ms: (atMs) => longest(({ window }) => window.read({ overMs: GATE_WINDOW_MS, atMs })?.p95Ms ?? null),
  };
}
