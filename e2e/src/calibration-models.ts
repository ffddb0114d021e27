/** How fast this machine's model servers are: one request alone, and as many at once as it takes until more bring no more. */
import { openTriton } from '@centralita/control-plane/adapters/triton/triton.ts';
import type { SpeechToText } from '@centralita/control-plane/ports/speech-to-text.ts';
import type { TextToSpeech } from '@centralita/control-plane/ports/text-to-speech.ts';
import { findTensor, openTritonClient, textTensor, TritonError } from 'triton-client-grpc-generated';
import type { InferRequest, TritonClient } from 'triton-client-grpc-generated';
import { turnPrompt } from './turn-prompt.ts';

export type ModelMeasurement = {
  readonly speechToText: { readonly seconds: number; readonly parallel: number };
  readonly textToSpeech: { readonly rtf: number; readonly firstAudioSeconds: number };
  readonly languageModel: { readonly firstTokenSeconds: number; readonly tokensPerSecond: number } | null;
};

export type ModelParts = {
  readonly speechToTextUrl: string;
  readonly textToSpeechUrl: string;
  /** Empty: there is none. */
  readonly languageModelUrl: string;
  readonly signal: AbortSignal;
  readonly log: (message: string) => void;
};

/** Requests at once; the next is tried while the one before brought a tenth more. */
const LEVELS = [1, 2, 4, 8];
/** Each level is worked at for this long, and every request that was begun is waited for. */
const LEVEL_MS = 2_000;
const DEADLINE_MS = 20_000;
const HZ = 16_000;
/** As much as a turn of an agent. */
const ANSWER_TOKENS = 60;

/** No memory of a server's answers one twice: every sentence is another. */
function sentence(number: number): string {
  return `Su cita número ${number} queda reservada para el martes a las ${(number % 12) + 1} y media.`;
}

/** Measures the three roles, one after the other. Fails by throwing what the server says. */
export async function measureModels(parts: ModelParts): Promise<ModelMeasurement> {
  const { speechToTextUrl, textToSpeechUrl, languageModelUrl, signal, log } = parts;
  await using triton = openTriton({
    speechToText: { url: speechToTextUrl, deadlineMs: DEADLINE_MS },
    textToSpeech: { url: textToSpeechUrl, deadlineMs: DEADLINE_MS },
    languageModel: null,
  });
  const { voice, spoken } = await measureVoice(triton.models.textToSpeech, signal);
  log(`text to speech: first sound after ${ms(voice.firstAudioSeconds)}, real-time factor ${voice.rtf.toFixed(3)}`);
  const ear = await measureEar(triton.models.speechToText, { spoken, signal });
  log(`speech to text: ${ms(ear.seconds)} a sentence, ${ear.parallel.toFixed(1)} at once`);
  if (languageModelUrl === '') return { textToSpeech: voice, speechToText: ear, languageModel: null };
  await using client = openTritonClient({ url: languageModelUrl });
  const text = await measureText(client, signal);
  log(`language model: first token after ${ms(text.firstTokenSeconds)}, ${text.tokensPerSecond.toFixed(0)} tokens/s`);
  return { textToSpeech: voice, speechToText: ear, languageModel: text };
}

function ms(seconds: number): string {
  return `${(seconds * 1_000).toFixed(0)} ms`;
}

type Level = { readonly seconds: readonly number[]; readonly amountPerSecond: number };

/** `ask` returns how much of the role's work it got done. */
async function runLevel(atOnce: number, ask: () => Promise<number>): Promise<Level> {
  const startedAt = performance.now();
  const seconds: number[] = [];
  let amount = 0;
  const work = async (): Promise<void> => {
    do {
      const from = performance.now();
      amount += await ask();
      seconds.push((performance.now() - from) / 1_000);
    } while (performance.now() - startedAt < LEVEL_MS);
  };
  // Every one is waited for, the others of one that failed too: they would be at work under the next level.
  const ends = await Promise.allSettled(Array.from({ length: atOnce }, work));
  for (const end of ends) if (end.status === 'rejected') throw end.reason;
  return { seconds, amountPerSecond: amount / ((performance.now() - startedAt) / 1_000) };
}

