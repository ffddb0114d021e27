// Sees when a model's folder holds other weights. Looks instead of being told: the kernel's notices do not cross every network file system.
import { setTimeout as sleep } from 'node:timers/promises';
import { folderDigest, folderFingerprint } from './folder-state.ts';

/** What is watched and what is done. */
export interface FolderWatchOptions {
  /** The folder of now; null while the role has none. */
  readonly folder: () => string | null;
  readonly everyMs: number;
  /** Called when the content has changed and then been still for one interval. Its errors are its own to tell. */
  readonly onChange: (folder: string) => Promise<void>;
}

/** Watches until disposed. */
export function watchFolder(options: FolderWatchOptions): AsyncDisposable {
  const closing = new AbortController();
  // Ends by the closing signal only.
  const watched = watch(options, closing.signal).catch(() => undefined);
  return {
    [Symbol.asyncDispose]: async () => {
      closing.abort();
      await watched;
    },
  };
}

async function watch({ folder, everyMs, onChange }: FolderWatchOptions, signal: AbortSignal): Promise<void> {
  let known = await seen(folder(), signal);
  let before = known.fingerprint;
  for (;;) {
    await sleep(everyMs, undefined, { signal });
    const path = folder();
    const fingerprint = path === null ? null : await folderFingerprint(path);
    const isStill = fingerprint === before;
    before = fingerprint;
    // Not there, unchanged, or still being written.
    if (path === null || fingerprint === null || fingerprint === known.fingerprint || !isStill) continue;
    const now = await seen(path, signal);
    const isOther = now.digest !== known.digest;
    known = now;
    // Whatever comes of it: the same bad files are not loaded again and again.
    if (isOther) await onChange(path);
  }
}

async function seen(folder: string | null, signal: AbortSignal): Promise<{ fingerprint: string | null; digest: string | null }> {
  const fingerprint = folder === null ? null : await folderFingerprint(folder);
  if (folder === null || fingerprint === null) return { fingerprint, digest: null };
  // A file that goes while it is read makes another fingerprint, which is looked at next time.
  const digest = await folderDigest(folder, signal).catch(() => null);
  return { fingerprint, digest };
}
