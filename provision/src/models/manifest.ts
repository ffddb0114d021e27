/** The models that an appliance may run: `provision/models.json`, checked. A size or a checksum that nobody has checked is null, never a guess. */
import { z } from 'zod';

const name = z.string().regex(/^[a-z0-9][a-z0-9._-]{1,63}$/, 'must be lower-case letters, digits, ".", "_" and "-"');

/** A path inside the model's folder; nothing may climb out of it. */
export const modelPathSchema = z
  .string()
  .max(200)
  .regex(/^[A-Za-z0-9_][A-Za-z0-9._+-]*(\/[A-Za-z0-9_][A-Za-z0-9._+-]*)*$/, 'must be a plain relative path');

const file = z.strictObject({
  path: modelPathSchema,
  /** Null: not pinned, whoever runs the appliance pins it (`models verify --pin`). */
  bytes: z.int().min(1).nullable(),
  sha256: z
    .string()
    .regex(/^[0-9a-f]{64}$/)
    .nullable(),
  /** Below the model's source; the file's path where left out. */
  remotePath: z.string().min(1).optional(),
});

const precision = z.strictObject({
  /** Such as `float16`, `int8`, `awq`, `q4_k_m`. */
  name: z.string().regex(/^[a-z0-9_]+$/),
  /** Weights and workspace on the board, without the language model's memory of calls; 0: it runs on the processor. */
  vramBytes: z.int().min(0),
  /** What one more request at the same time takes. */
  vramBytesPerRequest: z.int().min(0).default(0),
  /** Resident memory of the process where it runs on the processor. */
  memoryBytes: z.int().min(0).default(0),
  /** Boards below it cannot run the weights in this form, such as 8.9 for 8-bit floating point. */
  minComputeCapability: z.number().optional(),
  /** Where the figures come from. */
  source: z.string().min(1),
});

const model = z.strictObject({
  name,
  role: z.enum(['speech_to_text', 'text_to_speech', 'language_model', 'embedding']),
  /** Spanish first; the languages that are tested for, not all that the weights know. */
  languages: z.array(z.string().regex(/^[a-z]{2}(-[A-Z]{2})?$/)).min(1),
  /** What runs it: the folder of the Triton repository or the engine of the cpu-server. */
  engine: z.enum(['whisper', 'f5-tts', 'vocoder', 'kokoro', 'vllm', 'sherpa-onnx', 'llama.cpp', 'onnxruntime']),
  runsOn: z.enum(['gpu', 'cpu']),
  licence: z.strictObject({
    name: z.string().min(1),
    allowsCommercialUse: z.boolean(),
    /** What else its use asks for. */
    note: z.string().optional(),
    /** The page that says so. */
    source: z.string().min(1),
  }),
  /** Best first: sizing takes the first that fits. */
  precisions: z.array(precision).min(1),
  /** Address that the files lie below. */
  url: z.url({ protocol: /^https?$/ }),
  /** Variable of the environment that replaces the address's host and everything before the repository's name. */
  mirrorVariable: z.literal('MODELS_MIRROR_URL'),
  /** None: nobody has listed them; `models fetch --pin` asks the hub for the list, `models import` takes what lies in the folder. */
  files: z.array(file),
  /** Where the sizes and checksums were read. */
  pinSource: z.string().optional(),
  /** Bytes that one token of a call's memory takes at 16 bits, and how they come about; of language models alone. */
  kvBytesPerToken: z.int().min(1).optional(),
  kvSource: z.string().optional(),
  /** Billions of weights; orders language models by what they can do. */
  billionParameters: z.number().positive().optional(),
});

const manifestSchema = z.strictObject({ version: z.literal(1), models: z.array(model).min(1) });

export type Manifest = z.infer<typeof manifestSchema>;
export type ManifestModel = Manifest['models'][number];
export type ModelFile = ManifestModel['files'][number];
export type ModelPrecision = ManifestModel['precisions'][number];

/** Checks the manifest's text. Throws one error naming every wrong field and the file. */
export function readManifest(text: string, path = 'models.json'): Manifest {
  const parsed = manifestSchema.safeParse(parseJson(text, path));
  if (!parsed.success) throw new Error(`${path} is wrong:\n${z.prettifyError(parsed.error)}`);
  const faults = parsed.data.models.flatMap((one, index) => listFaults(one, parsed.data.models.slice(0, index)));
  if (faults.length > 0) throw new Error(`${path} is wrong:\n${faults.join('\n')}`);
  return parsed.data;
}

function listFaults(one: ManifestModel, earlier: readonly ManifestModel[]): string[] {
  const paths = one.files.map((entry) => entry.path);
  return [
    ...(earlier.some((other) => other.name === one.name) ? [`${one.name}: named twice`] : []),
    ...(new Set(paths).size < paths.length ? [`${one.name}: a file is named twice`] : []),
    ...(one.role === 'language_model' && one.runsOn === 'gpu' && one.kvBytesPerToken === undefined
      ? [`${one.name}: kvBytesPerToken is missing, without it no call's memory can be sized`]
      : []),
  ];
}

function parseJson(text: string, path: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new Error(`${path} is not JSON`, { cause });
  }
}
