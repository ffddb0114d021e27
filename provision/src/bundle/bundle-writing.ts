/** What making a bundle is in every runtime: the folder that the parts are gathered in, the release, the manifest with every digest, the signature, the one file. */
import { createPrivateKey } from 'node:crypto';
import { mkdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { runCommand } from '#command.ts';
import type { Facts } from '#facts.ts';
import { digestFile } from '#file-digest.ts';
import { toGib } from '#gibibytes.ts';
import { parseVerbArguments } from '#lifecycle/arguments.ts';
import { modelsFolder } from '#models/models-folder.ts';
import { isThere } from '#path-presence.ts';
import { EXIT, ObstacleError, UsageError } from '#place.ts';
import { MANIFEST_FILE, publicKeyText, SIGNATURE_FILE, signText } from '#releases/release-manifest.ts';
import { BUNDLE_MANIFEST, BUNDLE_SIGNATURE, BUNDLE_SUMS, INSTALLER, PARTS, renderSums } from './bundle-manifest.ts';
import type { BundleManifest } from './bundle-manifest.ts';
import { INSTALLER_SCRIPT } from './installer.ts';
import { listNpmPackages } from './software-list.ts';

export const BUNDLE_TIMEOUT_MS = 1_800_000;

type Signer = { readonly sign: (text: string) => string; readonly publicKey: string };

/** What the operator asked for. */
type BundleWishes = { readonly out: string; readonly sign: Signer | null };

/** Where a bundle is being made. */
export type Making = {
  readonly folder: string;
  readonly facts: Facts;
  /** The checkout, which has what a release has not: the docs. */
  readonly repository: string;
  readonly sign: Signer | null;
  readonly signal: AbortSignal;
};

type BundleOrder = Omit<Making, 'folder' | 'sign'> & { readonly wishes: BundleWishes; readonly floorBytes: number };

/** The release that goes into it, and where its folder is. */
export type BundledRelease = { readonly id: string; readonly version: string; readonly releases: string };

/** What a runtime put into the folder. */
export type MadeParts = Pick<BundleManifest, 'runtime' | 'images'> & {
  readonly names: readonly string[];
  readonly release: BundledRelease;
};

/** Reads what follows `--bundle`. Throws before anything is made. */
export async function parseBundleWishes(args: readonly string[]): Promise<BundleWishes> {
  const { values, positionals } = parseVerbArguments(args, { 'sign-key': { type: 'string' } }, 1);
  const out = positionals[0];
  if (out === undefined) throw new UsageError('--bundle needs the file to write');
  return { out: resolve(out), sign: await readSigner(values['sign-key']) };
}

async function readSigner(path: string | undefined): Promise<Signer | null> {
  if (path === undefined) return null;
  try {
    const key = createPrivateKey(await readFile(path, 'utf8'));
    if (key.asymmetricKeyType !== 'ed25519') throw new Error(`a key of the kind ${String(key.asymmetricKeyType)}`);
    return { sign: (text) => signText(text, key), publicKey: publicKeyText(key) };
  } catch (cause) {
    throw new ObstacleError(`${path}: must be an Ed25519 private key as openssl genpkey -algorithm ed25519 writes it`, { cause });
  }
}

/** Has `make` fill a folder, and writes what is in it as the one file that was wished for: whole, or not at all. */
export async function writeBundle(
  { wishes, floorBytes, ...order }: BundleOrder,
  make: (making: Making) => Promise<MadeParts>,
): Promise<number> {
  const { facts, signal } = order;
  const { out, sign } = wishes;
  if (facts.machine.diskFreeBytes < floorBytes)
    throw new ObstacleError(`${toGib(facts.machine.diskFreeBytes)} GiB free below ${facts.home}: a bundle needs ${toGib(floorBytes)}`);
  const folder = join(facts.home, 'bundle.staging');
  await rm(folder, { recursive: true, force: true });
  await mkdir(folder, { mode: 0o700 });
  try {
    const made = await make({ ...order, folder, sign });
    await writeFile(join(folder, INSTALLER), INSTALLER_SCRIPT, { mode: 0o755 });
    const manifest = await writeManifest({ folder, facts }, made);
    const text = await readFile(join(folder, BUNDLE_MANIFEST), 'utf8');
    if (sign) await writeFile(join(folder, BUNDLE_SIGNATURE), `${sign.sign(text)}\n`);
    const head = [INSTALLER, BUNDLE_MANIFEST, ...(sign ? [BUNDLE_SIGNATURE] : []), BUNDLE_SUMS];
    await runCommand(['tar', '--create', '-f', `${out}.part`, '-C', folder, ...head, ...made.names], {
      signal,
      timeoutMs: BUNDLE_TIMEOUT_MS,
    });
    await rename(`${out}.part`, out);
    await tellBundle(out, manifest, sign);
    return EXIT.ok;
  } finally {
    await rm(folder, { recursive: true, force: true });
    await rm(`${out}.part`, { force: true });
  }
}

async function tellBundle(out: string, manifest: BundleManifest, sign: Signer | null): Promise<void> {
  const kind = manifest.runtime === 'docker' ? ', in containers' : '';
  console.log(`${out}: ${((await stat(out)).size / 1e6).toFixed(0)} MB, release ${manifest.release} for ${manifest.architecture}${kind}`);
  for (const [name, { bytes }] of Object.entries(manifest.parts)) console.log(`  ${name.padEnd(24)} ${(bytes / 1e6).toFixed(1)} MB`);
  console.log(sign ? `Signed; RELEASE_PUBLIC_KEY=${sign.publicKey}` : 'Not signed (--sign-key FILE signs it).');
  console.log(`On the other machine: tar -xf BUNDLE ${INSTALLER} && sh ${INSTALLER} BUNDLE`);
}

/** With its signature where there is a key: what is unpacked there must pass the same check as any release. */
export async function packRelease({ folder, sign, signal }: Making, { releases, id }: BundledRelease): Promise<void> {
  const tree = join(releases, id);
  if (sign) await writeFile(join(tree, SIGNATURE_FILE), `${sign.sign(await readFile(join(tree, MANIFEST_FILE), 'utf8'))}\n`);
  // Not piped: a shell would hear of gzip's end alone, and a cut-off release would go into the bundle.
  const argv = ['tar', '--create', '--use-compress-program=gzip -1', '-f', join(folder, PARTS.release), '-C', releases, id];
  await runCommand(argv, { signal, timeoutMs: BUNDLE_TIMEOUT_MS });
}

/** Models and docs where there are any, and the list of the npm packages. Returns the names of the parts made. */
export async function packRest(
  { folder, facts, repository, signal }: Making,
  { releases, id }: BundledRelease,
): Promise<readonly string[]> {
  const at = (name: string): string => join(folder, name);
  const names: string[] = [];
  if (await isThere(modelsFolder(facts.home))) {
    sayBundle('the models');
    await runCommand(['tar', '--create', '-f', at(PARTS.models), '-C', facts.home, 'models'], { signal, timeoutMs: BUNDLE_TIMEOUT_MS });
    names.push(PARTS.models);
  }
  if (await isThere(join(repository, 'docs'))) {
    await runCommand(['tar', '--create', '-z', '-f', at(PARTS.docs), '-C', repository, 'docs'], {
      signal,
      timeoutMs: BUNDLE_TIMEOUT_MS,
    });
    names.push(PARTS.docs);
  }
  sayBundle('the lists of what is in it');
  await writeFile(at(PARTS.npmSbom), await listNpmPackages(join(releases, id), signal));
  return [...names, PARTS.npmSbom];
}

/** A line of progress. */
export function sayBundle(text: string): void {
  console.log(`  bundle: ${text}`);
}

async function writeManifest({ folder, facts }: Pick<Making, 'folder' | 'facts'>, made: MadeParts): Promise<BundleManifest> {
  const parts: Record<string, BundleManifest['parts'][string]> = {};
  for (const name of made.names) parts[name] = await digestFile(join(folder, name));
  const { architecture, system } = facts.machine;
  const manifest: BundleManifest = {
    format: 1,
    release: made.release.id,
    version: made.release.version,
    architecture,
    runtime: made.runtime,
    ...(made.images ? { images: made.images } : {}),
    system: { ...system },
    madeAt: new Date().toISOString(),
    parts,
  };
  await writeFile(join(folder, BUNDLE_MANIFEST), `${JSON.stringify(manifest, null, 2)}\n`);
  await writeFile(join(folder, BUNDLE_SUMS), renderSums(manifest));
  return manifest;
}
