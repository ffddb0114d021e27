/**
 * How a backup is closed and opened: the format of age, in authenticated pieces of 64 KiB, so that a file of any size streams and a
 * change of any byte is found. The recipient encrypts, the identity opens; an operator can open a backup with the `age` program alone.
 */
import { Decrypter, Encrypter, generateX25519Identity, identityToRecipient } from 'age-encryption';
import { createReadStream, createWriteStream } from 'node:fs';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { ReadableStream as WebStream } from 'node:stream/web';

/** What keeps `AGE-SECRET-KEY-1…` apart from anything else. */
export const BACKUP_KEY_PATTERN = /^AGE-SECRET-KEY-1[0-9A-Z]{58}$/;

/** A new key, in the form that the `age` program reads. */
export async function makeBackupKey(): Promise<string> {
  return await generateX25519Identity();
}

/** Encrypts `source` into the file. */
export async function encryptTo(options: {
  readonly path: string;
  readonly source: Readable;
  readonly key: string;
  readonly signal: AbortSignal;
}): Promise<void> {
  const encrypter = new Encrypter();
  encrypter.addRecipient(await identityToRecipient(options.key));
  const encrypted = await encrypter.encrypt(Readable.toWeb(options.source) as ReadableStream<Uint8Array>);
  const target = createWriteStream(options.path, { mode: 0o600, flags: 'wx' });
  await pipeline(Readable.fromWeb(encrypted as WebStream<Uint8Array>), target, { signal: options.signal });
}

/** Opens the file. Throws when it is no backup, when the key is another's; the stream breaks where a byte was changed. */
export async function openEncrypted(path: string, key: string): Promise<Readable> {
  const decrypter = new Decrypter();
  decrypter.addIdentity(key);
  const source = Readable.toWeb(createReadStream(path)) as ReadableStream<Uint8Array>;
  try {
    return Readable.fromWeb((await decrypter.decrypt(source)) as WebStream<Uint8Array>);
  } catch (cause) {
    throw new Error(`${path}: cannot be opened: it is damaged, or it was made with another backup key`, { cause });
  }
}
