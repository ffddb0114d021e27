// A language model for tests, made by hand: llama.cpp loads and runs it, and it says what it was told to, letter by letter.
import { writeFileSync } from 'node:fs';

/** The letters that it can say as tokens of their own; everything else is bytes. `▁` is the space of its tokenizer. */
const LETTERS = 'abcdefghijklmnopqrstuvwxyz▁.,!?'.split('');
const END_TOKEN = 2;
const FIRST_BYTE_TOKEN = 3;
const FIRST_LETTER_TOKEN = FIRST_BYTE_TOKEN + 256;
const VOCABULARY = FIRST_LETTER_TOKEN + LETTERS.length;
/** At least one direction per token, so that none is confused with another; whole blocks of 32 for ggml. */
const WIDTH = 320;
const HEADS = 4;
const FEED_FORWARD = 32;
const ALIGNMENT = 32;

/** GGUF's numbers for the kinds of values and of tensors. */
const kinds = { uint32: 4, int32: 5, float32: 6, bool: 7, string: 8, array: 9 } as const;
const F32 = 0;

type Value =
  | { readonly kind: 'uint32' | 'float32'; readonly value: number }
  | { readonly kind: 'bool'; readonly value: boolean }
  | { readonly kind: 'string'; readonly value: string }
  | { readonly kind: 'strings'; readonly value: readonly string[] }
  | { readonly kind: 'floats' | 'ints'; readonly value: readonly number[] };

/** Rows of a tensor lie one after another; the first size is the one that changes fastest. */
interface WeightTensor {
  readonly name: string;
  readonly sizes: readonly number[];
  readonly values: Float32Array;
}

/** What follows each letter; a letter that is not named is followed by the end of the text. */
export type NextLetters = Readonly<Record<string, string>>;

/** `a` is followed by `b` and so on up to `z`, which ends the text. */
export const ALPHABET: NextLetters = Object.fromEntries('abcdefghijklmnopqrstuvwxy'.split('').map((letter) => [letter, next(letter)]));

function next(letter: string): string {
  return String.fromCodePoint((letter.codePointAt(0) ?? 0) + 1);
}

/**
 * Writes the model: one layer whose attention and feed-forward add nothing, and an output that points from each token to the next.
 * About 750 kB. The most likely token has all of the probability but a millionth, so any temperature says the same.
 */
export function writeTinyLanguageModel(path: string, nextLetters: NextLetters): void {
  const tensors = weights(nextLetters);
  const parts: Buffer[] = [Buffer.from('GGUF'), u32(3), u64(tensors.length)];
  const metadata = Object.entries(describe());
  parts.push(u64(metadata.length), ...metadata.flatMap(([key, value]) => [text(key), encoded(value)]));
  let offset = 0;
  for (const { name, sizes, values } of tensors) {
    parts.push(text(name), u32(sizes.length), ...sizes.map(u64), u32(F32), u64(offset));
    offset += padded(values.byteLength);
  }
  const head = Buffer.concat(parts);
  const body = tensors.map(({ values }) => zeroFilled(Buffer.from(values.buffer, values.byteOffset, values.byteLength)));
  writeFileSync(path, Buffer.concat([zeroFilled(head), ...body]));
}

function weights(nextLetters: NextLetters): readonly WeightTensor[] {
  const square = (name: string): WeightTensor => ({ name, sizes: [WIDTH, WIDTH], values: new Float32Array(WIDTH * WIDTH) });
  const norm = (name: string): WeightTensor => ({ name, sizes: [WIDTH], values: new Float32Array(WIDTH).fill(1) });
  const embedding = new Float32Array(WIDTH * VOCABULARY);
  const output = new Float32Array(WIDTH * VOCABULARY);
  const letterToken = (letter: string) => FIRST_LETTER_TOKEN + LETTERS.indexOf(letter);
  for (let token = 0; token < VOCABULARY; token += 1) {
    embedding[token * WIDTH + token] = 1;
    const follower = nextLetters[LETTERS[token - FIRST_LETTER_TOKEN] ?? ''];
    output[(follower === undefined ? END_TOKEN : letterToken(follower)) * WIDTH + token] = 1;
  }
  return [
    { name: 'token_embd.weight', sizes: [WIDTH, VOCABULARY], values: embedding },
    norm('output_norm.weight'),
    { name: 'output.weight', sizes: [WIDTH, VOCABULARY], values: output },
    norm('blk.0.attn_norm.weight'),
    ...['q', 'k', 'v', 'output'].map((part) => square(`blk.0.attn_${part}.weight`)),
    norm('blk.0.ffn_norm.weight'),
    { name: 'blk.0.ffn_gate.weight', sizes: [WIDTH, FEED_FORWARD], values: new Float32Array(WIDTH * FEED_FORWARD) },
    { name: 'blk.0.ffn_up.weight', sizes: [WIDTH, FEED_FORWARD], values: new Float32Array(WIDTH * FEED_FORWARD) },
    { name: 'blk.0.ffn_down.weight', sizes: [FEED_FORWARD, WIDTH], values: new Float32Array(WIDTH * FEED_FORWARD) },
  ];
}

