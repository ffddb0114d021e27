/** The boards that models can run on: asked of nvidia-smi, and of the bus where that is silent. lspci is not needed. */
import { GPU_FIELDS, parseBoards, parseInstances } from './gpu-parsing.ts';
import { driverMissing, explainNvidiaSmi, unreadableAnswer } from './gpu-fault.ts';
import type { Gpu, GpuReport } from './hardware.ts';
import { hasMachineFile, listMachineFolder, readMachineFile } from './machine-source.ts';
import type { MachineSource } from './machine-source.ts';
import { PROBE_LIMIT_MS } from './probe.ts';
import { askCommand } from './probe-command.ts';

const VENDORS: Readonly<Record<string, string>> = { '0x10de': 'NVIDIA', '0x1002': 'AMD', '0x8086': 'Intel' };
/** Classes of the bus that compute or show pictures: VGA, 3D, other display, processing accelerator. */
const BOARD_CLASS = /^0x(0300|0302|0380|1200)/;

/** Finds the boards. Never throws for what a machine can be like. */
export async function probeGpu(source: MachineSource, deadline: AbortSignal): Promise<GpuReport> {
  const query = ['nvidia-smi', `--query-gpu=${GPU_FIELDS.join(',')}`, '--format=csv,noheader,nounits'];
  const answer = await askCommand(query, { env: source.env, deadline });
  const boards = await listBusBoards(source);
  if (answer.kind === 'absent') {
    const ours = boards.find(({ vendor }) => vendor === 'NVIDIA');
    if (ours) return driverMissing(ours.text);
    return { kind: 'absent', others: boards.map(({ text }) => text) };
  }
  if (answer.kind !== 'ended' || answer.exitCode !== 0) {
    const isNoBoard = answer.kind === 'ended' && answer.exitCode === 6 && !boards.some(({ vendor }) => vendor === 'NVIDIA');
    if (isNoBoard) return { kind: 'absent', others: boards.map(({ text }) => text) };
    return explainNvidiaSmi(answer, PROBE_LIMIT_MS);
  }
  const parsed = parseBoards(answer.stdout);
  if (parsed.kind === 'unreadable') return unreadableAnswer(parsed.line, parsed.why);
  if (parsed.gpus.length === 0) return { kind: 'absent', others: boards.map(({ text }) => text) };
  return await withInstances(parsed.gpus, source, deadline);
}

/** Fills in the slices of boards that are cut up. */
async function withInstances(gpus: readonly Gpu[], source: MachineSource, deadline: AbortSignal): Promise<GpuReport> {
  if (gpus.every(({ mig }) => mig !== 'enabled')) return { kind: 'found', gpus };
  const answer = await askCommand(['nvidia-smi', '-L'], { env: source.env, deadline });
  if (answer.kind === 'absent') return unreadableAnswer('', 'nvidia-smi vanished between two questions');
  if (answer.kind !== 'ended' || answer.exitCode !== 0) return explainNvidiaSmi(answer, PROBE_LIMIT_MS);
  const instances = parseInstances(answer.stdout);
  return { kind: 'found', gpus: gpus.map((gpu) => ({ ...gpu, instances: instances.get(gpu.uuid) ?? [] })) };
}

/** Boards on the bus of the makers that matter, such as `AMD 0000:03:00.0 (1002:744c)`. */
async function listBusBoards(source: MachineSource): Promise<readonly { readonly vendor: string; readonly text: string }[]> {
  const boards: { vendor: string; text: string }[] = [];
  for (const address of await listMachineFolder(source, 'sys/bus/pci/devices')) {
    const read = async (name: string): Promise<string> => (await readMachineFile(source, `sys/bus/pci/devices/${address}/${name}`)).trim();
    const id = await read('vendor');
    const vendor = VENDORS[id];
    if (vendor === undefined || !BOARD_CLASS.test(await read('class'))) continue;
    boards.push({ vendor, text: `${vendor} ${address} (${id.slice(2)}:${(await read('device')).slice(2)})` });
  }
  const hasAmd = boards.some(({ vendor }) => vendor === 'AMD');
  if (!hasAmd && (await hasMachineFile(source, 'dev/kfd'))) boards.push({ vendor: 'AMD', text: 'AMD, seen by its device /dev/kfd' });
  return boards;
}
