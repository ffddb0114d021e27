// What lies in a model's folder: cheap to look at, and exact when it has changed.
import { createHash } from 'node:crypto';
import { open, readdir, realpath, stat } from 'node:fs/promises';
import { join } from 'node:path';

/** Read at a time while a digest is made: a millisecond of hashing, so that requests are served between two. */
const BLOCK_BYTES = 1024 * 1024;

/** Names, sizes and times of all files, links followed; null when the folder cannot be read. Costs no reading of weights. */
export async function folderFingerprint(folder: string): Promise<string | null> {
  try {
    const files = await filesIn(folder);
    const lines = await Promise.all(
      files.map(async (file) => {
        const { size, mtimeMs, ino } = await stat(join(folder, file));
        return `${file} ${size} ${mtimeMs} ${ino}`;
      }),
    );
    // A link that is turned to another folder is a change, even when all sizes and times agree.
    return [await realpath(folder), ...lines].join('\n');
  } catch {
    return null;
  }
}

/** SHA-256 over names and contents of all files: equal for a folder that was only touched or copied. @throws when a file cannot be read. */
export async function folderDigest(folder: string, signal: AbortSignal): Promise<string> {
  const hash = createHash('sha256');
  const block = Buffer.allocUnsafe(BLOCK_BYTES);
  for (const file of await filesIn(folder)) {
    await using handle = await open(join(folder, file));
    hash.update(`${file}\0${(await handle.stat()).size}\0`);
    for (;;) {
      signal.throwIfAborted();
      const { bytesRead } = await handle.read(block, 0, BLOCK_BYTES);
      if (bytesRead === 0) break;
      hash.update(block.subarray(0, bytesRead));
    }
  }
  return hash.digest('hex');
}

async function filesIn(folder: string): Promise<readonly string[]> {
  // What is hidden is not part of a model: a download that is under way lies in `.incoming`.
  const names = (await readdir(folder, { recursive: true })).filter((name) => !/(^|\/)\./.test(name));
  const kept = await Promise.all(names.map(async (name) => ((await stat(join(folder, name))).isFile() ? name : null)));
  return kept.filter((name) => name !== null).toSorted();
}
