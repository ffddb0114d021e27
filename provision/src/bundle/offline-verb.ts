/** `provision.sh --offline`: installs or upgrades from a bundle, asking no network for anything. */
import { access, mkdir, readFile, rename, rm } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { runCommand, tryCommand } from '#command.ts';
import { parseEnvFile } from '#env-file.ts';
import { parseVerbArguments } from '#lifecycle/arguments.ts';
import { findMissingPrograms, REQUIRED_PROGRAMS } from '#machine-facts.ts';
import type { RequiredProgram } from '#machine-facts.ts';
import { parseOsRelease } from '#machine/system-probe.ts';
import { EXIT, ObstacleError, UsageError } from '#place.ts';
import type { Place } from '#place.ts';
import { findRoot } from '#private-root.ts';
import { runReleaseProvisioner } from '#releases/release-apply.ts';
import { findReleaseFaults } from '#releases/release-check.ts';
import { isSignedBy } from '#releases/release-manifest.ts';
import { findCurrent, listReleases, releaseFolder, releasesFolder } from '#releases/release-store.ts';
import { BUNDLE_MANIFEST, BUNDLE_SIGNATURE, listDamagedParts, parseBundleManifest, PARTS } from './bundle-manifest.ts';
import type { BundleManifest } from './bundle-manifest.ts';
import { installHostPackages } from './host-packages.ts';
import { unpackRoot } from './root-image.ts';

const TIMEOUT_MS = 1_800_000;

type Opened = {
  readonly home: string;
  readonly folder: string;
  readonly manifest: BundleManifest;
  readonly publicKey: string;
  /** With `--json` standard output is the release's own one object: progress goes to standard error. */
  readonly say: (line: string) => void;
  readonly signal: AbortSignal;
};

