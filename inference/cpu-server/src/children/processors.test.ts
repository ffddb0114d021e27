// How many processors an engine may take, and which.
import { expect, test } from 'vitest';
import { engineThreads, listedProcessors, processorMask } from './processors.ts';

test('an engine never gets all processors, whatever is asked', () => {
  expect([1, 2, 8].map((processors) => engineThreads(undefined, processors))).toEqual([1, 1, 7]);
  expect([engineThreads(64, 8), engineThreads(3, 8), engineThreads(3, 2)]).toEqual([7, 3, 1]);
});

test('the processors of a process are read from its status, and the last of them are taken', () => {
  const processors = listedProcessors('Name:\tnode\nCpus_allowed_list:\t0-2,8\n');
  expect(processors).toEqual([0, 1, 2, 8]);
  expect(processorMask(processors, 2)).toBe('104');
  expect(processorMask(processors, 4)).toBeNull();
  expect(listedProcessors('')).toEqual([]);
});
