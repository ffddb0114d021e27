// What a plan takes of a board is what sizing reckons with: the models, half a GiB for each process and a GiB that stays free.
import { expect, it } from 'vitest';
import type { PlacedModel } from '#sizing/sizing-plan.ts';
import { sampleGpu } from '#sizing/sample-hardware.ts';
import { GIBIBYTE } from '#sizing/sizing-figures.ts';
import { sumBoardUse } from './board-use.ts';

const placed = (role: PlacedModel['role'], gib: number, gpuUuid: string | null): PlacedModel => ({
  role,
  name: role,
  precision: 'float16',
  vramBytes: gib * GIBIBYTE,
  gpuUuid,
  memoryFraction: null,
  settings: {},
});
const gpus = [sampleGpu('NVIDIA L4', 12, { uuid: 'GPU-1' }), sampleGpu('NVIDIA L4', 24, { uuid: 'GPU-2' })];
const taken = (...models: PlacedModel[]) =>
  sumBoardUse({ models }, { kind: 'found', gpus }).map(({ uuid, takenBytes, freeBytes }) => [
    uuid,
    takenBytes / GIBIBYTE,
    takenBytes <= freeBytes,
  ]);

it('counts a process for speech, one for language, and the reserve of each board', () => {
  const speech = [placed('speech_to_text', 3, 'GPU-1'), placed('text_to_speech', 1.5, 'GPU-1')];
  expect(taken(...speech)).toEqual([['GPU-1', 6, true]]);
  expect(taken(...speech, placed('language_model', 4, 'GPU-1'))).toEqual([['GPU-1', 10.5, true]]);
  expect(taken(...speech, placed('language_model', 6, 'GPU-1'))).toEqual([['GPU-1', 12.5, false]]);
  expect(taken(...speech, placed('language_model', 8, 'GPU-2'))).toEqual([
    ['GPU-1', 6, true],
    ['GPU-2', 9.5, true],
  ]);
  expect(taken(placed('embedding', 1, null))).toEqual([]);
});
