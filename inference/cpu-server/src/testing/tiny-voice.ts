// A voice for tests, made by hand: sherpa-onnx loads and runs it, and it hums one note per sound of a word.
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** Samples of each sound. */
export const SAMPLES_PER_SOUND = 800;
export const TINY_VOICE_HZ = 16_000;

/** What the voice is. */
export interface TinyVoiceOptions {
  readonly speakers?: number;
  /** Words that it can say, each as the letters that it is made of. */
  readonly words: readonly string[];
}

const kinds = { float: 1, int64: 7 } as const;

/** Writes a VITS voice with a list of words: model.onnx, tokens.txt and lexicon.txt, about 5 kB. */
export function writeTinyVoice(folder: string, { speakers = 1, words }: TinyVoiceOptions): void {
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, 'model.onnx'), voiceModel(speakers));
  const letters = ['_', ...'abcdefghijklmnopqrstuvwxyz'.split(''), '.', ',', '?', '!'];
  // Between two words sherpa-onnx puts a space, which its reader of tokens wants written as nothing.
  letters.push(' ');
  writeFileSync(join(folder, 'tokens.txt'), letters.map((letter, index) => `${letter} ${index}\n`).join(''));
  writeFileSync(join(folder, 'lexicon.txt'), words.map((word) => `${word} ${word.split('').join(' ')}\n`).join(''));
}

/** sound = sin(number of the sound * position / 10) * 0.3, for as many positions as a sound has samples. */
function voiceModel(speakers: number): Buffer {
  const positions = Float32Array.from({ length: SAMPLES_PER_SOUND }, (_, index) => index / 10);
  const nodes = [
    Buffer.concat([node('Cast', ['x'], 'numbers'), field(5, attribute('to', kinds.float))]),
    node('Unsqueeze', ['numbers', 'last_axis'], 'column'),
    node('Mul', ['column', 'positions'], 'phases'),
    node('Sin', ['phases'], 'waves'),
    node('Mul', ['waves', 'loudness'], 'quieter'),
    node('Reshape', ['quieter', 'one_row'], 'y'),
  ];
  const constants = [
    tensor('positions', [1, 1, SAMPLES_PER_SOUND], positions),
    tensor('loudness', [1], Float32Array.of(0.3)),
    tensor('last_axis', [1], BigInt64Array.of(2n)),
    tensor('one_row', [3], BigInt64Array.of(1n, 1n, -1n)),
  ];
  const inputs = [
    value('x', kinds.int64, [1, null]),
    value('x_length', kinds.int64, [1]),
    ...['noise_scale', 'length_scale', 'noise_scale_w'].map((name) => value(name, kinds.float, [1])),
    ...(speakers > 1 ? [value('sid', kinds.int64, [1])] : []),
  ];
  const graph = message([
    ...nodes.map((one) => field(1, one)),
    field(2, 'hum'),
    ...constants.map((one) => field(5, one)),
    ...inputs.map((one) => field(11, one)),
    field(12, value('y', kinds.float, [1, 1, null])),
  ]);
  const about = { model_type: 'vits', comment: 'tests', language: 'Spanish', n_speakers: speakers, sample_rate: TINY_VOICE_HZ };
  const notes = Object.entries({ ...about, add_blank: 0, punctuation: '. , ? !' });
  return message([
    field(1, 8),
    field(7, graph),
    field(8, message([field(1, ''), field(2, 13)])),
    ...notes.map(([key, text]) => field(14, message([field(1, key), field(2, String(text))]))),
  ]);
}

function node(operation: string, from: readonly string[], to: string): Buffer {
  return message([...from.map((name) => field(1, name)), field(2, to), field(4, operation)]);
}

/** A whole number; 2 is its kind. */
function attribute(name: string, number: number): Buffer {
  return message([field(1, name), field(3, number), field(20, 2)]);
}

function tensor(name: string, sizes: readonly number[], values: Float32Array | BigInt64Array): Buffer {
  const kind = values instanceof Float32Array ? kinds.float : kinds.int64;
  const raw = Buffer.from(values.buffer, values.byteOffset, values.byteLength);
  return message([...sizes.map((size) => field(1, size)), field(2, kind), field(8, name), field(9, raw)]);
}

/** Null: a size that differs from run to run. */
function value(name: string, kind: number, sizes: readonly (number | null)[]): Buffer {
  const shape = message(sizes.map((size, index) => field(1, message([size === null ? field(2, `n${index}`) : field(1, size)]))));
  return message([field(1, name), field(2, message([field(1, message([field(1, kind), field(2, shape)]))]))]);
}

function message(fields: readonly Buffer[]): Buffer {
  return Buffer.concat(fields);
}

/** One field of a protobuf message: numbers as varints, everything else with its length. */
function field(number: number, content: number | string | Buffer): Buffer {
  if (typeof content === 'number') return Buffer.concat([varint(number * 8), varint(content)]);
  const bytes = Buffer.from(content as string);
  return Buffer.concat([varint(number * 8 + 2), varint(bytes.length), bytes]);
}

function varint(number: number): Buffer {
  const bytes: number[] = [];
  let rest = number;
  for (; rest > 127; rest = Math.floor(rest / 128)) bytes.push((rest % 128) + 128);
  return Buffer.from([...bytes, rest]);
}