/** Exit codes: those of an installation or an upgrade; 20 for a bundle that is damaged, of another machine's kind, or not signed as asked: nothing is changed then. */
export async function runOffline(place: Place, args: readonly string[], signal: AbortSignal): Promise<number> {
  const { values, positionals } = parseVerbArguments(
    args,
    { 'public-key': { type: 'string' }, yes: { type: 'boolean' }, json: { type: 'boolean' } },
    1,
  );
  const file = positionals[0];
  if (file === undefined) throw new UsageError('--offline needs the bundle');
  const { home } = place;
  const folder = join(home, 'offline.staging');
  await rm(folder, { recursive: true, force: true });
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const say = values.json === true ? (line: string): void => console.error(line) : (line: string): void => console.log(line);
  say(`  offline: checking ${resolve(file)}`);
  try {
    const settings = parseEnvFile(await readFile(join(home, '.env'), 'utf8').catch(() => ''));
    const publicKey = values['public-key'] ?? settings.get('RELEASE_PUBLIC_KEY') ?? '';
    const opened = { home, folder, publicKey, say, signal, manifest: await openBundle(resolve(file), { folder, publicKey, signal }) };
    await refuseOtherMachine(opened);
    await bringHostPackages(opened);
    await bringRoot(opened);
    await bringModels(opened);
    await bringRelease(opened);
    await rm(folder, { recursive: true, force: true });
    const words = [...(values.yes === true ? ['--yes'] : []), ...(values.json === true ? ['--json'] : [])];
    return await handOver(home, opened.manifest.release, { words, signal });
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** Unpacks the bundle and checks every part of it. Throws naming the part that is damaged. */
export async function openBundle(
  path: string,
  { folder, publicKey, signal }: { readonly folder: string; readonly publicKey: string; readonly signal: AbortSignal },
): Promise<BundleManifest> {
  await access(path).catch((cause: unknown) => {
    throw new ObstacleError(`${path}: cannot be read`, { cause });
  });
  const { exitCode, stderr } = await tryCommand(['tar', '--extract', '--no-same-owner', '-f', path, '-C', folder], {
    signal,
    timeoutMs: TIMEOUT_MS,
  });
  const text = await readFile(join(folder, BUNDLE_MANIFEST), 'utf8').catch(() => null);
  if (text === null)
    throw new ObstacleError(`${path}: no bundle, or cut off before ${BUNDLE_MANIFEST}: ${stderr.trim().split('\n')[0] ?? ''}`);
  if (publicKey !== '') await requireSignature(path, { folder, text, publicKey });
  const manifest = readManifest(path, text);
  const damaged = await listDamagedParts(folder, manifest);
  if (damaged.length > 0) throw new ObstacleError(`${path} is damaged: ${damaged.join('; ')}: copy it again; nothing was changed`);
  if (exitCode !== 0)
    throw new ObstacleError(`${path} is damaged: ${stderr.trim().split('\n')[0] ?? ''}: copy it again; nothing was changed`);
  return manifest;
}

function readManifest(path: string, text: string): BundleManifest {
  try {
    return parseBundleManifest(text);
  } catch (cause) {
    throw new ObstacleError(`${path} is damaged: copy it again; nothing was changed`, { cause });
  }
}

async function requireSignature(
  path: string,
  { folder, text, publicKey }: { readonly folder: string; readonly text: string; readonly publicKey: string },
): Promise<void> {
  const signature = await readFile(join(folder, BUNDLE_SIGNATURE), 'utf8').catch(() => null);
  if (signature !== null && isSignedBy(text, signature, publicKey)) return;
  const reason = signature === null ? 'is not signed' : `${BUNDLE_SIGNATURE} is not the signature of RELEASE_PUBLIC_KEY`;
  throw new ObstacleError(`${path}: ${reason}: take a bundle of the vendor; nothing was changed`);
}

async function listMissingPrograms(): Promise<readonly RequiredProgram[]> {
  return await findMissingPrograms(Object.keys(REQUIRED_PROGRAMS) as RequiredProgram[]);
}

async function refuseOtherMachine({ manifest }: Opened): Promise<void> {
  if (process.arch !== manifest.architecture)
    throw new ObstacleError(`the bundle is for ${manifest.architecture} and this machine is ${process.arch}`);
  const system = parseOsRelease(await readFile('/etc/os-release', 'utf8').catch(() => ''));
  const missingPrograms = await listMissingPrograms();
  const isSame = system.id === manifest.system.id && system.version === manifest.system.version;
  if (missingPrograms.length > 0 && !isSame)
    throw new ObstacleError(
      `${missingPrograms.join(', ')} are missing here, and the packages of the bundle are for ${manifest.system.id} ${manifest.system.version}: install them first`,
    );
}

async function bringHostPackages({ folder, say, signal }: Opened): Promise<void> {
  const missingPrograms = await listMissingPrograms();
  if (missingPrograms.length === 0) return;
  const packages = join(folder, 'host');
  await mkdir(packages);
  await runCommand(['tar', '--extract', '-f', join(folder, PARTS.packages), '-C', packages], { signal, timeoutMs: TIMEOUT_MS });
  const installed = await installHostPackages(packages, signal);
  say(`  offline: installed ${installed.length} packages for ${missingPrograms.join(', ')}`);
}

async function bringRoot({ home, folder, say, signal }: Opened): Promise<void> {
  if (await findRoot(home)) return;
  await access(join(home, 'root')).then(
    () => {
      throw new ObstacleError(
        `${home}/root is there and not of this release: with a network, ./provision.sh builds it anew; without, move it away and run again`,
      );
    },
    () => undefined,
  );
  say('  offline: unpacking the private root');
  await unpackRoot(home, join(folder, PARTS.root), signal);
}

/** Models that are there stay: a file of the same name is the operator's choice. */
async function bringModels({ home, folder, manifest, say, signal }: Opened): Promise<void> {
  if (!manifest.parts[PARTS.models]) return;
  say('  offline: unpacking the models');
  await runCommand(['tar', '--extract', '--skip-old-files', '-f', join(folder, PARTS.models), '-C', home], {
    signal,
    timeoutMs: TIMEOUT_MS,
  });
}

async function bringRelease({ home, folder, manifest, publicKey, say, signal }: Opened): Promise<void> {
  if ((await listReleases(home)).includes(manifest.release)) return;
  say(`  offline: unpacking the release ${manifest.release}`);
  const unpacked = join(folder, 'unpacked');
  await mkdir(unpacked);
  await runCommand(['tar', '--extract', '-z', '--no-same-owner', '-f', join(folder, PARTS.release), '-C', unpacked], {
    signal,
    timeoutMs: TIMEOUT_MS,
  });
  const faults = await findReleaseFaults(join(unpacked, manifest.release), publicKey);
  if (faults.length > 0) throw new ObstacleError(faults);
  await mkdir(releasesFolder(home), { recursive: true, mode: 0o755 });
  await rename(join(unpacked, manifest.release), releaseFolder(home, manifest.release));
}

/** To the release's own provisioner: an installation where there is none, else an upgrade with its way back. */
async function handOver(
  home: string,
  release: string,
  { words, signal }: { readonly words: readonly string[]; readonly signal: AbortSignal },
): Promise<number> {
  const current = await findCurrent(home);
  const verb = current === null || current === release ? words : ['--upgrade', ...words.filter((word) => word === '--yes')];
  return (await runReleaseProvisioner(home, release, { words: verb, isAskable: true, signal })) ?? EXIT.failed;
}
