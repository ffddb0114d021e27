// A voice activity thread that tells whether each window came with a fresh state (1) or not (0), and breaks at its third batch.
import { parentPort, workerData } from 'node:worker_threads';

const { memory } = workerData as { memory: { entries: Int32Array; probabilities: Float32Array } };
let batches = 0;

parentPort?.on('message', (count: number) => {
  if (++batches === 3) throw new Error('planted crash');
  for (let row = 0; row < count; row++) memory.probabilities[row] = memory.entries[row * 3 + 2] as number;
  parentPort?.postMessage({ kind: 'answered', count });
});
parentPort?.postMessage({ kind: 'ready' });
