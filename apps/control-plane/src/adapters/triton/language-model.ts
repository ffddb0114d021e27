// The language model behind Triton's vLLM backend: one stream per request, so that a barge-in ends this reply and no other.
import type { LanguageModel, ModelPart, ModelRequest } from '#ports/language-model.ts';
import {
  findTensor,
  textsOf,
  textTensor,
  type InferReply,
  type InferRequest,
  type Tensor,
  type TritonClient,
} from 'triton-client-grpc-generated';
import { AnswerReader } from './answer-reader.ts';
import type { ChatTemplate } from './chat-template.ts';
import { brokenContract, inferenceErrorFrom } from './inference-failure.ts';

const role = 'language_model';

/** Where requests go and how a conversation becomes a prompt. */
export type TritonLanguageModelOptions = {
  readonly client: TritonClient;
  /** Bounds the whole generation. */
  readonly deadlineMs: number;
  /** Of the loaded weights: the backend takes a raw prompt. */
  readonly template: ChatTemplate;
  /** The longest prompt and answer together, tokens, as the server was started (`max_model_len`); absent: not known. */
  readonly contextTokens?: number;
};

export function createTritonLanguageModel(options: TritonLanguageModelOptions): LanguageModel {
  const { contextTokens, template } = options;
  const server = { isGuiding: true };
  return {
    ...(contextTokens === undefined ? {} : { contextTokens }),
    ...(template.countTokens === undefined ? {} : { countTokens: template.countTokens }),
    async *stream(request, { signal }) {
      const isGuided = request.outputSchema !== undefined && server.isGuiding;
      let isAnswering = false;
      try {
        for await (const part of answer(options, request, { signal, isGuided })) {
          isAnswering = true;
          yield part;
        }
        return;
      } catch (cause) {
        const failure = inferenceErrorFrom(role, cause);
        if (!isGuided || isAnswering || failure.isRetryable || signal.aborted) throw failure;
      }
      // A server that refuses the schema may still answer without it, and whoever asks checks the answer all the same.
      try {
        yield* answer(options, request, { signal, isGuided: false });
        server.isGuiding = false;
      } catch (cause) {
        throw inferenceErrorFrom(role, cause);
      }
    },
  };
}

type Asking = { readonly signal: AbortSignal; readonly isGuided: boolean };

async function* answer(
  options: TritonLanguageModelOptions,
  request: ModelRequest,
  { signal, isGuided }: Asking,
): AsyncGenerator<ModelPart, void, undefined> {
  const { client, deadlineMs, template } = options;
  const prompt = template.renderPrompt(request);
  const reader = new AnswerReader({
    format: template.toolFormat,
    canCall: (request.tools?.length ?? 0) > 0,
    startsInThought: prompt.trimEnd().endsWith('<think>'),
  });
  let inputTokens = 0;
  let outputTokens = 0;
  let reason: 'stop' | 'length' | 'tool_calls' = 'stop';
  const infer = inferRequest(request, { prompt, stopTexts: template.stopTexts, isGuided });
  for await (const { outputs } of client.streamInfer(infer, { deadlineMs, signal })) {
    const textDelta = textIn(outputs, 'text_output');
    if (textDelta === null) throw brokenContract(role, 'text_output');
    const parts = reader.push(textDelta);
    if (parts.length === 0 && textDelta !== '') yield { kind: 'held' };
    for (const part of parts) {
      if (part.kind === 'tool_call') reason = 'tool_calls';
      yield part;
    }
    if (textIn(outputs, 'finish_reason') === 'length' && reason === 'stop') reason = 'length';
    inputTokens = Math.max(inputTokens, countIn(outputs, 'num_input_tokens'));
    // Counted since the previous response, like the text.
    outputTokens += countIn(outputs, 'num_output_tokens');
  }
  for (const part of reader.end()) {
    if (part.kind === 'tool_call') reason = 'tool_calls';
    yield part;
  }
  yield { kind: 'finish', reason, inputTokens, outputTokens };
}

type Prompt = { readonly prompt: string; readonly stopTexts: readonly string[]; readonly isGuided: boolean };

function inferRequest(request: ModelRequest, { prompt, stopTexts, isGuided }: Prompt): InferRequest {
  const sampling = {
    temperature: request.temperature,
    max_tokens: request.maxOutputTokens,
    ...(stopTexts.length === 0 ? {} : { stop: stopTexts }),
    // Llama's and Mistral's markers of a call are special tokens, which the server would leave out.
    ...((request.tools?.length ?? 0) === 0 ? {} : { skip_special_tokens: false }),
    // The backend parses this value a second time: it must be a string that holds JSON (triton vllm_backend, TritonSamplingParams.from_dict).
    ...(isGuided ? { structured_outputs: JSON.stringify({ json: request.outputSchema }) } : {}),
  };
  return {
    model: role,
    // This backend has no batch dimension: every shape is [1].
    inputs: [
      textTensor('text_input', [prompt], [1]),
      flag('stream'),
      textTensor('sampling_parameters', [JSON.stringify(sampling)], [1]),
      flag('return_finish_reason'),
      flag('return_num_input_tokens'),
      flag('return_num_output_tokens'),
    ],
  };
}

function flag(name: string): Tensor {
  return { name, datatype: 'BOOL', shape: [1], values: [true] };
}

function textIn(outputs: InferReply['outputs'], name: string): string | null {
  const tensor = findTensor(outputs, name);
  return tensor?.datatype === 'BYTES' ? textsOf(tensor).join('') : null;
}

function countIn(outputs: InferReply['outputs'], name: string): number {
  const tensor = findTensor(outputs, name);
  return tensor?.datatype === 'UINT32' ? (tensor.values[0] ?? 0) : 0;
}
