/** Models that answer after fixed delays: what a bench subtracts from a turn to see what our own code adds. */
import { setTimeout as delay } from 'node:timers/promises';
import type {
  InferenceRequest,
  InferenceRole,
  InferenceTiming,
  StandInModel,
} from '@centralita/control-plane/sandbox/inference-request.ts';
import { openInferenceStandIn } from '@centralita/control-plane/sandbox/inference-stand-in-server.ts';
import { openSlots } from './model-slots.ts';
import { findTensor, textsOf, textTensor } from 'triton-client-grpc-generated';
import type { Tensor } from 'triton-client-grpc-generated';
import { z } from 'zod';

/** Rate of the spoken noise. */
const SPEECH_HZ = 16_000;
/** Spanish and English speech come near 15 characters a second. */
const MS_PER_CHARACTER = 65;
const MAX_SPEECH_MS = 30_000;
/** Half a second per reply: a voice that is faster than real time hands out about that much at once. */
const CHUNK_SAMPLES = SPEECH_HZ / 2;

export const modelStandInSchema = z.object({
  port: z.coerce.number().int().min(0).max(65_535).default(0),
  /** Request in -> transcript out. */
  speechToTextMs: z.coerce.number().min(0).default(120),
  /** Request in -> first text out. */
  firstDeltaMs: z.coerce.number().min(0).default(80),
  /** Between the pieces of text after that. */
  betweenDeltasMs: z.coerce.number().min(0).default(10),
  /** Request in -> first audio out. The rest follows at once. */
  textToSpeechMs: z.coerce.number().min(0).default(80),
  /** Requests that each model works on at once; the others wait in order. */
  speechToTextSlots: z.coerce.number().int().min(1).default(1_000),
  languageModelSlots: z.coerce.number().int().min(1).default(1_000),
  textToSpeechSlots: z.coerce.number().int().min(1).default(1_000),
  /** What is understood; `{n}` is the request's number from 1, `{hint}` the first expected phrase. */
  heard: z.string().default('{hint}'),
  /** What the language model writes; `{n}` as above. */
  reply: z.string().default('Claro que sí. ¿Le puedo ayudar en algo más?'),
});
export type ModelStandInOptions = z.input<typeof modelStandInSchema>;
type Settings = z.output<typeof modelStandInSchema>;

/** Running stand-ins. */
export type ModelStandIn = AsyncDisposable & {
  /** `host:port` of all three models. */
  readonly url: string;
  /** The requests answered since the last call; clears them. */
  takeTimings(): Promise<readonly InferenceTiming[]>;
};

/** Opens the three models in this process. */
export async function openModelStandIn(options: ModelStandInOptions = {}): Promise<ModelStandIn> {
  const settings = modelStandInSchema.parse(options);
  let timings: InferenceTiming[] = [];
  const slots = {
    speech_to_text: openSlots(settings.speechToTextSlots),
    text_to_speech: openSlots(settings.textToSpeechSlots),
    language_model: openSlots(settings.languageModelSlots),
  };
  const models = standInModels(settings);
  const server = await openInferenceStandIn({
    port: settings.port,
    statistics: (role) => slots[role].statistics(role),
    models: {
      speech_to_text: slots.speech_to_text.limited(models.speech_to_text),
      text_to_speech: slots.text_to_speech.limited(models.text_to_speech),
      language_model: slots.language_model.limited(models.language_model),
    },
    onAnswered: (timing) => timings.push(timing),
  });
  return {
    url: server.url,
    async takeTimings() {
      const taken = timings;
      timings = [];
      return taken;
    },
    [Symbol.asyncDispose]: () => server[Symbol.asyncDispose](),
  };
}

/** The three models, for a server that does more with them. */
export function standInModels(settings: Settings): Readonly<Record<InferenceRole, StandInModel>> {
  return { speech_to_text: speechToText(settings), text_to_speech: textToSpeech(settings), language_model: languageModel(settings) };
}

function speechToText(settings: Settings): StandInModel {
  let count = 0;
  return {
    async *answer(request) {
      count += 1;
      const text = settings.heard.replaceAll('{n}', String(count)).replaceAll('{hint}', textOf(request, 'HINTS'));
      await wait(settings.speechToTextMs, request);
      yield { text, outputs: [textTensor('TEXT', [text]), scalar('CONFIDENCE', 0.95), scalar('NO_SPEECH_PROBABILITY', 0.01)] };
    },
  };
}

function textToSpeech(settings: Settings): StandInModel {
  const noise = noiseOf(MAX_SPEECH_MS);
  const sampleRate: Tensor = { name: 'SAMPLE_RATE', datatype: 'INT32', shape: [1, 1], values: Int32Array.of(SPEECH_HZ) };
  return {
    async *answer(request) {
      const text = textOf(request, 'TEXT');
      const samples = Math.min(noise.length, Math.round((text.length * MS_PER_CHARACTER * SPEECH_HZ) / 1000));
      await wait(settings.textToSpeechMs, request);
      for (let start = 0; start < samples; start += CHUNK_SAMPLES) {
        const values = noise.subarray(start, Math.min(samples, start + CHUNK_SAMPLES));
        const audio: Tensor = { name: 'AUDIO', datatype: 'INT16', shape: [1, values.length], values };
        yield { text: start === 0 ? text : '', outputs: [audio, sampleRate] };
      }
    },
  };
}

function languageModel(settings: Settings): StandInModel {
  let count = 0;
  return {
    async *answer(request) {
      count += 1;
      const reply = settings.reply.replaceAll('{n}', String(count));
      const deltas = reply.match(/\S+\s*/g) ?? [];
      for (const [index, text] of deltas.entries()) {
        await wait(index === 0 ? settings.firstDeltaMs : settings.betweenDeltasMs, request);
        const isLast = index === deltas.length - 1;
        yield {
          text,
          outputs: [
            textTensor('text_output', [text], [1]),
            textTensor('finish_reason', [isLast ? 'stop' : ''], [1]),
            { name: 'num_input_tokens', datatype: 'UINT32', shape: [1], values: Uint32Array.of(index === 0 ? 100 : 0) },
            { name: 'num_output_tokens', datatype: 'UINT32', shape: [1], values: Uint32Array.of(1) },
          ],
        };
      }
    },
  };
}

async function wait(ms: number, { signal }: InferenceRequest): Promise<void> {
  if (ms > 0) await delay(ms, undefined, { signal });
}

/** The first text of a BYTES input, empty when there is none. */
function textOf({ inputs }: InferenceRequest, name: string): string {
  const tensor = findTensor(inputs, name);
  return tensor?.datatype === 'BYTES' ? (textsOf(tensor)[0] ?? '') : '';
}

function scalar(name: string, value: number): Tensor {
  return { name, datatype: 'FP32', shape: [1, 1], values: Float32Array.of(value) };
}

/** Noise at about -20 dBFS with syllables of 200 ms: loud enough for any voice activity, cheap because it is made once. */
function noiseOf(durationMs: number): Int16Array {
  const noise = new Int16Array((durationMs * SPEECH_HZ) / 1000);
  let state = 1;
  for (let index = 0; index < noise.length; index++) {
    state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 0;
    const syllable = 0.6 + 0.4 * Math.sin((2 * Math.PI * index) / (SPEECH_HZ / 5));
    noise[index] = ((state >>> 16) / 32_768 - 1) * 5_600 * syllable;
  }
  return noise;
}
