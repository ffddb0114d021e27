// Thread of the phrases engine: warping is pure computation and would hold up every call on the serving thread.
import { serveTranscriptions, workerSettings } from '#speech/worker-port.ts';
import type { EspeakCommand } from '#espeak/espeak-process.ts';
import type { VoiceCatalog } from '#espeak/voice-catalog.ts';
import { createPhraseRecogniser } from './phrase-recogniser.ts';

/** What the thread is started with. */
export interface PhrasesSettings {
  readonly command: EspeakCommand;
  readonly catalog: VoiceCatalog;
}

const settings = workerSettings<PhrasesSettings>();
serveTranscriptions(createPhraseRecogniser({ ...settings, signal: new AbortController().signal }));
