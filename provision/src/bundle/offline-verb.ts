/** `provision.sh --offline`: installs or upgrades from a bundle, asking no network for anything. */
import { access, mkdir, readFile, rm } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { runCommand } from '#command.ts';
import { readRuntime } from '#containers/container-steps.ts';
import { parseEnvFile } from '#env-file.ts';
import { readEnvironment } from '#facts.ts';
import { parseVerbArguments } from '#lifecycle/arguments.ts';
import { findMissingPrograms, REQUIRED_PROGRAMS } from '#machine-facts.ts';
import type { RequiredProgram } from '#machine-facts.ts';
import { parseOsRelease } from '#machine/system-probe.ts';
import { EXIT, ObstacleError, UsageError } from '#place.ts';
import type { Place } from '#place.ts';
import { findRoot } from '#private-root.ts';
import { runReleaseProvisioner } from '#releases/release-apply.ts';
import { findCurrent } from '#releases/release-store.ts';
import { PARTS } from './bundle-manifest.ts';
import { checkBundle, unpackBundle } from './bundle-opening.ts';
import { bringContainers, requireEngine } from './container-offline.ts';
import { installHostPackages } from './host-packages.ts';
import { bringModels, bringRelease } from './offline-parts.ts';
import type { Opened } from './offline-parts.ts';
import { unpackRoot } from './root-image.ts';

const TIMEOUT_MS = 1_800_000;

/** Exit codes: those of an installation or an upgrade; 20 for a bundle that is damaged, of another machine's kind, or not signed as asked: nothing is changed then. */
export async function runOffline(place: Place, args: readonly string[], signal: AbortSignal): Promise<number> {
  const { values, positionals } = parseVerbArguments(
    args,
    { 'public-key': { type: 'string' }, runtime: { type: 'string' }, yes: { type: 'boolean' }, json: { type: 'boolean' } },
    1,
  );
  const file = positionals[0];
  if (file === undefined) throw new UsageError('--offline needs the bundle');
  const { home } = place;
  const path = resolve(file);
  const folder = join(home, 'offline.staging');
  const say = values.json === true ? (line: string): void => console.error(line) : (line: string): void => console.log(line);
  say(`  offline: checking ${path}`);
  const settings = parseEnvFile(await readEnvironment(join(home, '.env')));
  const publicKey = values['public-key'] ?? settings.get('RELEASE_PUBLIC_KEY') ?? '';
  const manifest = await checkBundle(path, { home, publicKey, signal });
  const opened = { home, folder, publicKey, say, signal, manifest };
  await refuseOtherMachine(opened, values.runtime);
  try {
    await unpackBundle(path, { folder, manifest, signal });
    await (manifest.runtime === 'docker' ? bringContainers(opened) : bringNative(opened));
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
  const yes = values.yes === true ? ['--yes'] : [];
  return await handOver(opened, { install: [...yes, ...(values.json === true ? ['--json'] : [])], upgrade: yes });
}

/** Throws where the bundle is for another machine, or for another runtime than this home's or the one asked for. Nothing was changed until here. */
async function refuseOtherMachine(opened: Opened, wish: string | undefined): Promise<void> {
  const { home, manifest } = opened;
  if (process.arch !== manifest.architecture)
    throw new ObstacleError(`the bundle is for ${manifest.architecture} and this machine is ${process.arch}`);
  const before = await readRuntime(home);
  if (wish !== undefined && wish !== manifest.runtime)
    throw new ObstacleError(`the bundle is of the ${manifest.runtime} runtime: leave --runtime out, or take a bundle of the ${wish} one`);
  if (before !== null && before !== manifest.runtime)
    throw new ObstacleError(
      `the bundle is of the ${manifest.runtime} runtime and ${home} an installation of the ${before} one: take the other bundle, or another CENTRALITA_HOME`,
    );
  if (manifest.runtime === 'docker') return await requireEngine(opened);
  await refuseOtherSystem(opened);
}

async function listMissingPrograms(): Promise<readonly RequiredProgram[]> {
  return await findMissingPrograms(Object.keys(REQUIRED_PROGRAMS) as RequiredProgram[]);
}

async function refuseOtherSystem({ manifest }: Opened): Promise<void> {
  const system = parseOsRelease(await readFile('/etc/os-release', 'utf8').catch(() => ''));
  const missingPrograms = await listMissingPrograms();
  const isSame = system.id === manifest.system.id && system.version === manifest.system.version;
  if (missingPrograms.length > 0 && !isSame)
    throw new ObstacleError(
      `${missingPrograms.join(', ')} are missing here, and the packages of the bundle are for ${manifest.system.id} ${manifest.system.version}: install them first`,
    );
}

async function bringNative(opened: Opened): Promise<void> {
  await bringHostPackages(opened);
  await bringRoot(opened);
  await bringModels(opened);
  await bringRelease(opened);
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

/** To the release's own provisioner: an installation where there is none, else an upgrade with its way back. Each is given the words that it takes. */
async function handOver(
  { home, manifest, signal }: Opened,
  words: { readonly install: readonly string[]; readonly upgrade: readonly string[] },
): Promise<number> {
  const { release, runtime } = manifest;
  const current = await findCurrent(home);
  const verb = current === null || current === release ? ['--runtime', runtime, ...words.install] : ['--upgrade', ...words.upgrade];
  return (await runReleaseProvisioner(home, release, { words: verb, isAskable: true, signal })) ?? EXIT.failed;
}
