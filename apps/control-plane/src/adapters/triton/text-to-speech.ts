// Text to speech by the text_to_speech model: one stream per sentence, made into 16 kHz as it arrives (inference/contracts/text_to_speech.json).
import { openResampler, type Resampler } from '#audio/resample.ts';
import type { Speech, TextToSpeech } from '#ports/text-to-speech.ts';
import { findTensor, textTensor, type InferReply, type Tensor, type TritonClient } from 'triton-client-grpc-generated';
import { brokenContract, inferenceErrorFrom } from './inference-failure.ts';
import { readAhead } from './read-ahead.ts';

const role = 'text_to_speech';
const OUTPUT_HZ = 16_000;
/** Resamplers kept for the next sentence: building one's filter table takes milliseconds of the thread that carries all calls. */
const MAX_IDLE_RESAMPLERS = 32;

/** Where requests go, and how long a whole sentence may take to be made. */
export type TritonTextToSpeechOptions = { readonly client: TritonClient; readonly deadlineMs: number };

export function createTritonTextToSpeech({ client, deadlineMs }: TritonTextToSpeechOptions): TextToSpeech {
  const pool = createResamplerPool();
  return {
    async *synthesize(speech, { signal }) {
      let lent: LentResampler | null = null;
      try {
        // Read ahead of playout: the deadline is the synthesis's, and a voice that is being played holds no place on the server.
        const replies = readAhead(
          (stop) => client.streamInfer({ model: role, inputs: inputsOf(speech) }, { deadlineMs, signal: stop }),
          signal,
        );
        for await (const { outputs } of replies) {
          const { samples, rateHz } = chunkOf(outputs);
          lent ??= pool.take(rateHz);
          if (lent.fromHz !== rateHz) throw brokenContract(role, `one SAMPLE_RATE for all chunks (${lent.fromHz}, then ${rateHz})`);
          const pcm = lent.resampler.push(samples);
          if (pcm.length > 0) yield pcm;
        }
        const rest = lent?.resampler.flush();
        if (rest !== undefined && rest.length > 0) yield rest;
      } catch (cause) {
        throw inferenceErrorFrom(role, cause);
      } finally {
        if (lent !== null) pool.giveBack(lent);
      }
    },
  };
}

function inputsOf({ text, language, voice, speed }: Speech): readonly Tensor[] {
  return [
    textTensor('TEXT', [text]),
    textTensor('LANGUAGE', [language]),
    textTensor('VOICE', [voice]),
    { name: 'SPEED', datatype: 'FP32', shape: [1, 1], values: Float32Array.of(speed) },
  ];
}

function chunkOf(outputs: InferReply['outputs']): { samples: Int16Array; rateHz: number } {
  const audio = findTensor(outputs, 'AUDIO');
  const rate = findTensor(outputs, 'SAMPLE_RATE');
  if (audio?.datatype !== 'INT16') throw brokenContract(role, 'AUDIO');
  const rateHz = rate?.datatype === 'INT32' ? rate.values[0] : undefined;
  if (rateHz === undefined) throw brokenContract(role, 'SAMPLE_RATE');
  return { samples: audio.values, rateHz };
}

type LentResampler = { readonly fromHz: number; readonly resampler: Resampler };

function createResamplerPool() {
  const idle: LentResampler[] = [];
  return {
    take(fromHz: number): LentResampler {
      const at = idle.findIndex((one) => one.fromHz === fromHz);
      return idle.splice(at, at === -1 ? 0 : 1)[0] ?? { fromHz, resampler: openResampler({ fromHz, toHz: OUTPUT_HZ }) };
    },
    giveBack(lent: LentResampler): void {
      // A sentence that was cut off leaves samples in the filter; the next one must not begin with them.
      lent.resampler.flush();
      if (idle.length < MAX_IDLE_RESAMPLERS) idle.push(lent);
    },
  };
}
