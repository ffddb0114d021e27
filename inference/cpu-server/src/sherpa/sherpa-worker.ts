// Thread of the sherpa-onnx engine: decoding is one long synchronous call.
import { serveTranscriptions, workerSettings } from '#speech/worker-port.ts';
import type { SpeechModelFiles } from './model-files.ts';
import { createSherpaRecogniser } from './sherpa-recogniser.ts';

/** What the thread is started with. */
export interface SherpaSettings {
  readonly files: SpeechModelFiles;
  readonly threads: number;
}

const { files, threads } = workerSettings<SherpaSettings>();
serveTranscriptions(createSherpaRecogniser(files, threads));
