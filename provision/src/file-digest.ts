/** Size and SHA-256 of a file: what every manifest of ours (models, backups, bundles) says of its files, computed in one way. */
import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';

export type FileDigest = { readonly bytes: number; readonly sha256: string };

/** Pieces are read of this size: beyond it hashing gets no faster. */
const PIECE_BYTES = 1024 * 1024;

/** Reads the file in pieces; `onBytes` is told the size of each. Throws when it cannot be read, or when `signal` aborts between two pieces. */
export async function digestFile(
  path: string,
  { signal, onBytes }: { readonly signal?: AbortSignal; readonly onBytes?: (bytes: number) => void } = {},
): Promise<FileDigest> {
  const hash = createHash('sha256');
  let bytes = 0;
  for await (const piece of createReadStream(path, { highWaterMark: PIECE_BYTES, ...(signal ? { signal } : {}) })) {
    hash.update(piece as Buffer);
    bytes += (piece as Buffer).byteLength;
    onBytes?.((piece as Buffer).byteLength);
  }
  return { bytes, sha256: hash.digest('hex') };
}
