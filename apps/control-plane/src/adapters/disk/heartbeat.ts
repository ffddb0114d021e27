// Until when this process lived, on the disk: the next one tells from it how long nobody was there. Who beats also knows when he could not, and when the
// clock was set.
import { mkdir, open, stat, utimes } from 'node:fs/promises';
import { join } from 'node:path';
import type { Log } from '#shared/log.ts';
import { loggableError } from '#shared/loggable-error.ts';

/** How exactly the instant of death is known. */
const BEAT_MS = 250;
/** A time service that slews moves the clock by half a thousandth; what is more than this between two beats was a jump. */
const JUMP_MS = 1_000;
/** A beat that is later than this: every caller heard nothing of us for as long. */
const STALL_MS = 1_000;

/** A heartbeat that beats until it is disposed. */
export type Heartbeat = Disposable & {
  /** When the process before this one last lived; null when there was none. */
  readonly lastAliveAt: Date | null;
  /** How long the event loop stood still so far, ms, of each time that was over a second. */
  stoodStillMs(): number;
  /** How often the wall clock was set so far, by more than a second. */
  clockJumps(): number;
};

/** `nowMs` is monotonic. */
type HeartbeatOptions = { readonly folder: string; readonly log: Log; readonly nowMs?: () => number };

/** Starts to beat in `folder`, which is made when it is not there. A disk that fails costs only the next process's knowledge. */
export async function startHeartbeat({ folder, log, nowMs = () => performance.now() }: HeartbeatOptions): Promise<Heartbeat> {
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const file = join(folder, 'alive');
  const lastAliveAt = await stat(file).then(
    ({ mtime }) => mtime,
    () => null,
  );
  await (await open(file, 'a', 0o600)).close();
  let isFailing = false;
  let [stoodStillMs, clockJumps] = [0, 0];
  let before = { wallMs: Date.now(), atMs: nowMs() };
  const beat = (): void => {
    const now = new Date();
    const atMs = nowMs();
    const lateMs = Math.round(atMs - before.atMs - BEAT_MS);
    const aheadMs = Math.round(now.getTime() - before.wallMs - (atMs - before.atMs));
    before = { wallMs: now.getTime(), atMs };
    if (lateMs > STALL_MS) {
      stoodStillMs += lateMs;
      log.warn({ lateMs }, 'the event loop stood still: nothing was heard and nothing said meanwhile');
    }
    if (Math.abs(aheadMs) > JUMP_MS) {
      clockJumps += 1;
      log.warn({ aheadMs }, 'the wall clock was set: times of rows and tokens jump, calls and timers do not');
    }
    utimes(file, now, now).then(
      () => (isFailing = false),
      (error: unknown) => {
        if (!isFailing) log.warn({ file, error: loggableError(error) }, 'the heartbeat cannot be written');
        isFailing = true;
      },
    );
  };
  beat();
  const timer = setInterval(beat, BEAT_MS);
  timer.unref();
  return { lastAliveAt, stoodStillMs: () => stoodStillMs, clockJumps: () => clockJumps, [Symbol.dispose]: () => clearInterval(timer) };
}
