// Process of the sherpa-onnx engine: decoding is one long synchronous call, and bad weights end the process.
import { serveTranscriptions } from '#speech/transcription-worker.ts';
import type { SpeechModelFiles } from './model-files.ts';
import { createSherpaRecogniser } from './sherpa-recogniser.ts';

/** What the process is started with. */
export interface SherpaSettings {
  readonly files: SpeechModelFiles;
  readonly threads: number;
}

serveTranscriptions<SherpaSettings>(({ files, threads }) => createSherpaRecogniser(files, threads));
