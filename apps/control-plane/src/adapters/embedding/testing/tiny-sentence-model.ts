// A sentence-transformers model small enough to be written by a test: a table of vectors, one for each word, as ONNX. Its meanings are made up.
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

/** Words that the model knows, in the order of their numbers. */
const VOCABULARY = ['[PAD]', '[UNK]', '[CLS]', '[SEP]', 'limpieza', 'dental', 'horario', 'precio', 'de', 'la', 'una', 'clinica'];
const DIMENSIONS = 8;
/** `TensorProto.DataType` of ONNX. */
const FLOAT = 1;
const INT64 = 7;

/** Writes the folder of a model; `seed` makes another one of the same form. */
export async function writeTinySentenceModel(folder: string, seed = 1): Promise<void> {
  await mkdir(join(folder, 'onnx'), { recursive: true });
  await mkdir(join(folder, '1_Pooling'), { recursive: true });
  const json = (file: string, content: unknown) => writeFile(join(folder, file), JSON.stringify(content));
  await json('config.json', { model_type: 'bert', architectures: ['BertModel'], hidden_size: DIMENSIONS });
  await json('tokenizer_config.json', { tokenizer_class: 'BertTokenizer', model_max_length: 32, pad_token: '[PAD]', unk_token: '[UNK]' });
  await json('tokenizer.json', tokenizer());
  await json(join('1_Pooling', 'config.json'), { pooling_mode_mean_tokens: true });
  await json('config_sentence_transformers.json', { prompts: { query: 'precio ', passage: '' } });
  await writeFile(join(folder, 'onnx', 'model.onnx'), model(seed));
}

function tokenizer() {
  const special = VOCABULARY.slice(0, 4).map((content, id) => ({
    id,
    content,
    special: true,
    lstrip: false,
    rstrip: false,
    normalized: false,
    single_word: false,
  }));
  return {
    version: '1.0',
    truncation: null,
    padding: null,
    added_tokens: special,
    normalizer: { type: 'BertNormalizer', clean_text: true, handle_chinese_chars: true, strip_accents: true, lowercase: true },
    pre_tokenizer: { type: 'BertPreTokenizer' },
    post_processor: { type: 'BertProcessing', sep: ['[SEP]', 3], cls: ['[CLS]', 2] },
    decoder: null,
    model: {
      type: 'WordPiece',
      unk_token: '[UNK]',
      continuing_subword_prefix: '##',
      max_input_chars_per_word: 100,
      vocab: Object.fromEntries(VOCABULARY.map((word, id) => [word, id])),
    },
  };
}

/** One node: the rows of the table that the tokens name. */
function model(seed: number): Buffer {
  const table = Float32Array.from({ length: VOCABULARY.length * DIMENSIONS }, (_, index) => Math.sin((index + 1) * seed * 1.7));
  const weights = message([1, VOCABULARY.length], [1, DIMENSIONS], [2, FLOAT], [8, 'table'], [9, Buffer.from(table.buffer)]);
  const node = message([1, 'table'], [1, 'input_ids'], [2, 'last_hidden_state'], [4, 'Gather']);
  const graph = message(
    [1, node],
    [2, 'tiny'],
    [5, weights],
    [11, value('input_ids', INT64, ['batch', 'tokens'])],
    [11, value('attention_mask', INT64, ['batch', 'tokens'])],
    [12, value('last_hidden_state', FLOAT, ['batch', 'tokens', DIMENSIONS])],
  );
  return message([1, 8], [7, graph], [8, message([2, 13])]);
}

function value(name: string, type: number, dimensions: readonly (string | number)[]): Buffer {
  const shape = message(...dimensions.map((size): Field => [1, typeof size === 'string' ? message([2, size]) : message([1, size])]));
  return message([1, name], [2, message([1, message([1, type], [2, shape])])]);
}

/** A field of a protobuf message: its number, and a number, a text or bytes. */
type Field = readonly [number, number | string | Buffer];

function message(...fields: readonly Field[]): Buffer {
  return Buffer.concat(
    fields.flatMap(([number, content]) => {
      if (typeof content === 'number') return [varint(number << 3), varint(content)];
      const bytes = Buffer.from(content);
      return [varint((number << 3) | 2), varint(bytes.length), bytes];
    }),
  );
}

function varint(value: number): Buffer {
  const bytes: number[] = [];
  let rest = value;
  for (; rest > 0x7f; rest >>>= 7) bytes.push((rest & 0x7f) | 0x80);
  return Buffer.from([...bytes, rest]);
}
