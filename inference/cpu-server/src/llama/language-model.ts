// The language_model role on llama.cpp: the contract of vLLM's backend on one side, llama-server on the other.
import { textTensor, type Tensor } from 'triton-client-grpc-generated';
import { openRestarting } from '#children/restarting.ts';
import type { Config } from '#server/config.ts';
import { readContract } from '#server/contract.ts';
import { flagIn, textIn } from '#server/inputs.ts';
import type { ModelLimits, RoleModel } from '#server/role-model.ts';
import { complete, type CompletionPart } from './completion.ts';
import { startLlamaServer } from './llama-process.ts';
import { findLanguageModel } from './model-file.ts';
import { completionSettings } from './sampling.ts';

/** What serves the role, and how much of it. */
export interface LlamaModelOptions {
  readonly program: Config['llamaServer'];
  /** Where one GGUF model lies. */
  readonly folder: string;
  readonly limits: ModelLimits;
  readonly threads?: number | undefined;
  readonly contextTokens?: number | undefined;
  readonly cacheMebibytes?: number | undefined;
}

/** A call's prompt: instructions, passages and a dozen turns. */
const DEFAULT_CONTEXT_TOKENS = 4_096;
const DEFAULT_CACHE_MEBIBYTES = 512;

/** Opens the model. @throws when llama-server cannot load it. */
export async function openLlamaModel(options: LlamaModelOptions): Promise<RoleModel> {
  const { program, folder, limits, threads, contextTokens = DEFAULT_CONTEXT_TOKENS } = options;
  const model = findLanguageModel(folder);
  const cacheMebibytes = options.cacheMebibytes ?? DEFAULT_CACHE_MEBIBYTES;
  const run = await openRestarting(() =>
    startLlamaServer({ program, model, slots: limits.maxRunning, contextTokens, cacheMebibytes, threads }),
  );
  return {
    contract: readContract('language_model'),
    engine: 'llama.cpp',
    note: `the operator's model, ${contextTokens} tokens of prompt and answer`,
    limits,
    state: () => run.state(),
    run: async function* (inputs, signal) {
      const prompt = textIn(inputs, 'text_input');
      const settings = completionSettings(textIn(inputs, 'sampling_parameters'));
      const parts = complete(run.engine(), { ...settings, prompt }, signal);
      if (flagIn(inputs, 'stream')) for await (const part of parts) yield answerOf(part, inputs);
      else yield answerOf(await joined(prompt, parts), inputs);
    },
    [Symbol.asyncDispose]: () => run[Symbol.asyncDispose](),
  };
}

/** An answer in one piece begins with its prompt, as vLLM's does. */
async function joined(prompt: string, parts: AsyncIterable<CompletionPart>): Promise<CompletionPart> {
  let whole: CompletionPart = { text: prompt, inputTokens: 0, outputTokens: 0, finish: null };
  for await (const { text, inputTokens, outputTokens, finish } of parts) {
    whole = { text: whole.text + text, inputTokens, outputTokens: whole.outputTokens + outputTokens, finish };
  }
  return whole;
}

function answerOf({ text, inputTokens, outputTokens, finish }: CompletionPart, inputs: readonly Tensor[]): readonly Tensor[] {
  const count = (name: string, value: number): Tensor => ({ name, datatype: 'UINT32', shape: [1], values: Uint32Array.of(value) });
  return [
    textTensor('text_output', [text], [1]),
    ...(flagIn(inputs, 'return_finish_reason') ? [textTensor('finish_reason', [finish ?? ''], [1])] : []),
    ...(flagIn(inputs, 'return_num_input_tokens') ? [count('num_input_tokens', inputTokens)] : []),
    ...(flagIn(inputs, 'return_num_output_tokens') ? [count('num_output_tokens', outputTokens)] : []),
  ];
}
