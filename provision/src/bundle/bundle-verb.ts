/** `provision.sh --bundle`: everything that a machine without a network needs to be an appliance, in one file. */
import { createPrivateKey } from 'node:crypto';
import { mkdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { runCommand } from '#command.ts';
import { gatherFacts } from '#facts.ts';
import { digestFile } from '#file-digest.ts';
import type { Facts } from '#facts.ts';
import { toGib } from '#gibibytes.ts';
import { parseVerbArguments } from '#lifecycle/arguments.ts';
import { modelsFolder } from '#models/models-folder.ts';
import { isThere } from '#path-presence.ts';
import { EXIT, ObstacleError, UsageError } from '#place.ts';
import type { Place } from '#place.ts';
import { SUITE } from '#private-root.ts';
import type { PrivateRoot } from '#private-root.ts';
import { MANIFEST_FILE, publicKeyText, SIGNATURE_FILE, signText } from '#releases/release-manifest.ts';
import { releaseFolder, releasesFolder } from '#releases/release-store.ts';
import { BUNDLE_MANIFEST, BUNDLE_SIGNATURE, BUNDLE_SUMS, INSTALLER, PARTS, renderSums } from './bundle-manifest.ts';
import type { BundleManifest } from './bundle-manifest.ts';
import { fetchHostPackages } from './host-packages.ts';
import { INSTALLER_SCRIPT } from './installer.ts';
import { packRoot } from './root-image.ts';
import { listDebianPackages, listNpmPackages } from './software-list.ts';

const TIMEOUT_MS = 1_800_000;
/** The release 1.2 GB, the root 0.8 GB, both packed, and the bundle itself. */
const FLOOR_BYTES = 4 * 1024 ** 3;

type Making = {
  readonly folder: string;
  readonly facts: Facts;
  readonly root: PrivateRoot;
  readonly id: string;
  readonly signal: AbortSignal;
};

/** Exit codes: 0 the bundle is there, 20 it could not be begun, 1 it failed. */
export async function runBundle(place: Place, args: readonly string[], signal: AbortSignal): Promise<number> {
  const { values, positionals } = parseVerbArguments(args, { 'sign-key': { type: 'string' } }, 1);
  const out = positionals[0];
  if (out === undefined) throw new UsageError('--bundle needs the file to write');
  const facts = await gatherFacts(place);
  const { current } = facts.release;
  if (current === null || !facts.root)
    throw new ObstacleError('nothing is installed here: a bundle is made of an installation, run ./provision.sh first');
  if (facts.machine.diskFreeBytes < FLOOR_BYTES)
    throw new ObstacleError(`${toGib(facts.machine.diskFreeBytes)} GiB free below ${place.home}: a bundle needs 4`);
  const sign = await readSigner(values['sign-key']);
  const folder = join(place.home, 'bundle.staging');
  await rm(folder, { recursive: true, force: true });
  await mkdir(folder, { mode: 0o700 });
  try {
    const names = await makeParts({ folder, facts, root: facts.root, id: current, signal }, place.repository, sign);
    const manifest = await writeManifest(folder, { facts, release: current, names });
    const text = await readFile(join(folder, BUNDLE_MANIFEST), 'utf8');
    if (sign) await writeFile(join(folder, BUNDLE_SIGNATURE), `${sign.sign(text)}\n`);
    const head = [INSTALLER, BUNDLE_MANIFEST, ...(sign ? [BUNDLE_SIGNATURE] : []), BUNDLE_SUMS];
    const target = resolve(out);
    await runCommand(['tar', '--create', '-f', `${target}.part`, '-C', folder, ...head, ...names], { signal, timeoutMs: TIMEOUT_MS });
    await rename(`${target}.part`, target);
    console.log(`${target}: ${((await stat(target)).size / 1e6).toFixed(0)} MB, release ${manifest.release} for ${manifest.architecture}`);
    for (const [name, { bytes }] of Object.entries(manifest.parts)) console.log(`  ${name.padEnd(24)} ${(bytes / 1e6).toFixed(1)} MB`);
    console.log(sign ? `Signed; RELEASE_PUBLIC_KEY=${sign.publicKey}` : 'Not signed (--sign-key FILE signs it).');
    console.log(`On the other machine: tar -xf BUNDLE ${INSTALLER} && sh ${INSTALLER} BUNDLE`);
    return EXIT.ok;
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

type Signer = { readonly sign: (text: string) => string; readonly publicKey: string };

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

/** Returns the names of the parts made. */
async function makeParts(making: Making, repository: string, sign: Signer | null): Promise<readonly string[]> {
  const { folder, facts, root, id, signal } = making;
  const say = (text: string): void => console.log(`  bundle: ${text}`);
  const at = (name: string): string => join(folder, name);
  const names: string[] = [PARTS.release, PARTS.root, PARTS.packages];
  say('the release with its packages');
  await packRelease(making, sign);
  say('the private root');
  await packRoot(root.dir, at(PARTS.root), signal);
  say('the packages that the machine itself needs');
  await fetchHostPackages(at('host'), signal);
  await runCommand(['/bin/sh', '-ec', 'cd "$1" && exec tar --create -f "$2" *.deb', 'pack', at('host/archives'), at(PARTS.packages)], {
    signal,
  });
  if (await isThere(modelsFolder(facts.home))) {
    say('the models');
    await runCommand(['tar', '--create', '-f', at(PARTS.models), '-C', facts.home, 'models'], { signal, timeoutMs: TIMEOUT_MS });
    names.push(PARTS.models);
  }
  if (await isThere(join(repository, 'docs'))) {
    await runCommand(['tar', '--create', '-z', '-f', at(PARTS.docs), '-C', repository, 'docs'], { signal, timeoutMs: TIMEOUT_MS });
    names.push(PARTS.docs);
  }
  say('the lists of what is in it');
  await writeFile(at(PARTS.npmSbom), await listNpmPackages(releaseFolder(facts.home, id), signal));
  await writeFile(at(PARTS.debianSbom), await listDebianPackages(root.dir, SUITE, signal));
  await writeFile(at(INSTALLER), INSTALLER_SCRIPT, { mode: 0o755 });
  return [...names, PARTS.npmSbom, PARTS.debianSbom];
}

/** With its signature where there is a key: what is unpacked there must pass the same check as any release. */
async function packRelease({ folder, facts, id, signal }: Making, sign: Signer | null): Promise<void> {
  const signature = join(releaseFolder(facts.home, id), SIGNATURE_FILE);
  if (sign) await writeFile(signature, `${sign.sign(await readFile(join(releaseFolder(facts.home, id), MANIFEST_FILE), 'utf8'))}\n`);
  // Not piped: a shell would hear of gzip's end alone, and a cut-off release would go into the bundle.
  const argv = [
    'tar',
    '--create',
    '--use-compress-program=gzip -1',
    '-f',
    join(folder, PARTS.release),
    '-C',
    releasesFolder(facts.home),
    id,
  ];
  await runCommand(argv, { signal, timeoutMs: TIMEOUT_MS });
}

async function writeManifest(
  folder: string,
  { facts, release, names }: { readonly facts: Facts; readonly release: string; readonly names: readonly string[] },
): Promise<BundleManifest> {
  const parts: Record<string, BundleManifest['parts'][string]> = {};
  for (const name of names) parts[name] = await digestFile(join(folder, name));
  const { architecture, system } = facts.machine;
  const { version } = facts.release;
  const manifest: BundleManifest = {
    format: 1,
    release,
    version,
    architecture,
    system: { ...system },
    madeAt: new Date().toISOString(),
    parts,
  };
  await writeFile(join(folder, BUNDLE_MANIFEST), `${JSON.stringify(manifest, null, 2)}\n`);
  await writeFile(join(folder, BUNDLE_SUMS), renderSums(manifest));
  return manifest;
}
