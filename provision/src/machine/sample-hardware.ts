/** For tests: the hardware of a plain Debian 12 with two cores and no board, to change one thing of. */
import type { Hardware } from './hardware.ts';

const GIBIBYTE = 1024 ** 3;

/** Two cores, 8 GiB, 40 GiB free, nothing else on it. */
export function sampleHardware(change: Partial<Hardware> = {}): Hardware {
  return {
    system: { id: 'debian', version: '12', kernel: '6.1.0-28-amd64', virtualization: null },
    cpu: { model: 'AMD EPYC 7543', architecture: 'x64', cores: 2, avx2: true, avx512: false, f16c: true },
    memory: { totalBytes: 8 * GIBIBYTE, availableBytes: 7 * GIBIBYTE, swapBytes: 0 },
    disk: {
      path: '/srv/home',
      freeBytes: 40 * GIBIBYTE,
      totalBytes: 60 * GIBIBYTE,
      freeInodes: 3_000_000,
      fileSystem: 'ext4',
      fsyncP95Ms: { kind: 'known', value: 1.5 },
    },
    gpu: { kind: 'absent', others: [] },
    engine: { kind: 'known', value: null },
    nvidiaToolkitVersion: null,
    clockOffsetMs: { kind: 'known', value: 0.2 },
    network: {
      addresses: ['10.0.0.5'],
      publicAddress: { kind: 'unknown', reason: 'no interface has a public address', fix: null },
      isBehindNat: { kind: 'known', value: true },
    },
    foreignServers: [],
    probes: [],
    ...change,
  };
}
