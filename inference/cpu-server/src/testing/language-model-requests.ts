// Requests to a language model in tests, and what came back.
import { textsOf, textTensor, type Tensor } from 'triton-client-grpc-generated';

/** The tensors of a request that wants to know everything. */
export function promptTensors(prompt: string, sampling: Readonly<Record<string, unknown>> = {}, isStreamed = true): readonly Tensor[] {
  const flag = (name: string, value: boolean): Tensor => ({ name, datatype: 'BOOL', shape: [1], values: [value] });
  return [
    textTensor('text_input', [prompt], [1]),
    flag('stream', isStreamed),
    textTensor('sampling_parameters', [JSON.stringify(sampling)], [1]),
    flag('return_finish_reason', true),
    flag('return_num_input_tokens', true),
    flag('return_num_output_tokens', true),
  ];
}

/** An answer, put together. */
export interface WholeAnswer {
  readonly pieces: readonly string[];
  readonly finishReason: string;
  readonly inputTokens: number;
  readonly outputTokens: number;
}

export async function wholeAnswer(replies: AsyncIterable<readonly Tensor[]>): Promise<WholeAnswer> {
  const pieces: string[] = [];
  let [finishReason, inputTokens, outputTokens] = ['', 0, 0];
  for await (const outputs of replies) {
    pieces.push(textOf(outputs, 'text_output'));
    finishReason = textOf(outputs, 'finish_reason');
    inputTokens = countOf(outputs, 'num_input_tokens');
    outputTokens += countOf(outputs, 'num_output_tokens');
  }
  return { pieces, finishReason, inputTokens, outputTokens };
}

function textOf(outputs: readonly Tensor[], name: string): string {
  const tensor = outputs.find((one) => one.name === name);
  return tensor?.datatype === 'BYTES' ? textsOf(tensor).join('') : '';
}

function countOf(outputs: readonly Tensor[], name: string): number {
  const tensor = outputs.find((one) => one.name === name);
  return tensor?.datatype === 'UINT32' ? (tensor.values[0] ?? 0) : 0;
}
