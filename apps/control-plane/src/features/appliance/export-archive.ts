// An export's file: a .tar.gz that is written by stream, and is there whole or not at all.
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { createReadStream, createWriteStream } from 'node:fs';
import { mkdir, open, rename, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createGzip } from 'node:zlib';
import type { Pack } from 'tar-stream';
import { pack } from 'tar-stream';

/** A file of the archive, as the manifest lists it. */
export type ArchivedFile = { readonly file: string; readonly bytes: number; readonly sha256: string };
/** The archive itself. */
export type WrittenArchive = { readonly file: string; readonly bytes: number; readonly sha256: string };

/** An archive that is being written. */
export type ArchiveWriter = {
  /** Adds lines of JSON as one file, and says how many there were. */
  addLines(name: string, lines: AsyncIterable<string>): Promise<ArchivedFile & { readonly rows: number }>;
  /** Adds `bytes` bytes of a stream. Throws when it holds another number of them. */
  addStream(name: string, source: { bytes: number; content: AsyncIterable<Uint8Array> }): Promise<ArchivedFile>;
  addText(name: string, text: string): Promise<ArchivedFile>;
};

/** Recordings hardly get smaller: the fastest level costs a tenth of the default's time. */
const GZIP_LEVEL = 1;

/** The name of an organization's export, such as `acme-20261121T100000000Z.tar.gz`. */
export function exportFileName(slug: string, exportedAt: Date): string {
  return `${slug}-${exportedAt.toISOString().replaceAll(/[-:.]/g, '')}.tar.gz`;
}

/** Whether a file of the folder is an export. */
export function isExportFile(name: string): boolean {
  return /^[a-z][a-z0-9-]{1,31}-\d{8}T\d{9}Z\.tar\.gz$/.test(name);
}

/** Whether a file of the folder is what `writeArchive` works on. */
export function isUnfinishedExport(name: string): boolean {
  const [, file] = /^\.(.+)\.(?:partial|rows)$/.exec(name) ?? [];
  return file !== undefined && isExportFile(file);
}

/**
 * Writes `folder`/`file`. `fill` adds what is in it; the archive appears under its name once all of it is on the disk. On a failure, and when
 * `signal` aborts, nothing is left.
 */
export async function writeArchive(
  { folder, file, signal }: { folder: string; file: string; signal: AbortSignal },
  fill: (writer: ArchiveWriter) => Promise<void>,
): Promise<WrittenArchive> {
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const partial = join(folder, `.${file}.partial`);
  const tar = pack();
  // Whatever breaks first, the disk or the source, ends the other.
  const broken = new AbortController();
  const stopped = AbortSignal.any([signal, broken.signal]);
  const hash = createHash('sha256');
  let bytes = 0;
  async function* measured(chunks: AsyncIterable<Buffer>) {
    for await (const chunk of chunks) {
      hash.update(chunk);
      bytes += chunk.length;
      yield chunk;
    }
  }
  const target = createWriteStream(partial, { mode: 0o600, flush: true });
  const written = pipeline(Readable.from(tar), createGzip({ level: GZIP_LEVEL }), measured, target, { signal: stopped });
  written.catch((error: unknown) => broken.abort(error));
  try {
    await fill(createWriter({ tar, folder, file, signal: stopped }));
    tar.finalize();
    await written;
    await rename(partial, join(folder, file));
    await using directory = await open(folder, 'r');
    await directory.sync();
    return { file, bytes, sha256: hash.digest('hex') };
  } catch (error) {
    broken.abort(error);
    await written.catch(() => {});
    await rm(partial, { force: true });
    throw error;
  }
}

type WriterParts = { readonly tar: Pack; readonly folder: string; readonly file: string; readonly signal: AbortSignal };

function createWriter({ tar, folder, file, signal }: WriterParts): ArchiveWriter {
  return {
    async addStream(name, { bytes, content }) {
      return { file: name, bytes, sha256: await addEntry({ tar, name, size: bytes, signal }, content) };
    },
    async addText(name, text) {
      const content = Buffer.from(text);
      return { file: name, bytes: content.length, sha256: await addEntry({ tar, name, size: content.length, signal }, [content]) };
    },
    async addLines(name, lines) {
      // A tar says the size before the content.
      const staged = join(folder, `.${file}.rows`);
      let rows = 0;
      async function* counted() {
        for await (const line of lines) {
          rows += 1;
          yield `${line}\n`;
        }
      }
      try {
        await pipeline(counted, createWriteStream(staged, { mode: 0o600 }), { signal });
        const { size } = await stat(staged);
        return { file: name, bytes: size, rows, sha256: await addEntry({ tar, name, size, signal }, createReadStream(staged)) };
      } finally {
        await rm(staged, { force: true });
      }
    },
  };
}

type Entry = { readonly tar: Pack; readonly name: string; readonly size: number; readonly signal: AbortSignal };

/** Returns the SHA-256 of what was added. */
async function addEntry({ tar, name, size, signal }: Entry, content: AsyncIterable<Uint8Array> | Iterable<Uint8Array>): Promise<string> {
  const hash = createHash('sha256');
  const { promise: added, resolve, reject } = Promise.withResolvers<void>();
  signal.throwIfAborted();
  const giveUp = (): void => reject(signal.reason);
  signal.addEventListener('abort', giveUp, { once: true });
  added.catch(() => {});
  const entry = tar.entry({ name, size, mode: 0o600 }, (error) => (error ? reject(error) : resolve(undefined)));
  // An archive that is given up ends the entry that is being written with an error, which would end the process if nobody listened.
  entry.on('error', reject);
  try {
    for await (const chunk of content) {
      hash.update(chunk);
      if (!entry.write(chunk)) await once(entry, 'drain', { signal });
    }
    entry.end(() => {});
    await added;
  } finally {
    // One signal for an archive of a hundred thousand recordings.
    signal.removeEventListener('abort', giveUp);
  }
  return hash.digest('hex');
}
