/**
 * Builds the private root: a small Debian of its own, with the Asterisk, PostgreSQL, espeak-ng and Prometheus that the product
 * was tried with, next to whatever release the machine runs.
 */
import { mkdir, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { findDebianMirror } from './apt-source.ts';
import { confinedCommand, runCommand } from './command.ts';
import { parseJson } from './json-text.ts';
import { ensureSystemUser } from './system-user.ts';

/** Debian release that carries Asterisk 22 and PostgreSQL 18. */
export const SUITE = 'forky';
const PACKAGES = [
  'asterisk',
  'asterisk-modules',
  'postgresql-18',
  'postgresql-18-pgvector',
  'espeak-ng',
  'espeak-ng-data',
  'sox',
  'prometheus',
  'promtool',
  'prometheus-node-exporter',
  'prometheus-postgres-exporter',
] as const;
/** First Asterisk with the fix for CVE-2026-57191 (one NOTIFY disables the SIP transport). */
const ASTERISK_FLOOR = [22, 10, 1] as const;
/** Raised when the way of building changes, so that an older root is built anew. */
const BUILD_VERSION = 1;
const BUILD_TIMEOUT_MS = 1_800_000;
export const BUILDING_PREFIX = 'root.building-';
/** Users that the packages expect in the root, and the machine's users whose ids they carry. */
export const USERS = { asterisk: 'centralita-asterisk', postgres: 'centralita-postgres', prometheus: 'centralita-prometheus' } as const;
/** The machine's users that the root's programs run as. */
export const ROOT_USERS: readonly string[] = Object.values(USERS);

const userSchema = z.object({ uid: z.number().int().positive(), gid: z.number().int().positive() });
const stampSchema = z.object({
  buildVersion: z.number(),
  suite: z.string(),
  packages: z.array(z.string()),
  versions: z.record(z.string(), z.string()),
  multiarch: z.string(),
  users: z.object({ asterisk: userSchema, postgres: userSchema, prometheus: userSchema }),
});

/** What a finished root says of itself. */
export type RootStamp = z.infer<typeof stampSchema>;

/** A finished private root. */
export type PrivateRoot = {
  /** Folder of the root, as the machine sees it. */
  readonly dir: string;
  /** Debian's name of the architecture in library paths, such as `x86_64-linux-gnu`. */
  readonly multiarch: string;
  readonly users: RootStamp['users'];
  /** Package name -> installed version. */
  readonly versions: Readonly<Record<string, string>>;
};

export type EnsureRootOptions = { readonly home: string; readonly log: (message: string) => void; readonly signal?: AbortSignal };

/** The finished root under `home`, or null when it is missing, half built, or built by an older recipe. */
export async function findRoot(home: string): Promise<PrivateRoot | null> {
  const dir = join(home, 'root');
  const text = await readFile(stampPath(dir), 'utf8').catch(() => null);
  if (text === null) return null;
  // One that is no JSON was cut off while it was written: as good as none.
  const stamp = stampSchema.safeParse(parseJson(text));
  return stamp.success && isCurrent(stamp.data) ? asRoot(dir, stamp.data) : null;
}

/** Whether a stamp describes the root that this code would build. */
export function isCurrent(stamp: Pick<RootStamp, 'buildVersion' | 'suite' | 'packages'>): boolean {
  return stamp.buildVersion === BUILD_VERSION && stamp.suite === SUITE && PACKAGES.every((name) => stamp.packages.includes(name));
}

/**
 * Finds the root under `home` or builds it (about a minute and 800 MB). Built in a folder of its own and renamed when
 * complete: killed at any moment, the next run starts the build again and a finished root is never half.
 * Needs root privileges and `debootstrap`. Throws when the archive's Asterisk is older than the floor.
 */
export async function ensureRoot(options: EnsureRootOptions): Promise<PrivateRoot> {
  const found = await findRoot(options.home);
  if (found) return found;
  const target = join(options.home, 'root');
  await removeAbandonedBuilds(options.home);
  // The process id in the name: two runs at once waste work but never write into each other's build.
  const building = join(options.home, `${BUILDING_PREFIX}${process.pid}`);
  await mkdir(building, { recursive: true, mode: 0o755 });
  const users = {
    asterisk: await ensureSystemUser(USERS.asterisk),
    postgres: await ensureSystemUser(USERS.postgres),
    prometheus: await ensureSystemUser(USERS.prometheus),
  };
  await bootstrap(building, options);
  await configure(building);
  options.log(`private root: installing ${PACKAGES.join(', ')}`);
  await runCommand(confinedCommand(['/bin/sh', '-ec', INSTALL_SCRIPT, 'install', building, ...PACKAGES]), {
    env: {
      DEBIAN_FRONTEND: 'noninteractive',
      LC_ALL: 'C',
      ASTERISK_IDS: `${users.asterisk.uid}:${users.asterisk.gid}`,
      POSTGRES_IDS: `${users.postgres.uid}:${users.postgres.gid}`,
      PROMETHEUS_IDS: `${users.prometheus.uid}:${users.prometheus.gid}`,
    },
    timeoutMs: BUILD_TIMEOUT_MS,
    label: `installing packages into ${building}`,
    ...(options.signal ? { signal: options.signal } : {}),
  });
  const stamp = await readStamp(building, users);
  checkAsterisk(stamp.versions['asterisk'] ?? '');
  await writeFile(stampPath(building), `${JSON.stringify(stamp, null, 2)}\n`);
  const other = await findRoot(options.home);
  if (other) {
    await rm(building, { recursive: true, force: true });
    return other;
  }
  await replaceFolder(building, target);
  options.log(`private root: ready, Asterisk ${stamp.versions['asterisk']}, PostgreSQL ${stamp.versions['postgresql-18']}`);
  return asRoot(target, stamp);
}

/** Throws when a Debian version of Asterisk is not 22.x from the floor on. */
export function checkAsterisk(version: string): void {
  const numbers = /^(?:\d+:)?(\d+)\.(\d+)\.(\d+)/.exec(version)?.slice(1).map(Number) ?? [];
  const [major = 0, minor = 0, patch = 0] = numbers;
  const [floorMajor, floorMinor, floorPatch] = ASTERISK_FLOOR;
  if (major === floorMajor && (minor > floorMinor || (minor === floorMinor && patch >= floorPatch))) return;
  throw new Error(
    `Asterisk ${version || '(none)'} in Debian ${SUITE}: need ${floorMajor}.x from ${ASTERISK_FLOOR.join('.')} on. Refresh the mirror and run again`,
  );
}

async function bootstrap(building: string, options: EnsureRootOptions): Promise<void> {
  const mirror = await findDebianMirror();
  options.log(`private root: fetching Debian ${SUITE} with debootstrap`);
  // Releases newer than the machine's debootstrap have no script of their own; all share that of the rolling release.
  const script = '/usr/share/debootstrap/scripts/sid';
  const argv = confinedCommand(['debootstrap', '--variant=minbase', `--keyring=${mirror.keyring}`, SUITE, building, mirror.uri, script]);
  await runCommand(argv, { timeoutMs: BUILD_TIMEOUT_MS, ...(options.signal ? { signal: options.signal } : {}) });
}

async function configure(building: string): Promise<void> {
  const files = [
    // A testing release's index may be older than its validity says, on mirrors and in snapshots.
    [
      'etc/apt/apt.conf.d/90centralita',
      'Acquire::Check-Valid-Until "false";\nAcquire::Check-Date "false";\nAPT::Install-Recommends "false";\n',
      0o644,
    ],
    // The root is thrown away when the build is cut short: no need to wait for the disk after every package.
    ['etc/dpkg/dpkg.cfg.d/centralita', 'force-unsafe-io\n', 0o644],
    ['usr/sbin/policy-rc.d', '#!/bin/sh\nexit 101\n', 0o755],
    ['etc/postgresql-common/createcluster.conf', 'create_main_cluster = false\n', 0o644],
    ['etc/resolv.conf', await readFile('/etc/resolv.conf', 'utf8'), 0o644],
  ] as const;
  for (const [path, text, mode] of files) {
    const file = join(building, path);
    await mkdir(join(file, '..'), { recursive: true });
    await writeFile(file, text, { mode });
  }
  await mkdir(join(building, 'instance'), { recursive: true });
}

/** The users exist before the packages that would create them, so that a file's owner means the same in and outside the root. */
const INSTALL_SCRIPT = `
root=$1; shift
mount -t proc proc "$root/proc"
mount --rbind /dev "$root/dev"
for user in asterisk postgres prometheus; do
  case $user in asterisk) ids=$ASTERISK_IDS ;; postgres) ids=$POSTGRES_IDS ;; prometheus) ids=$PROMETHEUS_IDS ;; esac
  chroot "$root" groupadd --system --gid "\${ids#*:}" "$user"
  chroot "$root" useradd --system --uid "\${ids%:*}" --gid "\${ids#*:}" --no-create-home --home-dir "/var/lib/$user" --shell /usr/sbin/nologin "$user"
done
chroot "$root" apt-get -q update
chroot "$root" apt-get -q install -y --no-install-recommends "$@"
chroot "$root" apt-get clean
`;

async function readStamp(dir: string, users: RootStamp['users']): Promise<RootStamp> {
  const listed = await runCommand(['chroot', dir, 'dpkg-query', '-W', '-f', '${Package} ${Version}\\n', ...PACKAGES]);
  const versions = Object.fromEntries(
    listed
      .trim()
      .split('\n')
      .map((line) => line.split(' ') as [string, string]),
  );
  const multiarch = (await readdir(join(dir, 'usr/lib'))).find((name) => /^[a-z0-9_]+-linux-gnu[a-z]*$/.test(name));
  if (multiarch === undefined) throw new Error(`${dir}/usr/lib: no folder such as x86_64-linux-gnu: the root is incomplete`);
  return { buildVersion: BUILD_VERSION, suite: SUITE, packages: [...PACKAGES], versions, multiarch, users };
}

async function removeAbandonedBuilds(home: string): Promise<void> {
  for (const name of await readdir(home).catch(() => [])) {
    const pid = name.startsWith(BUILDING_PREFIX) ? Number(name.slice(BUILDING_PREFIX.length)) : 0;
    if (pid > 0 && !isRunning(pid)) await rm(join(home, name), { recursive: true, force: true });
  }
}

function isRunning(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}

async function replaceFolder(from: string, to: string): Promise<void> {
  const old = `${to}.old`;
  await rm(old, { recursive: true, force: true });
  await rename(to, old).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== 'ENOENT') throw error;
  });
  await rename(from, to);
  await rm(old, { recursive: true, force: true });
}

function stampPath(dir: string): string {
  return join(dir, 'centralita-root.json');
}

function asRoot(dir: string, stamp: RootStamp): PrivateRoot {
  return { dir, multiarch: stamp.multiarch, users: stamp.users, versions: stamp.versions };
}
