/** How much of each board a plan takes against what is free on it: the sum that must never be too large. Pure. */
import type { SizingPlan } from '#sizing/sizing-plan.ts';
import type { GpuReport } from './hardware.ts';

export type BoardUse = { readonly uuid: string; readonly freeBytes: number; readonly takenBytes: number };

/** Each board or slice that the plan names. One that the machine has not has nothing free. */
export function sumBoardUse({ models }: Pick<SizingPlan, 'models'>, gpu: GpuReport): readonly BoardUse[] {
  const free = new Map<string, number>();
  for (const board of gpu.kind === 'found' ? gpu.gpus : []) {
    // What is cut up gives only its slices.
    if (board.mig !== 'enabled') free.set(board.uuid, board.memoryFreeBytes);
    for (const { uuid, memoryBytes } of board.instances) free.set(uuid, memoryBytes);
  }
  const taken = new Map<string, number>();
  for (const { gpuUuid, vramBytes } of models) if (gpuUuid !== null) taken.set(gpuUuid, (taken.get(gpuUuid) ?? 0) + vramBytes);
  return [...taken].map(([uuid, takenBytes]) => ({ uuid, takenBytes, freeBytes: free.get(uuid) ?? 0 }));
}