/** Kinds of tokens: 1 normal, 2 unknown, 3 control, 6 byte. */
function describe(): Readonly<Record<string, Value>> {
  const bytes = Array.from({ length: 256 }, (_, byte) => `<0x${byte.toString(16).toUpperCase().padStart(2, '0')}>`);
  const uint32 = (value: number): Value => ({ kind: 'uint32', value });
  return {
    'general.architecture': { kind: 'string', value: 'llama' },
    'general.name': { kind: 'string', value: 'made by hand for tests' },
    'llama.context_length': uint32(2048),
    'llama.embedding_length': uint32(WIDTH),
    'llama.block_count': uint32(1),
    'llama.feed_forward_length': uint32(FEED_FORWARD),
    'llama.attention.head_count': uint32(HEADS),
    'llama.rope.dimension_count': uint32(WIDTH / HEADS),
    'llama.attention.layer_norm_rms_epsilon': { kind: 'float32', value: 1e-5 },
    'tokenizer.ggml.model': { kind: 'string', value: 'llama' },
    'tokenizer.ggml.tokens': { kind: 'strings', value: ['<unk>', '<s>', '</s>', ...bytes, ...LETTERS] },
    'tokenizer.ggml.scores': { kind: 'floats', value: Array.from({ length: VOCABULARY }, () => 0) },
    'tokenizer.ggml.token_type': { kind: 'ints', value: [2, 3, 3, ...bytes.map(() => 6), ...LETTERS.map(() => 1)] },
    'tokenizer.ggml.bos_token_id': uint32(1),
    'tokenizer.ggml.eos_token_id': uint32(END_TOKEN),
    'tokenizer.ggml.unknown_token_id': uint32(0),
    'tokenizer.ggml.add_space_prefix': { kind: 'bool', value: false },
  };
}

function encoded(value: Value): Buffer {
  switch (value.kind) {
    case 'uint32':
      return Buffer.concat([u32(kinds.uint32), u32(value.value)]);
    case 'float32':
      return Buffer.concat([u32(kinds.float32), f32(value.value)]);
    case 'bool':
      return Buffer.concat([u32(kinds.bool), Buffer.of(value.value ? 1 : 0)]);
    case 'string':
      return Buffer.concat([u32(kinds.string), text(value.value)]);
    case 'strings':
      return Buffer.concat([u32(kinds.array), u32(kinds.string), u64(value.value.length), ...value.value.map(text)]);
    case 'floats':
      return Buffer.concat([u32(kinds.array), u32(kinds.float32), u64(value.value.length), ...value.value.map(f32)]);
    case 'ints':
      return Buffer.concat([u32(kinds.array), u32(kinds.int32), u64(value.value.length), ...value.value.map(u32)]);
  }
}

function u32(value: number): Buffer {
  const buffer = Buffer.alloc(4);
  buffer.writeUInt32LE(value);
  return buffer;
}

function f32(value: number): Buffer {
  const buffer = Buffer.alloc(4);
  buffer.writeFloatLE(value);
  return buffer;
}

function u64(value: number): Buffer {
  const buffer = Buffer.alloc(8);
  buffer.writeBigUInt64LE(BigInt(value));
  return buffer;
}

function text(value: string): Buffer {
  const bytes = Buffer.from(value);
  return Buffer.concat([u64(bytes.length), bytes]);
}

function padded(length: number): number {
  return Math.ceil(length / ALIGNMENT) * ALIGNMENT;
}

function zeroFilled(buffer: Buffer): Buffer {
  return Buffer.concat([buffer, Buffer.alloc(padded(buffer.length) - buffer.length)]);
}
