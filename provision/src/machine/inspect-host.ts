/** Looks at how the machine is set up. Changes nothing, asks nobody outside. */
import { readlink } from 'node:fs/promises';
import { join } from 'node:path';
import { findMount } from './disk-space.ts';
import type { Known } from './hardware.ts';
import type { BoardState, Host } from './host.ts';
import { findListeners } from './listeners.ts';
import type { PortKind } from './listeners.ts';
import { hasMachineFile, listMachineFolder, readMachineFile, thisMachine } from './machine-source.ts';
import type { MachineSource } from './machine-source.ts';
import { findDefaultInterface } from './network-probe.ts';
import { runProbe } from './probe.ts';
import type { ProbeOptions, ProbeReport } from './probe.ts';
import { askCommand } from './probe-command.ts';

export type HostOptions = {
  readonly home: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly signal: AbortSignal;
  /** Ports that the appliance uses. */
  readonly isOurPort: (port: number, kind: PortKind) => boolean;
  readonly source?: MachineSource;
};

/** Reads everything side by side; a probe that hangs costs its own answer. */
export async function inspectHost({ home, env, signal, isOurPort, source = thisMachine(env) }: HostOptions): Promise<Host> {
  const probes: ProbeReport[] = [];
  const options: ProbeOptions = { signal, report: (report) => probes.push(report) };
  const [files, xids, boards, listeners] = await Promise.all([
    readHostFiles(source, home),
    runProbe({ name: 'dmesg', look: (deadline) => findXids(source, deadline), whenHung: () => NO_XIDS }, options),
    runProbe({ name: 'nvidia-smi settings', look: (deadline) => readBoards(source, deadline), whenHung: () => [] }, options),
    runProbe({ name: 'ports', look: () => findListeners(source, isOurPort), whenHung: () => [] }, options),
  ]);
  return { ...files, xids, boards, listeners, probes };
}

type HostFiles = Omit<Host, 'xids' | 'boards' | 'listeners' | 'probes'>;

async function readHostFiles(source: MachineSource, home: string): Promise<HostFiles> {
  const read = async (path: string): Promise<string> => (await readMachineFile(source, path)).trim();
  const readNumber = async (path: string): Promise<number | null> => {
    const text = await read(path);
    return /^\d+$/.test(text) ? Number(text) : null;
  };
  const wayOut = findDefaultInterface(await read('proc/net/route'));
  const userNamespaces = await readNumber('proc/sys/user/max_user_namespaces');
  const enforce = await read('sys/fs/selinux/enforce');
  const { folder } = await source.statDisk(home);
  return {
    cgroupVersion: await findCgroupVersion(source),
    timezone: await findTimezone(source),
    entropyBits: await readNumber('proc/sys/kernel/random/entropy_avail'),
    wayOut: wayOut === null ? null : { interface: wayOut, mtuBytes: await readNumber(`sys/class/net/${wayOut}/mtu`) },
    nameservers: [...(await read('etc/resolv.conf')).matchAll(/^nameserver\s+(\S+)/gm)].map(([, address]) => address ?? ''),
    proxy: source.env['https_proxy'] || source.env['HTTPS_PROXY'] || null,
    hasUserNamespaces: userNamespaces === null ? null : userNamespaces > 0,
    firewall: await findFirewall(source),
    selinux: enforce === '1' ? 'enforcing' : enforce === '0' ? 'permissive' : null,
    hasAppArmor: (await read('sys/module/apparmor/parameters/enabled')) === 'Y',
    hasUnattendedUpgrades: await hasUnattendedUpgrades(source),
    isHomeReadOnly: findMount(await read('proc/self/mountinfo'), folder)?.isReadOnly ?? false,
  };
}

async function findCgroupVersion(source: MachineSource): Promise<1 | 2 | null> {
  if (await hasMachineFile(source, 'sys/fs/cgroup/cgroup.controllers')) return 2;
  return (await hasMachineFile(source, 'sys/fs/cgroup/memory')) ? 1 : null;
}

async function findTimezone(source: MachineSource): Promise<string | null> {
  const link = await readlink(join(source.root, 'etc/localtime')).catch(() => '');
  return /zoneinfo\/(.+)$/.exec(link)?.[1] ?? ((await readMachineFile(source, 'etc/timezone')).trim() || null);
}

async function findFirewall(source: MachineSource): Promise<Host['firewall']> {
  if (/^ENABLED=yes/m.test(await readMachineFile(source, 'etc/ufw/ufw.conf'))) return 'ufw';
  for (const id of await listMachineFolder(source, 'proc'))
    if (/^\d+$/.test(id) && (await readMachineFile(source, `proc/${id}/comm`)).trim() === 'firewalld') return 'firewalld';
  return 'none';
}

async function hasUnattendedUpgrades(source: MachineSource): Promise<boolean> {
  for (const name of await listMachineFolder(source, 'etc/apt/apt.conf.d'))
    if (/Unattended-Upgrade\s+"1"/.test(await readMachineFile(source, `etc/apt/apt.conf.d/${name}`))) return true;
  return /^apply_updates\s*=\s*(yes|True)/im.test(await readMachineFile(source, 'etc/dnf/automatic.conf'));
}

const NO_XIDS: Known<readonly number[]> = { kind: 'unknown', reason: "the kernel's messages could not be read", fix: 'run it as root' };

/** NVIDIA's driver writes `NVRM: Xid (PCI:0000:65:00): 79, …` for each fault of a board. */
async function findXids(source: MachineSource, deadline: AbortSignal): Promise<Known<readonly number[]>> {
  const answer = await askCommand(['dmesg'], { env: source.env, deadline });
  if (answer.kind !== 'ended' || answer.exitCode !== 0) return NO_XIDS;
  const kinds = new Set([...answer.stdout.matchAll(/NVRM: Xid \([^)]*\): (\d+)/g)].map(([, kind]) => Number(kind)));
  return { kind: 'known', value: [...kinds].sort((one, other) => one - other) };
}

async function readBoards(source: MachineSource, deadline: AbortSignal): Promise<readonly BoardState[]> {
  const fields = 'uuid,persistence_mode,power.limit,power.default_limit';
  const query = ['nvidia-smi', `--query-gpu=${fields}`, '--format=csv,noheader,nounits'];
  const answer = await askCommand(query, { env: source.env, deadline });
  if (answer.kind !== 'ended' || answer.exitCode !== 0) return [];
  const watts = (text = ''): number | null => (/^\d+(\.\d+)?$/.test(text) ? Number(text) : null);
  return answer.stdout
    .split('\n')
    .map((line) => line.split(',').map((field) => field.trim()))
    .filter(([uuid, ...rest]) => uuid?.startsWith('GPU-') === true && rest.length === 3)
    .map(([uuid = '', persistence, limit, standard]) => ({
      uuid,
      isPersistent: persistence === 'Enabled' ? true : persistence === 'Disabled' ? false : null,
      powerLimitW: watts(limit),
      powerDefaultW: watts(standard),
    }));
}
