// The program of the voice activity thread: a run of the model blocks its thread for milliseconds, which live audio does not have.
import { parentPort, workerData } from 'node:worker_threads';
import { ENTRY_FIELDS } from './silero-memory.ts';
import type { SileroThreadMessage, SileroThreadStart } from './silero-memory.ts';
import { openSileroModel } from './silero-model.ts';
import type { SileroEntry, SileroModel } from './silero-model.ts';

const start = workerData as SileroThreadStart;
const { windows, entries, probabilities } = start.memory;

function say(message: SileroThreadMessage): void {
  parentPort?.postMessage(message);
}

function entryAt(row: number): SileroEntry {
  const at = row * ENTRY_FIELDS;
  return { stream: entries[at] as number, slot: entries[at + 1] as number, fresh: entries[at + 2] === 1 };
}

async function answer(model: SileroModel, count: number): Promise<void> {
  probabilities.set(
    await model.run(
      windows,
      Array.from({ length: count }, (_, row) => entryAt(row)),
    ),
  );
  say({ kind: 'answered', count });
}

try {
  const model = await openSileroModel(start);
  // A failing run rejects unhandled here, which ends the thread: the main thread sees the error and starts a new one.
  parentPort?.on('message', (count: number) => void answer(model, count));
  say({ kind: 'ready' });
} catch (error) {
  say({ kind: 'failed', reason: error instanceof Error ? error.message : String(error) });
}
