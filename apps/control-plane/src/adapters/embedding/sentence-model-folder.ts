// The folder of a sentence-transformers model as it is published with ONNX weights: what it holds is checked before anything is loaded,
// because the library reports a missing file with "Cannot read properties of undefined".
import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { readFile, stat } from 'node:fs/promises';
import { basename, join, resolve } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { z } from 'zod';

/** How the vectors of a text's tokens become one. */
export type Pooling = 'mean' | 'cls' | 'last_token';

/** What is known of a model without loading it. */
export type SentenceModelFolder = {
  readonly path: string;
  /** Name and revision: the folder's name and the first digits of its weights' SHA-256. */
  readonly kind: string;
  /** The weights' precision, as the library names it. */
  readonly dtype: 'fp32' | 'q8';
  readonly pooling: Pooling;
  /** Put before a text; several models were trained so. Empty without. */
  readonly prompts: { readonly question: string; readonly passage: string };
};

const WEIGHTS = [
  { file: join('onnx', 'model.onnx'), dtype: 'fp32' },
  { file: join('onnx', 'model_quantized.onnx'), dtype: 'q8' },
] as const;
const NEEDED = ['config.json', 'tokenizer.json', 'tokenizer_config.json'];
const REVISION_DIGITS = 12;

const poolingSchema = z.object({
  pooling_mode_cls_token: z.boolean().default(false),
  pooling_mode_lasttoken: z.boolean().default(false),
});
const promptsSchema = z.object({ prompts: z.record(z.string(), z.string()).default({}) });

/** Throws with every file that is missing. */
export async function readSentenceModelFolder(folder: string): Promise<SentenceModelFolder> {
  const path = resolve(folder);
  const missing: string[] = [];
  for (const file of NEEDED) if (!(await isFile(join(path, file)))) missing.push(file);
  let weights: (typeof WEIGHTS)[number] | null = null;
  for (const candidate of WEIGHTS) if (!weights && (await isFile(join(path, candidate.file)))) weights = candidate;
  if (!weights) missing.push(WEIGHTS.map(({ file }) => file).join(' or '));
  if (!weights || missing.length > 0)
    throw new Error(`${path} is no folder of a sentence-transformers model with ONNX weights: it has no ${missing.join(', no ')}`);
  const pooling = poolingSchema.parse(await readJson(join(path, '1_Pooling', 'config.json')));
  const { prompts } = promptsSchema.parse(await readJson(join(path, 'config_sentence_transformers.json')));
  const hash = createHash('sha256');
  for (const file of [weights.file, 'tokenizer.json']) await pipeline(createReadStream(join(path, file)), hash, { end: false });
  const revision = hash.digest('hex').slice(0, REVISION_DIGITS);
  return {
    path,
    kind: `${basename(path).replaceAll(/[^A-Za-z0-9._-]/g, '-')}@${revision}`,
    dtype: weights.dtype,
    pooling: pooling.pooling_mode_cls_token ? 'cls' : pooling.pooling_mode_lasttoken ? 'last_token' : 'mean',
    prompts: { question: prompts['query'] ?? '', passage: prompts['passage'] ?? prompts['document'] ?? '' },
  };
}

async function isFile(path: string): Promise<boolean> {
  return stat(path).then(
    (found) => found.isFile(),
    () => false,
  );
}

/** Empty when there is no such file. Throws, naming it, when it is no JSON. */
async function readJson(path: string): Promise<unknown> {
  if (!(await isFile(path))) return {};
  try {
    return JSON.parse(await readFile(path, 'utf8'));
  } catch (cause) {
    throw new Error(`${path} is no JSON`, { cause });
  }
}
