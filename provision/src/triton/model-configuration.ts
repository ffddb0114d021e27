/** config.pbtxt and model.json of a model on this machine, from what sizing placed. Pure. */
import type { ManifestModel } from '#models/manifest.ts';
import type { PlacedModel } from '#sizing/sizing-plan.ts';

/** Where Triton sees the models' folders, and what it may write to. */
export type TritonPaths = {
  /** Weights, a folder a model: `<home>/models` as the process sees it. */
  readonly models: string;
  /** Reference voices, a folder a voice. */
  readonly voices: string;
  /** Weights that had to be put into another form. */
  readonly conversions: string;
};

/** The vocoder that F5-TTS's weights need beside them, by its name in the manifest. */
const VOCODER = 'vocos-mel-24khz';
/** F5-TTS's first weights and those trained from them pad texts in another way than v1: src/f5_tts/configs. */
const F5_V1 = new Set(['f5-tts-v1-base']);
const DEFAULT_NFE_STEPS = 16;
const DEFAULT_BATCH = 8;

export type ModelParts = {
  readonly placed: PlacedModel;
  readonly model: ManifestModel;
  readonly paths: TritonPaths;
  /** Whoever runs the machine says that no money is made with it. */
  readonly allowsNonCommercial: boolean;
};

/** Values of the parameters in config.pbtxt. */
export function modelParameters({ placed, model, paths, allowsNonCommercial }: ModelParts): Readonly<Record<string, string>> {
  const folder = `${paths.models}/${placed.name}`;
  switch (placed.role) {
    case 'speech_to_text':
      return {
        engine: model.engine,
        model_folder: folder,
        conversions_folder: paths.conversions,
        // Weights in 8 bits, sums in 16: on a board "int8" alone would sum in 32.
        precision: placed.precision === 'int8' ? 'int8_float16' : placed.precision,
        max_batch: String(wholeSetting(placed, 'max_batch') ?? DEFAULT_BATCH),
      };
    case 'text_to_speech':
      return {
        engine: model.engine,
        model_folder: folder,
        licence: model.licence.name,
        allows_commercial_use: String(model.licence.allowsCommercialUse),
        allow_non_commercial: String(allowsNonCommercial),
        memory_fraction: String(placed.memoryFraction ?? 1),
        vocoder_folder: `${paths.models}/${VOCODER}`,
        voices_folder: paths.voices,
        nfe_steps: String(wholeSetting(placed, 'nfe_steps') ?? DEFAULT_NFE_STEPS),
        architecture: F5_V1.has(model.name) ? 'v1' : 'v0',
      };
    case 'language_model':
    case 'embedding':
      return {};
  }
}

/** vLLM's arguments: text of `1/model.json`. Throws when sizing left out what no default is safe for. */
export function renderVllmArguments({ placed, paths }: Pick<ModelParts, 'placed' | 'paths'>): string {
  const needed = (name: string): number => {
    const value = wholeSetting(placed, name);
    if (value === null) throw new Error(`the plan places ${placed.name} without ${name}: vLLM would take what it likes of the board`);
    return value;
  };
  const vllm = {
    model: `${paths.models}/${placed.name}`,
    // Starts only when so much is free; how much of it remembers calls is said by the next line, which would else be guessed at start.
    gpu_memory_utilization: placed.memoryFraction ?? 0.5,
    kv_cache_memory_bytes: needed('kv_bytes'),
    max_model_len: needed('context_tokens'),
    max_num_seqs: needed('max_sequences'),
    dtype: 'auto',
    // Weights that were published in 4 bits say so themselves.
    ...(placed.precision === 'fp8' ? { quantization: 'fp8' } : {}),
    kv_cache_dtype: placed.settings['kv_cache_dtype'] === 'fp8' ? 'fp8' : 'auto',
    // A turn's prompt begins with the turn before it.
    enable_prefix_caching: true,
    disable_log_stats: false,
  };
  return `${JSON.stringify(vllm, null, 2)}\n`;
}

/** A configuration with other values of its parameters. Throws for one that the file does not have: a misspelt one would be lost. */
export function setParameters(configuration: string, values: Readonly<Record<string, string>>): string {
  return Object.entries(values).reduce((text, [name, value]) => {
    if (/["\\\n]/.test(value)) throw new Error(`parameter ${name} holds ${JSON.stringify(value)}: no quotes, backslashes or line ends`);
    const pattern = new RegExp(`^(parameters \\{ key: "${name}" value: \\{ string_value: )"[^"\\n]*"`, 'm');
    if (!pattern.test(text)) throw new Error(`config.pbtxt has no parameter ${name}`);
    return text.replace(pattern, (_line, before: string) => `${before}"${value}"`);
  }, configuration);
}

/** A configuration whose batches are as large as sizing found room for. Only of a model that has batches. */
export function setMaxBatch(configuration: string, maxBatch: number): string {
  const pattern = /^max_batch_size: \d+$/m;
  if (!pattern.test(configuration)) throw new Error('config.pbtxt has no line max_batch_size');
  return configuration.replace(pattern, `max_batch_size: ${maxBatch}`);
}

function wholeSetting({ settings }: PlacedModel, name: string): number | null {
  const value = Number(settings[name]);
  return Number.isInteger(value) && value > 0 ? value : null;
}
