/** What a release says of itself in `release.json`: its files, its migrations, and from which release on one may go to it. */
import { createPublicKey, sign, verify } from 'node:crypto';
import type { KeyObject } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { digestFiles, hashReleaseFiles } from './release-files.ts';
import type { FileDigests } from './release-files.ts';

export const MANIFEST_FILE = 'release.json';
/** Ed25519 over the bytes of the manifest, in base64. */
export const SIGNATURE_FILE = 'release.json.sig';
const MIGRATIONS = 'apps/control-plane/src/db/migrations';
const version = z.string().regex(/^\d+\.\d+\.\d+(-[0-9A-Za-z.-]+)?$/, 'must be a version such as 1.2.3');

const manifestSchema = z.object({
  format: z.literal(1),
  version,
  /** SHA-256 over all files. */
  digest: z.string().regex(/^[0-9a-f]{64}$/),
  /** Oldest release that this one can take over from. */
  minimumPrevious: version,
  /** Names of the database's migrations, in order. */
  migrations: z.array(z.string()),
  files: z.record(z.string(), z.string().regex(/^[0-9a-f]{64}$/)),
});

export type ReleaseManifest = z.infer<typeof manifestSchema>;

const packageSchema = z.object({ version, centralita: z.object({ minimumPrevious: version }).optional() });

/** Folder name of a release: readable, and different for every change. */
export function releaseId({ version: name, digest }: Pick<ReleaseManifest, 'version' | 'digest'>): string {
  return `${name}-${digest.slice(0, 12)}`;
}

/** Describes the tree as it is. */
export async function describeRelease(tree: string): Promise<ReleaseManifest> {
  const file = join(tree, 'package.json');
  const parsed = packageSchema.safeParse(JSON.parse(await readFile(file, 'utf8')));
  if (!parsed.success) throw new Error(`${file}: ${z.prettifyError(parsed.error)}`);
  const files = await hashReleaseFiles(tree);
  const names = await readdir(join(tree, MIGRATIONS)).catch((): string[] => []);
  return {
    format: 1,
    version: parsed.data.version,
    digest: digestFiles(files),
    minimumPrevious: parsed.data.centralita?.minimumPrevious ?? parsed.data.version,
    migrations: names.filter((name) => name.endsWith('.sql')).toSorted(),
    files,
  };
}

/** The manifest's text, as it is written and signed. */
export function renderManifest(manifest: ReleaseManifest): string {
  return `${JSON.stringify(manifest, null, 2)}\n`;
}

/** Parses a manifest. Throws naming the file and what is wrong. */
export function parseManifest(text: string, path: string): ReleaseManifest {
  try {
    return manifestSchema.parse(JSON.parse(text));
  } catch (cause) {
    throw new Error(`${path}: not a release's manifest`, { cause });
  }
}

/** The files that differ from the manifest, in words; none when the tree is whole. */
export function listDamage(manifest: Pick<ReleaseManifest, 'files'>, found: FileDigests): readonly string[] {
  const names = new Set([...Object.keys(manifest.files), ...Object.keys(found)]);
  return [...names].toSorted().flatMap((name) => {
    if (found[name] === undefined) return [`${name} is missing`];
    if (manifest.files[name] === undefined) return [`${name} does not belong to the release`];
    return found[name] === manifest.files[name] ? [] : [`${name} has another content`];
  });
}

/** Signs text with an Ed25519 private key. */
export function signText(text: string, privateKey: KeyObject): string {
  return sign(null, Buffer.from(text), privateKey).toString('base64');
}

/** Whether the signature is that of the public key (32 bytes in base64, as `RELEASE_PUBLIC_KEY` says it). */
export function isSignedBy(text: string, signature: string, publicKey: string): boolean {
  const key = createPublicKey({
    key: { kty: 'OKP', crv: 'Ed25519', x: Buffer.from(publicKey, 'base64').toString('base64url') },
    format: 'jwk',
  });
  return verify(null, Buffer.from(text), key, Buffer.from(signature.trim(), 'base64'));
}

/** The 32 bytes of an Ed25519 key's public half in base64, for `RELEASE_PUBLIC_KEY`. */
export function publicKeyText(key: KeyObject): string {
  const { x } = createPublicKey(key).export({ format: 'jwk' });
  return Buffer.from(x ?? '', 'base64url').toString('base64');
}

/** Order of two versions, as semantic versioning has it but for the order of two pre-releases, which is that of their text. */
export function compareVersions(left: string, right: string): number {
  const parse = (text: string): { readonly numbers: readonly number[]; readonly pre: string } => {
    const [numbers = '', ...pre] = text.split('-');
    return { numbers: numbers.split('.').map(Number), pre: pre.join('-') };
  };
  const [a, b] = [parse(left), parse(right)];
  for (let index = 0; index < 3; index += 1) {
    const difference = (a.numbers[index] ?? 0) - (b.numbers[index] ?? 0);
    if (difference !== 0) return difference;
  }
  if (a.pre === b.pre) return 0;
  if (a.pre === '') return 1;
  if (b.pre === '') return -1;
  return a.pre < b.pre ? -1 : 1;
}
