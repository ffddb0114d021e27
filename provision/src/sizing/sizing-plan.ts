/** What a machine is asked to carry, and what is placed where: the sizing's answer, and all that Triton's files, `.env` and the screen know of it. Types only. */

export type ModelRole = 'speech_to_text' | 'text_to_speech' | 'language_model' | 'embedding';

/** In the order in which they are printed; the smallest binds. */
export type TermName = 'vram' | 'stt' | 'tts' | 'llm' | 'cpu' | 'disk' | 'memory';

/** How many calls one part of the machine carries. A term that does not limit (no language model, no GPU) is absent. */
export type SizingTerm = {
  readonly name: TermName;
  readonly calls: number;
  /** The sum in words and figures, with the source of each constant; `measured` where the machine said it itself. */
  readonly arithmetic: string;
};

export type PlacedModel = {
  readonly role: ModelRole;
  /** Its name in the manifest, and the folder below `<home>/models`. */
  readonly name: string;
  /** Such as `float16`, `int8`, `awq`, `q4_k_m`: one of the manifest's for this model. */
  readonly precision: string;
  /** Taken on the board for good: weights, workspace and (language model) the memory of the calls. 0 without a GPU. */
  readonly vramBytes: number;
  /** Board or MIG instance, never an index; null: it runs on the processor. */
  readonly gpuUuid: string | null;
  /** Share of the whole board that its process may take; null without a GPU. */
  readonly memoryFraction: number | null;
  /** What the model's configuration is rendered from: `engine`, `max_batch`, `nfe_steps`, `kv_bytes`, `context_tokens`, `max_sequences`, `threads`. */
  readonly settings: Readonly<Record<string, string | number>>;
};

export type SizingPlan = {
  /** `espeak`, `cpu`, `s`, `m`, `l`, `xl`, `xxl`, `split`. */
  readonly profile: string;
  /** One sentence: what of the machine led to the profile. */
  readonly why: string;
  readonly maxConcurrentCalls: number;
  readonly terms: readonly SizingTerm[];
  /** Name of the term that binds; `measured`: the calls of a calibration do; `start_cap`: the caution before there is one. */
  readonly binding: string;
  /** The machine has measured itself: no caution is left, and what is admitted follows this plan. */
  readonly isMeasured: boolean;
  readonly models: readonly PlacedModel[];
  /** What was left out and why (a licence, a board that answers with nothing), each with its fix. */
  readonly warnings: readonly string[];
};
