// Recordings as the telephone system leaves them: WAV files in one folder. A row's path is believed only as far as it stays in there.
import { constants } from 'node:fs';
import type { FileHandle } from 'node:fs/promises';
import { open, realpath, rm } from 'node:fs/promises';
import { sep } from 'node:path';
import { Readable } from 'node:stream';
import type { OpenRecording, RecordingStorage } from '#ports/recording-storage.ts';

/** `RIFF`, four bytes of length, `WAVE`. */
const MAGIC_BYTES = 12;

/** The storage over `folder`. It need not exist yet: then it holds nothing. */
export function createRecordingStorage({ folder }: { folder: string }): RecordingStorage {
  return {
    async measure(path) {
      await using recording = await openWav(folder, path);
      return recording?.bytes ?? null;
    },
    open: (path) => openWav(folder, path),
    async remove(path) {
      const file = await openInside(folder, path);
      if (file === null) return false;
      await file.close();
      await rm(path, { force: true });
      return true;
    },
  };
}

async function openWav(folder: string, path: string): Promise<OpenRecording | null> {
  const file = await openInside(folder, path);
  if (file === null) return null;
  try {
    const { size, mtime } = await file.stat();
    if (await isWav(file)) return openRecording(file, { bytes: size, modifiedAt: mtime });
  } catch (error) {
    await file.close();
    throw error;
  }
  await file.close();
  return null;
}

function openRecording(file: FileHandle, about: { bytes: number; modifiedAt: Date }): OpenRecording {
  let isHandedOver = false;
  const { promise: closed, resolve } = Promise.withResolvers<void>();
  return {
    ...about,
    closed,
    read({ firstByte, lastByte }, { signal }) {
      isHandedOver = true;
      const stream = file.createReadStream({ start: firstByte, end: lastByte, signal }).once('close', () => resolve());
      return Readable.toWeb(stream) as ReadableStream<Uint8Array>;
    },
    async [Symbol.asyncDispose]() {
      if (isHandedOver) return;
      await file.close();
      resolve();
    },
  };
}

/** Null when the path leads nowhere, out of the folder, or to what is no file. Links are followed before they are judged. */
async function openInside(folder: string, path: string): Promise<FileHandle | null> {
  try {
    const [inside, real] = await Promise.all([realpath(folder), realpath(path)]);
    if (!real.startsWith(inside + sep)) return null;
    // Not blocking: a pipe of that name would never open.
    const file = await open(real, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
    if ((await file.stat()).isFile()) return file;
    await file.close();
    return null;
  } catch (error) {
    if (isGone(error)) return null;
    throw error;
  }
}

async function isWav(file: FileHandle): Promise<boolean> {
  const { buffer, bytesRead } = await file.read(Buffer.alloc(MAGIC_BYTES), 0, MAGIC_BYTES, 0);
  return bytesRead === MAGIC_BYTES && buffer.toString('latin1', 0, 4) === 'RIFF' && buffer.toString('latin1', 8, 12) === 'WAVE';
}

/** A part of the path is missing, is no folder, or is a link; a path with a NUL byte is none either. */
function isGone(error: unknown): boolean {
  const code = error instanceof Error && 'code' in error ? error.code : null;
  return code === 'ENOENT' || code === 'ENOTDIR' || code === 'ELOOP' || code === 'ENXIO' || code === 'ERR_INVALID_ARG_VALUE';
}
