/** System, processor and memory. */
import { toGib } from '#gibibytes.ts';
import { fail, pass, warn } from './check.ts';
import type { CheckGroup } from './check.ts';
import type { MachineSeen } from './machine-seen.ts';

const GIBIBYTE = 1024 ** 3;
/** Idle, all services take 0.6 GiB; below this the first call swaps. */
const MEMORY_FLOOR_BYTES = 1.5 * GIBIBYTE;
/** With less there is no room for a speech model beside the services. */
const MEMORY_FOR_MODELS_BYTES = 8 * GIBIBYTE;
/** Below it the kernel gives tokens and keys out slowly; kernels from 5.18 on always say 256. */
const ENTROPY_FLOOR_BITS = 200;
/** System -> its releases that installations were made on or that Debian's packages fit. */
const KNOWN_SYSTEMS: Readonly<Record<string, readonly string[]>> = {
  debian: ['12', '13'],
  ubuntu: ['22.04', '24.04'],
};
const RED_HAT_LIKE = ['rhel', 'rocky', 'almalinux', 'centos', 'fedora'];

const gib = (bytes: number): string => `${toGib(bytes)} GiB`;

export const systemChecks: CheckGroup<MachineSeen> = {
  name: 'system',
  checks: [
    {
      name: 'operating system',
      judge: ({ hardware: { system } }) => {
        const said = `${system.id || 'unknown'} ${system.version}`.trim();
        if (KNOWN_SYSTEMS[system.id]?.includes(system.version)) return pass(said);
        if (RED_HAT_LIKE.includes(system.id))
          return warn(
            `${said} has no apt-get: the native runtime cannot be installed`,
            'install Docker 20.10 or newer and use --runtime docker',
          );
        return warn(`nothing was tried on ${said}`, 'use Debian 12 or 13, or Ubuntu 22.04 or 24.04');
      },
    },
    {
      name: 'architecture',
      judge: ({ hardware: { cpu } }) => {
        if (cpu.architecture === 'x64') return pass('x86-64');
        if (cpu.architecture === 'arm64') return warn('arm64: not tried', 'use an x86-64 machine for anything but a trial');
        return fail(`processor ${cpu.architecture}`, 'use an x86-64 machine');
      },
    },
    {
      name: 'kernel',
      judge: ({ hardware: { system } }) => {
        const [major = 0, minor = 0] = system.kernel.split('.').map((part) => Number.parseInt(part, 10));
        // Node 24 needs 4.18; 5.10 is Debian 11's.
        if (Number.isNaN(major) || major === 0) return warn('the kernel does not say its version', 'mount /proc');
        if (major < 4 || (major === 4 && minor < 18))
          return fail(`kernel ${system.kernel}: Node 24 needs 4.18`, 'upgrade the operating system');
        if (major < 5 || (major === 5 && minor < 10))
          return warn(`kernel ${system.kernel} is older than any tried`, 'upgrade to 5.10 or newer');
        return pass(system.kernel);
      },
    },
    {
      name: 'control groups',
      judge: ({ host }) => {
        if (host.cgroupVersion === 2) return pass('version 2');
        if (host.cgroupVersion === 1)
          return warn(
            'version 1: memory limits of containers are not exact',
            "add systemd.unified_cgroup_hierarchy=1 to the kernel's command line",
          );
        return warn('none are mounted: nothing limits a process', 'mount cgroup2 at /sys/fs/cgroup');
      },
    },
    {
      name: 'virtualization',
      judge: ({ hardware: { system } }) => {
        if (system.virtualization === null) return pass('bare metal');
        if (system.virtualization !== 'container') return pass(system.virtualization);
        return warn(
          "this is a container: its clock, mounts and ports are its host's to give",
          'install on the host or in a virtual machine',
        );
      },
    },
    {
      name: 'processor',
      judge: ({ hardware: { cpu } }) => {
        if (cpu.architecture !== 'x64') return pass(cpu.model);
        if (!cpu.avx2)
          return warn(
            `${cpu.model} has no AVX2: models on the processor are three times slower`,
            "give a virtual machine the host's own processor type (cpu=host)",
          );
        const sets = ['AVX2', ...(cpu.avx512 ? ['AVX-512'] : []), ...(cpu.f16c ? ['F16C'] : [])];
        return pass(`${cpu.model} with ${sets.join(', ')}`);
      },
    },
    {
      name: 'cores',
      judge: ({ hardware: { cpu } }) =>
        cpu.cores >= 4
          ? pass(`${cpu.cores}, enough for ${(cpu.cores - 4) * 25 + 25} calls without the models`)
          : warn(`${cpu.cores}: speech models want 4 and one more for every 25 calls`, 'give the machine 4 cores or more'),
    },
    {
      name: 'memory',
      judge: ({ hardware: { memory } }) => {
        if (memory.totalBytes < MEMORY_FLOOR_BYTES) return fail(`${gib(memory.totalBytes)}: need ${gib(MEMORY_FLOOR_BYTES)}`, 'add memory');
        if (memory.totalBytes < MEMORY_FOR_MODELS_BYTES)
          return warn(
            `${gib(memory.totalBytes)}: too little for a speech model beside the services`,
            `give the machine ${gib(MEMORY_FOR_MODELS_BYTES)} or more`,
          );
        return pass(`${gib(memory.totalBytes)}, ${gib(memory.availableBytes)} of it available`);
      },
    },
    {
      name: 'swap',
      judge: ({ hardware: { memory } }) =>
        memory.swapBytes > 0 || memory.totalBytes >= MEMORY_FOR_MODELS_BYTES
          ? pass(memory.swapBytes > 0 ? gib(memory.swapBytes) : 'none, and memory enough without')
          : warn(
              'none on a small machine: the kernel ends a process where memory runs out',
              'fallocate -l 2G /swapfile && chmod 600 /swapfile && mkswap /swapfile && swapon /swapfile',
            ),
    },
    {
      name: 'entropy',
      judge: ({ host }) =>
        host.entropyBits === null || host.entropyBits >= ENTROPY_FLOOR_BITS
          ? pass(host.entropyBits === null ? 'the kernel does not count it' : `${host.entropyBits} bits`)
          : warn(`${host.entropyBits} bits: keys are made slowly`, 'apt-get install rng-tools5, or add a virtio-rng device'),
    },
  ],
};
