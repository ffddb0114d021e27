// A speech engine that outlives its process: when one dies, its questions fail and the next question starts another.
import { startEngineProcess, type EngineProcess, type EngineProgram } from './engine-process.ts';
import type { SpeechEngine, TranscriptionOutcome } from './transcription.ts';

/** An engine's program and how it is named. */
export type ProcessEngineOptions = EngineProgram & Pick<SpeechEngine, 'name' | 'note'>;

/** An engine that dies at every utterance must not cost a start each. */
const MIN_RESTART_MS = 5_000;

/** Opens the engine. @throws when its first process cannot start: wrong files stay wrong. */
export async function openProcessEngine(options: ProcessEngineOptions): Promise<SpeechEngine> {
  let startedAt = performance.now();
  let current: Promise<EngineProcess> = startEngineProcess(options);
  await current;
  let isClosed = false;

  const running = async (): Promise<EngineProcess | string> => {
    const engine = await current.catch((cause: unknown) => (cause instanceof Error ? cause.message : String(cause)));
    const death = typeof engine === 'string' ? engine : engine.death;
    if (death === null) return engine;
    if (isClosed || performance.now() - startedAt < MIN_RESTART_MS) return death;
    startedAt = performance.now();
    current = startEngineProcess(options);
    // The question that waits for it reports the failure; without this one an idle engine's would end the server.
    current.catch(() => undefined);
    return running();
  };

  return {
    name: options.name,
    note: options.note,
    transcribe: async (request, signal): Promise<TranscriptionOutcome> => {
      const engine = await running();
      return typeof engine === 'string' ? { kind: 'failed', reason: engine } : engine.ask(request, signal);
    },
    [Symbol.asyncDispose]: async () => {
      isClosed = true;
      const engine = await current.catch(() => null);
      await engine?.[Symbol.asyncDispose]();
    },
  };
}
