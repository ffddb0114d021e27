// What an engine process for speech runs: utterances in, one transcription each out.
import { EngineRefusal, serveEngine } from '#children/engine-port.ts';
import type { Transcribe, Transcription, TranscriptionRequest } from './transcription.ts';

/** Serves the parent process until it goes away. `create` loads what the engine needs. */
export function serveTranscriptions<Settings>(create: (settings: Settings) => Transcribe): void {
  serveEngine<Settings, TranscriptionRequest, Transcription>((settings) => {
    const transcribe = create(settings);
    return async function* (request) {
      const outcome = await transcribe(request);
      if (outcome.kind === 'refused') throw new EngineRefusal(outcome.reason);
      yield outcome;
    };
  });
}
