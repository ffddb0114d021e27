// The passwords that carriers gave us: we must say them again, so they are sealed under a key that is not in the database.
import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto';
import type { SecretKeys } from '#shared/secret-keys.ts';

const ALGORITHM = 'aes-256-gcm';
/** 96 bits, as GCM wants them. Random: 2^32 passwords under one key are safe. */
const NONCE_BYTES = 12;
const TAG_BYTES = 16;

/** Seals a trunk's password, bound to the trunk: `<key version>.<nonce, tag and text in base64url>`. */
export function sealTrunkPassword(keys: SecretKeys, trunkId: string, password: string): string {
  const version = keys.currentVersion;
  const nonce = randomBytes(NONCE_BYTES);
  const cipher = createCipheriv(ALGORITHM, keys.key('trunk-password', version), nonce).setAAD(Buffer.from(trunkId));
  const text = Buffer.concat([cipher.update(password, 'utf8'), cipher.final()]);
  return `${version}.${Buffer.concat([nonce, cipher.getAuthTag(), text]).toString('base64url')}`;
}

/** Opens it. Throws when it was sealed for another trunk, under a key that is gone, or was changed. */
export function openTrunkPassword(keys: SecretKeys, trunkId: string, sealed: string): string {
  const [version = '', text = ''] = sealed.split('.', 2);
  const bytes = Buffer.from(text, 'base64url');
  const [nonce, tag] = [bytes.subarray(0, NONCE_BYTES), bytes.subarray(NONCE_BYTES, NONCE_BYTES + TAG_BYTES)];
  const decipher = createDecipheriv(ALGORITHM, keys.key('trunk-password', Number(version)), nonce, { authTagLength: TAG_BYTES });
  decipher.setAAD(Buffer.from(trunkId)).setAuthTag(tag);
  return Buffer.concat([decipher.update(bytes.subarray(NONCE_BYTES + TAG_BYTES)), decipher.final()]).toString('utf8');
}
