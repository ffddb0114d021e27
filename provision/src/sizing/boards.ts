/** The boards that models can be placed on: whole GPUs and the slices of cut ones, by UUID, with what is free of each. Pure. */
import { toGib } from '#gibibytes.ts';
import type { GpuReport } from '#machine/hardware.ts';
import { BOARD_TOKENS_PER_SECOND, PROFILES, SLOWEST_BOARD } from './sizing-figures.ts';
import type { ProfileRow } from './sizing-figures.ts';

export type Board = {
  readonly uuid: string;
  readonly name: string;
  readonly totalBytes: number;
  /** What others hold is not ours to plan with. */
  readonly freeBytes: number;
  readonly computeCapability: number | null;
  /** A slice takes one model: it cannot be shared by two processes without waits that nobody measured. */
  readonly isSlice: boolean;
  /** Of an 8-billion model, all calls together. */
  readonly tokensPerSecond: number;
  readonly tokensSource: string;
};

/** Below it no model here runs: Turing is the oldest that CUDA 13 in the images serves. */
export const OLDEST_CAPABILITY = 7.5;
/** More are not tried together: the plan's time grows with the third power. */
const MAX_BOARDS = 4;

/** Boards with room, the freest first, and what was left out with its reason. */
export function listBoards(report: GpuReport): { readonly boards: readonly Board[]; readonly warnings: readonly string[] } {
  if (report.kind === 'broken') return { boards: [], warnings: [`the GPU is not used: ${report.reason}. Fix: ${report.fix}`] };
  if (report.kind === 'absent') {
    const others = report.others.map(
      (other) => `${other} is not used: only NVIDIA boards run the models. Fix: add one, or go on with the processor`,
    );
    return { boards: [], warnings: others };
  }
  const warnings: string[] = [];
  const boards = report.gpus.flatMap((gpu): Board[] => {
    const { tokens, source } = BOARD_TOKENS_PER_SECOND.find(({ board }) => board.test(gpu.name)) ?? SLOWEST_BOARD;
    const shared = { name: gpu.name, computeCapability: gpu.computeCapability, tokensSource: source };
    if (gpu.computeCapability !== null && gpu.computeCapability < OLDEST_CAPABILITY) {
      warnings.push(
        `${gpu.name} (${gpu.uuid}) is not used: compute capability ${gpu.computeCapability}, ${OLDEST_CAPABILITY} needed. Fix: a newer board, or go on without it`,
      );
      return [];
    }
    if (gpu.mig === 'enabled' && gpu.instances.length === 0) {
      warnings.push(
        `${gpu.name} (${gpu.uuid}) is not used: MIG is on and it has no instances. Fix: nvidia-smi mig -cgi 3g.40gb,3g.40gb -C, or nvidia-smi -mig 0`,
      );
      return [];
    }
    if (gpu.mig === 'enabled')
      return gpu.instances.map(({ uuid, profile, memoryBytes }) => ({
        ...shared,
        uuid,
        name: `${gpu.name} ${profile}`,
        totalBytes: memoryBytes,
        freeBytes: memoryBytes,
        isSlice: true,
        // As much of the board's speed as of its memory.
        tokensPerSecond: tokens * Math.min(1, memoryBytes / gpu.memoryTotalBytes),
      }));
    return [
      {
        ...shared,
        uuid: gpu.uuid,
        totalBytes: gpu.memoryTotalBytes,
        freeBytes: Math.min(gpu.memoryFreeBytes, gpu.memoryTotalBytes),
        isSlice: false,
        tokensPerSecond: tokens,
      },
    ];
  });
  for (const board of boards.filter(({ freeBytes, totalBytes }) => freeBytes < totalBytes * 0.9))
    warnings.push(
      `${board.name} (${board.uuid}): ${toGib(board.totalBytes - board.freeBytes)} of ${toGib(board.totalBytes)} GiB are held by others and not planned with. Fix: nvidia-smi names them; end them and run it again`,
    );
  const sorted = boards.toSorted((a, b) => b.freeBytes - a.freeBytes || (a.uuid < b.uuid ? -1 : 1));
  return { boards: sorted.slice(0, MAX_BOARDS), warnings };
}

/** What boards of this much free memory are called; null: too small for the three models of a call. */
export function profileOf(freeBytes: number): ProfileRow | null {
  return PROFILES.findLast(({ fromBytes }) => freeBytes >= fromBytes) ?? null;
}
