/** Finds out what a machine is and has, all probes side by side. Changes nothing, asks nobody outside the machine. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parseEnvFile } from '#env-file.ts';
import { probeClock } from './clock-probe.ts';
import { probeDisk } from './disk-probe.ts';
import { probeEngine } from './engine-probe.ts';
import { probeForeignServers } from './foreign-servers-probe.ts';
import { probeGpuInContainer } from './gpu-container-probe.ts';
import { hungNvidiaSmi } from './gpu-fault.ts';
import { probeGpu } from './gpu-probe.ts';
import type { Engine, GpuReport, Hardware, Known, Unknown } from './hardware.ts';
import { thisMachine } from './machine-source.ts';
import type { MachineSource } from './machine-source.ts';
import { probeNetwork } from './network-probe.ts';
import { runProbe } from './probe.ts';
import type { ProbeOptions, ProbeReport } from './probe.ts';
import { probeCpu, probeMemory, probeSystem } from './system-probe.ts';
import { probeToolkit } from './toolkit-probe.ts';

export type DetectionOptions = {
  /** Where the installation is or will be; need not exist. */
  readonly home: string;
  /** Its PATH is where nvidia-smi, docker and the others are looked up. */
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly signal: AbortSignal;
  /** Left out: this machine. */
  readonly source?: MachineSource;
};

/** Looks at the machine. What cannot be found out is said in the answer; throws only for a bug or when `signal` aborts. */
export async function detectHardware({ home, env, signal, source = thisMachine(env) }: DetectionOptions): Promise<Hardware> {
  const probes: ProbeReport[] = [];
  const options: ProbeOptions = { signal, report: (report) => probes.push(report) };
  const externalAddress = await readExternalAddress(home);
  // Not waited for together with the rest: the trial in a container follows on the board and the engine alone.
  const gpuAsked = runProbe({ name: 'nvidia-smi', look: (deadline) => probeGpu(source, deadline), whenHung: hungNvidiaSmi }, options);
  const [system, cpu, memory, disk, gpu, engine, nvidiaToolkitVersion, clockOffsetMs, network, foreignServers] = await Promise.all([
    runProbe({ name: 'system', look: () => probeSystem(source), whenHung: () => NO_SYSTEM }, options),
    runProbe({ name: 'cpu', look: () => probeCpu(source), whenHung: () => noCpu(source) }, options),
    runProbe(
      { name: 'memory', look: () => probeMemory(source), whenHung: () => ({ totalBytes: 0, availableBytes: 0, swapBytes: 0 }) },
      options,
    ),
    runProbe(
      { name: 'disk', look: (deadline) => probeDisk(source, home, deadline), whenHung: (limitMs) => noDisk(home, limitMs) },
      options,
    ),
    gpuAsked,
    findEngine(source, gpuAsked, options),
    runProbe({ name: 'nvidia toolkit', look: (deadline) => probeToolkit(source, deadline), whenHung: () => null }, options),
    runProbe(
      { name: 'clock', look: (deadline) => probeClock(source, deadline), whenHung: (limitMs) => late('the time service', limitMs) },
      options,
    ),
    runProbe(
      { name: 'network', look: () => probeNetwork(source, externalAddress), whenHung: (limitMs) => noNetwork(source, limitMs) },
      options,
    ),
    runProbe({ name: 'other servers', look: (deadline) => probeForeignServers(source, home, deadline), whenHung: () => [] }, options),
  ]);
  probes.sort((one, other) => one.name.localeCompare(other.name));
  return { system, cpu, memory, disk, gpu, engine, nvidiaToolkitVersion, clockOffsetMs, network, foreignServers, probes };
}

/** The engine, and the trial of a board in a container where there is a board to see. */
async function findEngine(source: MachineSource, gpuAsked: Promise<GpuReport>, options: ProbeOptions): Promise<Hardware['engine']> {
  const engine = await runProbe(
    {
      name: 'container engine',
      look: (deadline) => probeEngine(source, deadline),
      whenHung: (limitMs): Awaited<ReturnType<typeof probeEngine>> => late('the container engine', limitMs),
    },
    options,
  );
  if (engine.kind === 'unknown' || engine.value === null) return engine as Known<null>;
  const found = engine.value;
  const gpu = await gpuAsked;
  const withTrial = (gpuInContainer: Known<boolean>): Known<Engine> => ({ kind: 'known', value: { ...found, gpuInContainer } });
  if (gpu.kind !== 'found') return withTrial({ kind: 'unknown', reason: 'there is no board to look for', fix: null });
  return withTrial(
    await runProbe(
      {
        name: 'gpu in container',
        look: (deadline) => probeGpuInContainer(source, { program: found.name, deadline }),
        whenHung: (limitMs): Known<boolean> => late('the container engine', limitMs),
      },
      options,
    ),
  );
}

/** EXTERNAL_ADDRESS as the operator set it; an unreadable file is another check's matter. */
async function readExternalAddress(home: string): Promise<string> {
  const text = await readFile(join(home, '.env'), 'utf8').catch(() => '');
  return parseEnvFile(text).get('EXTERNAL_ADDRESS') ?? '';
}

const NO_SYSTEM: Hardware['system'] = { id: '', version: '', kernel: '', virtualization: null };

function noCpu({ architecture, usableCores }: MachineSource): Hardware['cpu'] {
  return { model: 'unknown', architecture, cores: usableCores ?? 1, avx2: false, avx512: false, f16c: false };
}

function late(who: string, limitMs: number): Unknown {
  return { kind: 'unknown', reason: `${who} did not answer within ${limitMs / 1000} s`, fix: 'run it again when the machine is quiet' };
}

function noDisk(home: string, limitMs: number): Hardware['disk'] {
  return {
    path: home,
    freeBytes: 0,
    totalBytes: 0,
    freeInodes: 0,
    fileSystem: 'unknown',
    fsyncP95Ms: late(`the disk of ${home}`, limitMs),
  };
}

function noNetwork({ addresses }: MachineSource, limitMs: number): Hardware['network'] {
  const unknown = late('the network', limitMs);
  return { addresses, publicAddress: unknown, isBehindNat: unknown };
}