/** The first level's times, and the most that was done in a second at any level. */
export async function runLevels(ask: () => Promise<number>): Promise<{ readonly alone: Level; readonly most: number }> {
  // The first request loads what a server loads late, and reads what all share.
  await ask();
  const alone = await runLevel(1, ask);
  let most = alone.amountPerSecond;
  for (const atOnce of LEVELS.slice(1)) {
    const level = await runLevel(atOnce, ask).catch((error: unknown) => {
      // Alone it was in time: so many at once are more than the server answers, and bring no more.
      if (TritonError.isInstance(error) && (error.kind === 'deadline_exceeded' || error.kind === 'cancelled')) return null;
      throw error;
    });
    if (level === null) break;
    const hasGrown = level.amountPerSecond > most * 1.1;
    most = Math.max(most, level.amountPerSecond);
    if (!hasGrown) break;
  }
  return { alone, most };
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0;
}

async function measureVoice(textToSpeech: TextToSpeech, signal: AbortSignal) {
  let number = 0;
  let spoken = new Int16Array();
  const firstAudio: number[] = [];
  const ask = async (): Promise<number> => {
    const startedAt = performance.now();
    const pieces: Int16Array[] = [];
    for await (const piece of textToSpeech.synthesize({ text: sentence(++number), language: 'es', voice: '', speed: 1 }, { signal })) {
      if (pieces.length === 0) firstAudio.push((performance.now() - startedAt) / 1_000);
      pieces.push(piece);
    }
    const samples = pieces.reduce((sum, { length }) => sum + length, 0);
    if (samples < HZ / 2) throw new Error(`text to speech: ${samples} samples for a sentence: nothing to measure with`);
    spoken = Int16Array.from(pieces.flatMap((piece) => [...piece]));
    return samples / HZ;
  };
  const { alone, most } = await runLevels(ask);
  // Those of the first level alone: later ones wait for each other.
  return { spoken, voice: { rtf: 1 / most, firstAudioSeconds: median(firstAudio.slice(1, 1 + alone.seconds.length)) } };
}

async function measureEar(speechToText: SpeechToText, { spoken, signal }: { spoken: Int16Array; signal: AbortSignal }) {
  const hints = ['horario de atención', 'una cita', 'hablar con una persona', 'a qué hora abren', 'adiós'];
  const ask = async (): Promise<number> => {
    await speechToText.transcribe({ pcm: spoken, language: 'es', hints }, { signal });
    return 1;
  };
  const { alone, most } = await runLevels(ask);
  const seconds = median(alone.seconds);
  return { seconds, parallel: Math.max(1, most * seconds) };
}

async function measureText(client: TritonClient, signal: AbortSignal) {
  let number = 0;
  const firstToken: number[] = [];
  const ask = async (): Promise<number> => {
    const startedAt = performance.now();
    let tokens = 0;
    let replies = 0;
    for await (const { outputs } of client.streamInfer(textRequest(++number), { signal, deadlineMs: DEADLINE_MS })) {
      if (replies++ === 0) firstToken.push((performance.now() - startedAt) / 1_000);
      const counted = findTensor(outputs, 'num_output_tokens');
      tokens += counted?.datatype === 'UINT32' ? (counted.values[0] ?? 0) : 1;
    }
    if (tokens === 0) throw new Error('language model: it ended without a token: nothing to measure');
    return tokens;
  };
  const { alone, most } = await runLevels(ask);
  return { firstTokenSeconds: median(firstToken.slice(1, 1 + alone.seconds.length)), tokensPerSecond: most };
}

/** As the contract of `language_model` asks. */
function textRequest(number: number): InferRequest {
  const flag = (name: string) => ({ name, datatype: 'BOOL' as const, shape: [1], values: [true] });
  return {
    model: 'language_model',
    inputs: [
      textTensor('text_input', [turnPrompt(number)], [1]),
      flag('stream'),
      textTensor('sampling_parameters', [JSON.stringify({ temperature: 0, max_tokens: ANSWER_TOKENS })], [1]),
      flag('return_num_output_tokens'),
    ],
  };
}
