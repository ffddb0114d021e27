// The two files of secrets that the provisioner writes: the admin key's hash and the versioned keys. Neither is in the environment.
import { readFile } from 'node:fs/promises';
import type { SecretKeys } from '#shared/secret-keys.ts';
import { openSecretKeys } from '#shared/secret-keys.ts';

/** Reads the SHA-256 of the admin key, again at every call: a rotation replaces the file and needs no restart. */
export async function readAdminKeyHash(path: string): Promise<string> {
  const text = (await readSecret(path, 'ADMIN_KEY_HASH_FILE')).trim().toLowerCase();
  if (!/^[0-9a-f]{64}$/.test(text)) throw new Error(`${path}: must hold the SHA-256 of the admin key in 64 hexadecimal digits`);
  return text;
}

/** Reads the versioned keys: a JSON object such as `{"1": "<64 hexadecimal digits>"}`. Throws, naming the file, when it is not one. */
export async function readSecretKeys(path: string): Promise<SecretKeys> {
  const text = await readSecret(path, 'SECRET_KEYS_FILE');
  try {
    const parsed: unknown = JSON.parse(text);
    if (typeof parsed !== 'object' || parsed === null || !Object.values(parsed).every((value) => typeof value === 'string'))
      throw new Error('must be a JSON object of version to key');
    return openSecretKeys(parsed as Record<string, string>);
  } catch (cause) {
    // A parser's message would quote the secret.
    const reason = cause instanceof SyntaxError ? 'is no JSON' : (cause as Error).message;
    throw new Error(`${path}: ${reason}`);
  }
}

async function readSecret(path: string, variable: string): Promise<string> {
  try {
    return await readFile(path, 'utf8');
  } catch (cause) {
    throw new Error(`the file of ${variable} cannot be read`, { cause });
  }
}
