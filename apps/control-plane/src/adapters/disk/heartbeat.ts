// Until when this process lived, on the disk: the next one tells from it how long nobody was there.
import { mkdir, open, stat, utimes } from 'node:fs/promises';
import { join } from 'node:path';
import type { Log } from '#shared/log.ts';
import { loggableError } from '#shared/loggable-error.ts';

/** How exactly the instant of death is known. */
const BEAT_MS = 250;

/** A heartbeat that beats until it is disposed. */
export type Heartbeat = Disposable & {
  /** When the process before this one last lived; null when there was none. */
  readonly lastAliveAt: Date | null;
};

/** Starts to beat in `folder`, which is made when it is not there. A disk that fails costs only the next process's knowledge. */
export async function startHeartbeat({ folder, log }: { folder: string; log: Log }): Promise<Heartbeat> {
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const file = join(folder, 'alive');
  const lastAliveAt = await stat(file).then(
    ({ mtime }) => mtime,
    () => null,
  );
  await (await open(file, 'a', 0o600)).close();
  let isFailing = false;
  const beat = (): void => {
    const now = new Date();
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
  return { lastAliveAt, [Symbol.dispose]: () => clearInterval(timer) };
}
