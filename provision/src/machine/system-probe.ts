/** Processor, memory and system, from the kernel's own files. */
import type { Cpu, Hardware } from './hardware.ts';
import { hasMachineFile, readMachineFile } from './machine-source.ts';
import type { MachineSource } from './machine-source.ts';

/** Arm's processors carry numbers instead of names: implementer and part, from Arm's and Ampere's manuals. */
const ARM_PARTS: Readonly<Record<string, string>> = {
  '0x41/0xd08': 'Cortex-A72',
  '0x41/0xd0b': 'Cortex-A76',
  '0x41/0xd0c': 'Neoverse-N1',
  '0x41/0xd40': 'Neoverse-V1',
  '0x41/0xd49': 'Neoverse-N2',
  '0x41/0xd4f': 'Neoverse-V2',
  '0xc0/0xac3': 'Ampere-1',
};

/** Reads cpuinfo. Vector sets are what the models' kernels ask for. */
export async function probeCpu(source: MachineSource): Promise<Cpu> {
  const text = await readMachineFile(source, 'proc/cpuinfo');
  const field = (name: string): string => new RegExp(`^${name}\\s*:\\s*(.*)$`, 'm').exec(text)?.[1]?.trim() ?? '';
  const flags = new Set(`${field('flags')} ${field('Features')}`.split(/\s+/));
  const listed = text.match(/^processor\s*:/gm)?.length ?? 0;
  const part = `${field('CPU implementer')}/${field('CPU part')}`;
  return {
    model: field('model name') || (ARM_PARTS[part] ?? (part === '/' ? 'unknown' : `Arm ${part}`)),
    architecture: source.architecture,
    cores: Math.max(1, Math.min(source.usableCores ?? listed, listed || Number.POSITIVE_INFINITY)),
    avx2: flags.has('avx2'),
    avx512: flags.has('avx512f') && flags.has('avx512bw'),
    f16c: flags.has('f16c'),
  };
}

/** Reads meminfo; a container's limit counts where it is smaller. */
export async function probeMemory(source: MachineSource): Promise<Hardware['memory']> {
  const text = await readMachineFile(source, 'proc/meminfo');
  const bytes = (name: string): number => Number(new RegExp(`^${name}:\\s+(\\d+) kB`, 'm').exec(text)?.[1] ?? 0) * 1024;
  const limit = Number.parseInt(await readMachineFile(source, 'sys/fs/cgroup/memory.max'), 10);
  const used = Number.parseInt(await readMachineFile(source, 'sys/fs/cgroup/memory.current'), 10);
  const swapBytes = bytes('SwapTotal');
  if (!(limit > 0 && limit < bytes('MemTotal'))) return { totalBytes: bytes('MemTotal'), availableBytes: bytes('MemAvailable'), swapBytes };
  const left = used > 0 ? limit - used : limit;
  return { totalBytes: limit, availableBytes: Math.max(0, Math.min(left, bytes('MemAvailable'))), swapBytes };
}

/** Reads os-release, the kernel's name and what the machine runs in. */
export async function probeSystem(source: MachineSource): Promise<Hardware['system']> {
  const release = parseOsRelease(await readMachineFile(source, 'etc/os-release'));
  const kernel = (await readMachineFile(source, 'proc/sys/kernel/osrelease')).trim();
  return { ...release, kernel, virtualization: await findVirtualization(source) };
}

/** Parses os-release; empty strings for what it does not say. */
export function parseOsRelease(text: string): { readonly id: string; readonly version: string } {
  const field = (name: string): string => new RegExp(`^${name}="?([^"\\n]*)"?$`, 'm').exec(text)?.[1] ?? '';
  return { id: field('ID'), version: field('VERSION_ID') };
}

/** `container`, the hypervisor's maker, or null on bare metal. */
async function findVirtualization(source: MachineSource): Promise<string | null> {
  if ((await hasMachineFile(source, '.dockerenv')) || (await hasMachineFile(source, 'run/.containerenv'))) return 'container';
  // Hypervisors set this flag for their guests; Arm has none, there the board's maker has to tell.
  const hasHypervisor = /^flags\s*:.*\bhypervisor\b/m.test(await readMachineFile(source, 'proc/cpuinfo'));
  const maker = (await readMachineFile(source, 'sys/class/dmi/id/sys_vendor')).trim();
  const isKnownMaker = /QEMU|KVM|VMware|Xen|innotek|Amazon EC2|Google|OpenStack|Bochs/i.test(maker);
  if (!hasHypervisor && !isKnownMaker) return null;
  return maker === '' ? 'virtual machine' : maker;
}
