// Process of the phrases engine: warping is pure computation and would hold up every call on the serving thread.
import type { EspeakCommand } from '#espeak/espeak-process.ts';
import type { VoiceCatalog } from '#espeak/voice-catalog.ts';
import { serveTranscriptions } from '#speech/transcription-worker.ts';
import type { KnownPhrases } from './phrase-file.ts';
import { createPhraseRecogniser } from './phrase-recogniser.ts';

/** What the process is started with. */
export interface PhrasesSettings {
  readonly command: EspeakCommand;
  readonly catalog: VoiceCatalog;
  /** Phrases that are told apart besides those of each request. */
  readonly known: KnownPhrases;
}

serveTranscriptions<PhrasesSettings>(({ known, ...settings }) =>
  createPhraseRecogniser({ ...settings, signal: new AbortController().signal }, known),
);
