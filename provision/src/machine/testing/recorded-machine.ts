/**
 * Machines as data: a folder of `provision/test/machines` becomes files, programs in a PATH and figures, which the real probes then read.
 * For the test that walks all of them, and for `npm run proof:machines`.
 */
import { chmod, mkdir, mkdtemp, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { parse } from 'yaml';
import { z } from 'zod';
import type { MachineSource } from '#machine/machine-source.ts';
import { renderProgram } from './recorded-program.ts';
import { programsSchema } from './recorded-program.ts';

const GIBIBYTE = 1024 ** 3;
const TEST_FOLDER = resolve(import.meta.dirname, '..', '..', '..', 'test');
/** Where the machines are. */
export const MACHINES_FOLDER = join(TEST_FOLDER, 'machines');

const recordedSchema = z.strictObject({
  /** One sentence: what is special about it. */
  what: z.string(),
  /** File of `parts/os-release`. */
  system: z.string(),
  kernel: z.string(),
  architecture: z.enum(['x64', 'arm64']).default('x64'),
  /** File of `parts/cpuinfo` with one processor, and how often it is there. */
  cpu: z.strictObject({ like: z.string(), cores: z.int().min(1) }),
  memoryGib: z.number(),
  swapGib: z.number().default(0),
  disk: z.strictObject({
    freeGib: z.number(),
    totalGib: z.number(),
    freeInodes: z.int().default(20_000_000),
    fileSystem: z.string().default('ext4'),
    isReadOnly: z.boolean().default(false),
    /** Time of each of its lasting writes; null: it cannot be timed. */
    fsyncMs: z.number().nullable().default(1.2),
  }),
  addresses: z.array(z.string()).default(['10.20.0.5']),
  hasWayOut: z.boolean().default(true),
  mtuBytes: z.int().default(1500),
  environment: z.record(z.string(), z.string()).default({}),
  /** What is on the bus: address, vendor, device, class. */
  bus: z.array(z.tuple([z.string(), z.string(), z.string(), z.string()])).default([]),
  /** Sets of `parts/programs.yaml`. */
  with: z.array(z.string()).default([]),
  programs: programsSchema.default({}),
  /** More files: path below `/` -> text. */
  files: z.record(z.string(), z.string()).default({}),
  /** Who listens, and whether it runs out of the installation's own root. */
  listening: z
    .array(z.strictObject({ port: z.int(), kind: z.enum(['tcp', 'udp']), by: z.string(), isOurs: z.boolean().default(false) }))
    .default([]),
  /** What of ours is on it. */
  installation: z.enum(['none', 'half', 'older', 'finished']).default('none'),
  /** Its `.env`. */
  settings: z.string().default(''),
});

/** Begins the name of every folder that this process lays a machine out in, and so the PATH of every program that it asks. */
export const FOLDER_PREFIX = `centralita-machine-${process.pid}-`;

export type RecordedMachine = z.infer<typeof recordedSchema> & { readonly name: string };

/** A recorded machine laid out on the disk, for the probes to read. Removed at the end. */
export type OpenMachine = AsyncDisposable & { readonly home: string; readonly source: MachineSource };

/** Every recorded machine, by name. Throws naming the file that is wrong. */
export async function listRecordedMachines(): Promise<readonly RecordedMachine[]> {
  const names = (await readdir(MACHINES_FOLDER)).sort();
  return await Promise.all(names.map(readRecordedMachine));
}

/** One recorded machine. */
export async function readRecordedMachine(name: string): Promise<RecordedMachine> {
  const path = join(MACHINES_FOLDER, name, 'machine.yaml');
  const parsed = recordedSchema.safeParse(parse(await readFile(path, 'utf8')));
  if (!parsed.success) throw new Error(`${path}: ${z.prettifyError(parsed.error)}`);
  return { ...parsed.data, name };
}

/** Lays the machine out below the temporary folder. */
export async function openRecordedMachine(machine: RecordedMachine): Promise<OpenMachine> {
  const folder = await mkdtemp(join(tmpdir(), FOLDER_PREFIX));
  const root = join(folder, 'root');
  for (const [path, text] of Object.entries(await listFiles(machine))) await put(join(root, path), text);
  const bin = join(folder, 'bin');
  await mkdir(bin);
  for (const [name, answers] of Object.entries(await collectPrograms(machine))) {
    await put(join(bin, name), renderProgram(answers));
    await chmod(join(bin, name), 0o755);
  }
  const home = join(folder, 'home');
  await put(join(home, '.env'), machine.settings);
  await linkProcesses(machine, { root, home });
  const { disk } = machine;
  const source: MachineSource = {
    root,
    env: { PATH: bin, ...machine.environment },
    architecture: machine.architecture,
    usableCores: null,
    addresses: machine.addresses,
    statDisk: () =>
      Promise.resolve({
        folder: '/srv/home',
        freeBytes: disk.freeGib * GIBIBYTE,
        totalBytes: disk.totalGib * GIBIBYTE,
        freeInodes: disk.freeInodes,
      }),
    measureFsync: () =>
      disk.fsyncMs === null
        ? Promise.reject(new Error('EROFS: read-only file system'))
        : Promise.resolve(Array<number>(50).fill(disk.fsyncMs)),
  };
  return { home, source, [Symbol.asyncDispose]: async () => await rm(folder, { recursive: true, force: true }) };
}

async function collectPrograms(machine: RecordedMachine): Promise<z.infer<typeof programsSchema>> {
  const sets = z.record(z.string(), programsSchema).parse(parse(await readFile(join(TEST_FOLDER, 'parts', 'programs.yaml'), 'utf8')));
  const named = machine.with.map((name) => {
    const set = sets[name];
    if (!set) throw new Error(`${machine.name}: parts/programs.yaml has no ${name}`);
    return set;
  });
  return Object.assign({}, ...named, machine.programs) as z.infer<typeof programsSchema>;
}

async function listFiles(machine: RecordedMachine): Promise<Readonly<Record<string, string>>> {
  const { cpu, disk, memoryGib, swapGib } = machine;
  const part = async (kind: string, name: string): Promise<string> => await readFile(join(TEST_FOLDER, 'parts', kind, name), 'utf8');
  const processor = await part('cpuinfo', cpu.like);
  const processors = Array.from({ length: cpu.cores }, (_, index) => processor.replace(/^processor\s*:.*$/m, `processor\t: ${index}`));
  const kib = (gib: number): number => Math.round(gib * 1024 * 1024);
  const state = disk.isReadOnly ? 'ro' : 'rw';
  return {
    'etc/os-release': await part('os-release', machine.system),
    'etc/resolv.conf': 'nameserver 10.20.0.1\n',
    'etc/timezone': 'Europe/Madrid\n',
    'proc/sys/kernel/osrelease': `${machine.kernel}\n`,
    'proc/sys/kernel/random/entropy_avail': '256\n',
    'proc/sys/user/max_user_namespaces': '31000\n',
    'proc/cpuinfo': processors.join('\n'),
    'proc/meminfo': `MemTotal:       ${kib(memoryGib)} kB\nMemFree:        ${kib(memoryGib * 0.8)} kB\nMemAvailable:   ${kib(memoryGib * 0.9)} kB\nSwapTotal:      ${kib(swapGib)} kB\n`,
    'proc/self/mountinfo': `22 1 259:2 / / ${state},relatime shared:1 - ${disk.fileSystem} /dev/nvme0n1p2 ${state}\n`,
    'proc/net/route': `Iface\tDestination\tGateway\tFlags\n${machine.hasWayOut ? 'eth0\t00000000\t0100140A\t0003\n' : ''}eth0\t0000140A\t00000000\t0001\n`,
    'sys/class/net/eth0/mtu': `${machine.mtuBytes}\n`,
    'sys/fs/cgroup/cgroup.controllers': 'cpuset cpu io memory pids\n',
    ...listenerFiles(machine),
    ...Object.fromEntries(
      machine.bus.flatMap(([address, ...ids]) =>
        ['vendor', 'device', 'class'].map((name, index) => [`sys/bus/pci/devices/${address}/${name}`, `${ids[index]}\n`]),
      ),
    ),
    ...machine.files,
  };
}

/** `/proc/net` and the processes behind it. */
function listenerFiles({ listening }: RecordedMachine): Readonly<Record<string, string>> {
  const files: Record<string, string> = {};
  for (const kind of ['tcp', 'udp'] as const) {
    const own = listening.filter((each) => each.kind === kind);
    const lines = own.map(
      ({ port }, index) =>
        `  ${index}: 00000000:${port.toString(16).toUpperCase().padStart(4, '0')} 00000000:0000 ${kind === 'tcp' ? '0A' : '07'} 0:0 0:0 0 0 0 ${40_000 + port}`,
    );
    files[`proc/net/${kind}`] = `${['  sl  local_address rem_address   st', ...lines].join('\n')}\n`;
  }
  for (const [index, { by }] of listening.entries()) files[`proc/${800 + index}/comm`] = `${by}\n`;
  return files;
}

/** What a process has open and what its `/` is, as the kernel shows it: links that lead nowhere. */
async function linkProcesses(
  { listening }: RecordedMachine,
  { root, home }: { readonly root: string; readonly home: string },
): Promise<void> {
  for (const [index, { port, isOurs }] of listening.entries()) {
    const process = join(root, 'proc', String(800 + index));
    await mkdir(join(process, 'fd'), { recursive: true });
    await symlink(`socket:[${40_000 + port}]`, join(process, 'fd', '7'));
    await symlink(isOurs ? join(home, 'root') : '/', join(process, 'root'));
  }
}

async function put(path: string, text: string): Promise<void> {
  await mkdir(dirname(path), { recursive: true });
  await writeFile(path, text);
}
