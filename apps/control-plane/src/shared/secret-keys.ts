// The keys that are not in the database: one secret per version, from which each purpose gets a key of its own.
import { createHmac, hkdfSync } from 'node:crypto';

/** What a key is for. Keys of two purposes have nothing in common. */
export type KeyPurpose = 'api-token' | 'audit' | 'recording-url' | 'trunk-password' | 'http-tool-secret';

/** Versioned keys. New things are made under the current version; old ones are checked under theirs. */
export type SecretKeys = {
  readonly currentVersion: number;
  /** Newest first. */
  readonly versions: readonly number[];
  /** 32 bytes. Throws for a version that there is no secret of: what was made under it cannot be checked. */
  key(purpose: KeyPurpose, version: number): Buffer;
};

/** What the secrets' file holds: version -> 64 hexadecimal digits; the highest version is current. */
export type SecretKeyTexts = Readonly<Record<string, string>>;

/** Keys from the texts of the file. Throws, naming the version, when one is not what it should be. */
export function openSecretKeys(texts: SecretKeyTexts): SecretKeys {
  const secrets = new Map<number, Buffer>();
  for (const [version, text] of Object.entries(texts)) {
    if (!/^[1-9][0-9]{0,4}$/.test(version)) throw new Error(`secret key version "${version}" must be a whole number from 1 to 99999`);
    if (!/^[0-9a-f]{64}$/.test(text)) throw new Error(`secret key of version ${version} must be 64 lower-case hexadecimal digits`);
    secrets.set(Number(version), Buffer.from(text, 'hex'));
  }
  const versions = [...secrets.keys()].toSorted((a, b) => b - a);
  const [currentVersion] = versions;
  if (currentVersion === undefined) throw new Error('there is no secret key');
  const derived = new Map<string, Buffer>();
  return {
    currentVersion,
    versions,
    key(purpose, version) {
      const name = `${purpose} ${version}`;
      const known = derived.get(name);
      if (known) return known;
      const secret = secrets.get(version);
      if (!secret) throw new Error(`there is no secret key of version ${version}; put it back into the file of SECRET_KEYS_FILE`);
      const key = Buffer.from(hkdfSync('sha256', secret, '', `centralita ${purpose}`, 32));
      derived.set(name, key);
      return key;
    },
  };
}

/** HMAC-SHA256 in 64 hexadecimal digits. */
export function hmacHex(key: Buffer, text: string): string {
  return createHmac('sha256', key).update(text).digest('hex');
}
