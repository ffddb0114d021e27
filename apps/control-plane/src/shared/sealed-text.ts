// Secrets that somebody gave us and that we must say again: sealed under a key that is not in the database.
import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto';
import type { KeyPurpose, SecretKeys } from './secret-keys.ts';

const ALGORITHM = 'aes-256-gcm';
/** 96 bits, as GCM wants them. Random: 2^32 texts under one key are safe. */
const NONCE_BYTES = 12;
const TAG_BYTES = 16;

/** What a text is sealed for: the purpose chooses the key, and it opens only for the thing with the id `owner`. */
export type Seal = { readonly purpose: KeyPurpose; readonly owner: string };

/** Seals a text: `<key version>.<nonce, tag and text in base64url>`. */
export function sealText(keys: SecretKeys, { purpose, owner }: Seal, text: string): string {
  const version = keys.currentVersion;
  const nonce = randomBytes(NONCE_BYTES);
  const cipher = createCipheriv(ALGORITHM, keys.key(purpose, version), nonce).setAAD(Buffer.from(owner));
  const sealed = Buffer.concat([cipher.update(text, 'utf8'), cipher.final()]);
  return `${version}.${Buffer.concat([nonce, cipher.getAuthTag(), sealed]).toString('base64url')}`;
}

/** Opens it. Throws when it was sealed for another thing, under a key that is gone, or was changed. */
export function openSealedText(keys: SecretKeys, { purpose, owner }: Seal, sealed: string): string {
  const [version = '', text = ''] = sealed.split('.', 2);
  const bytes = Buffer.from(text, 'base64url');
  const [nonce, tag] = [bytes.subarray(0, NONCE_BYTES), bytes.subarray(NONCE_BYTES, NONCE_BYTES + TAG_BYTES)];
  const decipher = createDecipheriv(ALGORITHM, keys.key(purpose, Number(version)), nonce, { authTagLength: TAG_BYTES });
  decipher.setAAD(Buffer.from(owner)).setAuthTag(tag);
  return Buffer.concat([decipher.update(bytes.subarray(NONCE_BYTES + TAG_BYTES)), decipher.final()]).toString('utf8');
}
