// The language model behind Triton's vLLM backend: one stream per request, so that a barge-in ends this reply and no other.
import type { LanguageModel, ModelMessage, ModelPart, ModelRequest } from '#ports/language-model.ts';
import {
  findTensor,
  textsOf,
  textTensor,
  type InferReply,
  type InferRequest,
  type Tensor,
  type TritonClient,
} from 'triton-client-grpc-generated';
import { brokenContract, inferenceErrorFrom } from './inference-failure.ts';

const role = 'language_model';

/** Where requests go and how a conversation becomes a prompt. */
export type TritonLanguageModelOptions = {
  readonly client: TritonClient;
  /** Bounds the whole generation. */
  readonly deadlineMs: number;
  /** Applies the chat template of the loaded weights: the backend takes a raw prompt. */
  readonly renderPrompt: (messages: readonly ModelMessage[]) => string;
  /** Texts that end a turn in that template. */
  readonly stopTexts?: readonly string[];
};

export function createTritonLanguageModel(options: TritonLanguageModelOptions): LanguageModel {
  const { client, deadlineMs } = options;
  return {
    async *stream(request, { signal }) {
      let inputTokens = 0;
      let outputTokens = 0;
      let reason: 'stop' | 'length' = 'stop';
      try {
        for await (const { outputs } of client.streamInfer(inferRequest(options, request), { deadlineMs, signal })) {
          const textDelta = textIn(outputs, 'text_output');
          if (textDelta === null) throw brokenContract(role, 'text_output');
          if (textDelta !== '') yield { kind: 'text_delta', textDelta } satisfies ModelPart;
          if (textIn(outputs, 'finish_reason') === 'length') reason = 'length';
          inputTokens = Math.max(inputTokens, countIn(outputs, 'num_input_tokens'));
          // Counted since the previous response, like the text.
          outputTokens += countIn(outputs, 'num_output_tokens');
        }
        yield { kind: 'finish', reason, inputTokens, outputTokens };
      } catch (cause) {
        throw inferenceErrorFrom(role, cause);
      }
    },
  };
}

function inferRequest({ renderPrompt, stopTexts = [] }: TritonLanguageModelOptions, request: ModelRequest): InferRequest {
  const sampling = {
    temperature: request.temperature,
    max_tokens: request.maxOutputTokens,
    ...(stopTexts.length === 0 ? {} : { stop: stopTexts }),
  };
  return {
    model: role,
    // This backend has no batch dimension: every shape is [1].
    inputs: [
      textTensor('text_input', [renderPrompt(request.messages)], [1]),
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
