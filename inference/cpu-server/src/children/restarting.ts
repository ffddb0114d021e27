// An engine that outlives its process: when one dies, its requests fail and another is started.
import { setTimeout as sleep } from 'node:timers/promises';
import { RequestRefused, type ModelState } from '#server/role-model.ts';

/** Something that runs until it dies. */
export interface Mortal extends AsyncDisposable {
  /** Why it no longer runs; null while it does. */
  readonly death: string | null;
  /** Resolves with the reason when it dies, disposed ones too. */
  readonly died: Promise<string>;
}

/** The present run of an engine. */
export interface Restarting<Engine> extends AsyncDisposable {
  state(): ModelState;
  /** @throws RequestRefused while none runs. */
  engine(): Engine;
}

/** An engine that dies at every request must not cost a start each; one that dies at its start is tried less and less often. */
const MIN_RESTART_MS = 5_000;
const MAX_RESTART_MS = 60_000;

/** How long after its start the next one may come. */
export interface RestartPace {
  readonly minMs: number;
  readonly maxMs: number;
}

/** Starts the engine. @throws when its first run cannot start: wrong files stay wrong. */
export async function openRestarting<Engine extends Mortal>(
  start: () => Promise<Engine>,
  pace: RestartPace = { minMs: MIN_RESTART_MS, maxMs: MAX_RESTART_MS },
): Promise<Restarting<Engine>> {
  const closing = new AbortController();
  let startedAt = performance.now();
  let current: Engine = await start();
  let fault: string | null = null;

  const keepAlive = async (): Promise<void> => {
    let waitMs = pace.minMs;
    for (;;) {
      if (fault === null) {
        fault = await current.died;
        waitMs = pace.minMs;
      }
      if (closing.signal.aborted) return;
      await sleep(Math.max(0, startedAt + waitMs - performance.now()), undefined, { signal: closing.signal });
      startedAt = performance.now();
      try {
        const next = await start();
        if (closing.signal.aborted) return await next[Symbol.asyncDispose]();
        current = next;
        fault = null;
      } catch (cause) {
        fault = cause instanceof Error ? cause.message : String(cause);
        waitMs = Math.min(pace.maxMs, waitMs * 2);
      }
    }
  };
  // Ends by the closing signal only.
  const kept = keepAlive().catch(() => undefined);

  return {
    state: () => {
      const reason = fault ?? current.death;
      return reason === null ? { kind: 'ready' } : { kind: 'unavailable', reason };
    },
    engine: () => {
      const reason = fault ?? current.death;
      if (reason !== null) throw new RequestRefused('unavailable', `its engine is being started again: ${reason}`);
      return current;
    },
    [Symbol.asyncDispose]: async () => {
      closing.abort();
      await current[Symbol.asyncDispose]();
      await kept;
    },
  };
}
