/** How much of each board a plan takes against what is free on it: the sum that must never be too large. Pure. */
import { PROCESS_VRAM_BYTES, RESERVED_VRAM_BYTES } from '#sizing/sizing-figures.ts';
import type { SizingPlan } from '#sizing/sizing-plan.ts';
import type { GpuReport } from './hardware.ts';

export type BoardUse = { readonly uuid: string; readonly freeBytes: number; readonly takenBytes: number };

/** Each board or slice that the plan names, with its processes and what is left free of it for good. One that the machine has not has nothing free. */
export function sumBoardUse({ models }: Pick<SizingPlan, 'models'>, gpu: GpuReport): readonly BoardUse[] {
  const free = new Map<string, number>();
  for (const board of gpu.kind === 'found' ? gpu.gpus : []) {
    // What is cut up gives only its slices.
    if (board.mig !== 'enabled') free.set(board.uuid, board.memoryFreeBytes);
    for (const { uuid, memoryBytes } of board.instances) free.set(uuid, memoryBytes);
  }
  const taken = new Map<string, number>();
  const processes = new Set<string>();
  for (const { gpuUuid, vramBytes, role } of models) {
    if (gpuUuid === null) continue;
    // Ears and voice on one board are one process; the language model is always one of its own.
    const process = `${gpuUuid} ${role === 'language_model' ? 'language' : 'speech'}`;
    const own = processes.has(process) ? 0 : PROCESS_VRAM_BYTES;
    processes.add(process);
    taken.set(gpuUuid, (taken.get(gpuUuid) ?? RESERVED_VRAM_BYTES) + vramBytes + own);
  }
  return [...taken].map(([uuid, takenBytes]) => ({ uuid, takenBytes, freeBytes: free.get(uuid) ?? 0 }));
}
