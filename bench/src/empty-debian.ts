/** A Debian of its own in a folder, with nothing on it: what `provision.sh` finds on a new machine. Processes, mounts and users are its own; the network is this machine's. */
import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { copyFile, cp, mkdir, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { findDebianMirror } from '@centralita/provision/apt-source.ts';
import { confinedCommand, runCommand, tryCommand } from '@centralita/provision/command.ts';
import type { CommandOptions, CommandResult } from '@centralita/provision/command.ts';

const SUITE = 'bookworm';
const BUILD_LIMIT_MS = 900_000;
/** Where the product lies in it. */
export const CHECKOUT = '/opt/centralita';
/** Where its installation goes: the default, so that nothing must be said. */
export const HOME = '/var/lib/centralita';

export type EmptyDebian = AsyncDisposable & {
  /** Its folder, as this machine sees it. */
  readonly dir: string;
  /** Argv that runs a program in it. */
  readonly enter: (argv: readonly string[], env?: Readonly<Record<string, string>>) => readonly string[];
  /** Runs a program in it to its end. */
  readonly run: (argv: readonly string[], options?: Pick<CommandOptions, 'timeoutMs' | 'input' | 'onOutput'>) => Promise<CommandResult>;
};

/** The first process: it reaps whoever is left behind by a killed parent, and all of the others end with it. */
const FIRST_PROCESS = `
set -eu
root=$1
mount --bind "$root" "$root"
mount -t proc proc "$root/proc"
mount --rbind /dev "$root/dev"
mount -t tmpfs tmpfs "$root/run"
mkdir -p "$root/sys" && mount --rbind /sys "$root/sys"
echo ready
while :; do sleep 1; done
`;

/** Builds it below `folder` with debootstrap and starts its first process. Everything in it ends, and the folder goes, at disposal. */
export async function openEmptyDebian({
  folder,
  log,
  signal,
}: {
  readonly folder: string;
  readonly log: (message: string) => void;
  readonly signal: AbortSignal;
}): Promise<EmptyDebian> {
  const dir = join(folder, 'debian');
  const mirror = await findDebianMirror();
  log(`debootstrap ${SUITE} minbase into ${dir}`);
  await mkdir(dir, { recursive: true });
  await runCommand(confinedCommand(['debootstrap', '--variant=minbase', `--keyring=${mirror.keyring}`, SUITE, dir, mirror.uri]), {
    timeoutMs: BUILD_LIMIT_MS,
    signal,
  });
  for (const file of ['resolv.conf', 'hosts']) await copyFile(join('/etc', file), join(dir, 'etc', file));
  await cp(AUTHORITIES, join(dir, AUTHORITIES), { recursive: true });
  const first = await startFirstProcess(dir);
  const settings = await registryEnvironment();
  const enter: EmptyDebian['enter'] = (argv, env = {}) => {
    const all = {
      PATH: '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin',
      HOME: '/root',
      LC_ALL: 'C.UTF-8',
      ...settings,
      ...env,
    };
    const words = Object.entries(all).map(([key, value]) => `${key}=${value}`);
    return ['nsenter', '--target', String(first.pid), '--mount', '--pid', 'chroot', dir, '/usr/bin/env', '-i', ...words, ...argv];
  };
  return {
    dir,
    enter,
    run: async (argv, options = {}) => await tryCommand(enter(argv), { timeoutMs: 1_800_000, signal, ...options }),
    [Symbol.asyncDispose]: async () => {
      first.holder.kill('SIGKILL');
      if (first.holder.exitCode === null && first.holder.signalCode === null) await once(first.holder, 'close');
      await removeFolder(dir);
    },
  };
}

async function startFirstProcess(dir: string): Promise<{ readonly holder: ChildProcess; readonly pid: number }> {
  const namespaces = ['--mount', '--propagation', 'private', '--pid', '--fork', '--kill-child', '--mount-proc'];
  const argv = ['--pdeathsig', 'KILL', 'unshare', ...namespaces, '/bin/sh', '-c', FIRST_PROCESS, 'debian', dir];
  const holder = spawn('setpriv', argv, { stdio: ['ignore', 'pipe', 'inherit'] });
  const ended = once(holder, 'close').then(() => {
    throw new Error('the first process of the empty Debian ended');
  });
  await Promise.race([once(holder.stdout, 'data'), ended]);
  ended.catch(() => undefined);
  const children = await readFile(`/proc/${holder.pid}/task/${holder.pid}/children`, 'utf8');
  return { holder, pid: Number(children.trim().split(' ')[0]) };
}

/** Whom this machine trusts besides Debian's list: a mirror inside a company is signed by the company. */
const AUTHORITIES = '/usr/local/share/ca-certificates';

/** How this machine's npm and Node were told to reach the registry, as environment for those in there. */
async function registryEnvironment(): Promise<Readonly<Record<string, string>>> {
  const registry = (await runCommand(['npm', 'config', 'get', 'registry'])).trim();
  const names = ['NODE_EXTRA_CA_CERTS', 'http_proxy', 'https_proxy', 'no_proxy'];
  const inherited = names.flatMap((name) => (process.env[name] === undefined ? [] : [[name, process.env[name]] as const]));
  return { ...Object.fromEntries(inherited), ...(registry.startsWith('http') ? { npm_config_registry: registry } : {}) };
}

/** The tree that is committed, and nothing else of the working folder. */
export async function copyCommittedTree(repository: string, target: string): Promise<void> {
  await mkdir(target, { recursive: true });
  await runCommand(['/bin/sh', '-ec', 'git -C "$1" archive HEAD | tar -x -C "$2"', 'copy', repository, target]);
}

/** What was mounted in it goes with its processes, a moment after them. */
async function removeFolder(dir: string): Promise<void> {
  for (let attempt = 0; ; attempt++) {
    try {
      await rm(dir, { recursive: true, force: true });
      return;
    } catch (error) {
      if (attempt === 20) throw error;
      await sleep(250);
    }
  }
}
