/** For tests: machines as the detection describes them. */
import type { Gpu, Hardware } from '#machine/hardware.ts';
import { GIBIBYTE } from './sizing-figures.ts';

/** A board, free but for what its driver keeps. */
export function sampleGpu(name: string, totalGib: number, change: Partial<Gpu> = {}): Gpu {
  return {
    uuid: `GPU-${name.toLowerCase().replaceAll(/[^a-z0-9]+/g, '-')}-${totalGib}`,
    name,
    memoryTotalBytes: totalGib * GIBIBYTE,
    memoryFreeBytes: (totalGib - 0.4) * GIBIBYTE,
    driverVersion: '590.44',
    computeCapability: 8.9,
    mig: 'unsupported',
    instances: [],
    eccErrors: null,
    ...change,
  };
}

export type SampleParts = {
  readonly gpus?: readonly Gpu[];
  readonly cores?: number;
  readonly memoryGib?: number;
  readonly diskGib?: number;
};

/** A machine with room. */
export function sampleHardware({ gpus = [], cores = 16, memoryGib = 64, diskGib = 500 }: SampleParts = {}): Hardware {
  return {
    system: { id: 'debian', version: '12', kernel: '6.1.0', virtualization: null },
    cpu: { model: 'AMD EPYC', architecture: 'x64', cores, avx2: true, avx512: false, f16c: true },
    memory: { totalBytes: memoryGib * GIBIBYTE, availableBytes: memoryGib * GIBIBYTE, swapBytes: 0 },
    disk: {
      path: '/var/lib/centralita',
      freeBytes: diskGib * GIBIBYTE,
      totalBytes: diskGib * GIBIBYTE,
      freeInodes: 1e6,
      fileSystem: 'ext4',
      fsyncP95Ms: { kind: 'known', value: 2 },
    },
    gpu: gpus.length === 0 ? { kind: 'absent', others: [] } : { kind: 'found', gpus },
    engine: { kind: 'known', value: null },
    nvidiaToolkitVersion: null,
    clockOffsetMs: { kind: 'known', value: 0 },
    network: {
      addresses: ['192.0.2.10'],
      publicAddress: { kind: 'unknown', reason: 'not asked', fix: null },
      isBehindNat: { kind: 'unknown', reason: 'not asked', fix: null },
    },
    foreignServers: [],
    probes: [],
  };
}
