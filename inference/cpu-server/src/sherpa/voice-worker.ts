// Process of sherpa-onnx's voices: weights that do not load end the process they are in.
import sherpa from 'sherpa-onnx-node';
import { createPartQueue } from '#children/part-queue.ts';
import { EngineRefusal, serveEngine, type Answer } from '#children/engine-port.ts';
import { voiceConfig } from './voice-config.ts';
import type { VoiceFiles } from './voice-files.ts';

/** What the process is started with. */
export interface VoiceSettings {
  readonly files: VoiceFiles;
  readonly threads: number;
  readonly language: string | null;
}

/** One text to be spoken. */
export interface VoiceRequest {
  readonly text: string;
  /** A speaker's name or number; empty: the first. */
  readonly voice: string;
  readonly speed: number;
}

/** Sound as it is made. */
export interface VoiceChunk {
  readonly samples: Int16Array;
  readonly sampleRateHz: number;
}

serveEngine<VoiceSettings, VoiceRequest, VoiceChunk>(createVoice);

function createVoice({ files, ...settings }: VoiceSettings): Answer<VoiceRequest, VoiceChunk> {
  const tts = new sherpa.OfflineTts(voiceConfig(files, settings));
  return async function* ({ text, voice, speed }, signal) {
    const sid = speakerNumber(voice, files.speakers, tts.numSpeakers);
    const chunks = createPartQueue<VoiceChunk>();
    const onProgress = ({ samples }: { readonly samples: Float32Array }): boolean => {
      if (samples.length > 0) chunks.push({ samples: Int16Array.from(samples, toPcm16), sampleRateHz: tts.sampleRate });
      // False ends the synthesis before its next sentence.
      return !signal.aborted;
    };
    tts.generateAsync({ text, sid, speed, onProgress }).then(
      () => chunks.end(),
      (cause: unknown) => chunks.fail(cause instanceof Error ? cause : new Error(String(cause))),
    );
    yield* chunks.read();
  };
}

/** @throws EngineRefusal naming the speakers that there are. */
function speakerNumber(voice: string, speakers: VoiceFiles['speakers'], count: number): number {
  if (voice === '') return 0;
  const number = speakers[voice] ?? (/^\d{1,4}$/.test(voice) ? Number(voice) : count);
  if (number < count) return number;
  const names = Object.keys(speakers).slice(0, 20);
  const known = [...(names.length === 0 ? [] : [names.join(', ')]), count === 1 ? '0' : `0 to ${count - 1}`].join(', or ');
  throw new EngineRefusal(`tensor VOICE: this voice has no speaker ${JSON.stringify(voice)}; it has ${known}`);
}

function toPcm16(sample: number): number {
  return Math.max(-32_768, Math.min(32_767, Math.round(sample * 32_767)));
}
