// Requests that keep the contracts and mean something, role by role.
import { textTensor, type Tensor } from 'triton-client-grpc-generated';

/** One second of quiet hum at 16 kHz: every ear may answer what it likes, or nothing. */
export function hearingInputs(): readonly Tensor[] {
  const samples = Int16Array.from({ length: 16_000 }, (_, at) => Math.round(2_000 * Math.sin(at / 10)));
  return [
    { name: 'AUDIO', datatype: 'INT16', shape: [1, samples.length], values: samples },
    textTensor('LANGUAGE', ['es']),
    textTensor('HINTS', ['sí', 'no']),
  ];
}

export function speakingInputs(text: string): readonly Tensor[] {
  return [
    textTensor('TEXT', [text]),
    textTensor('LANGUAGE', ['es']),
    textTensor('VOICE', ['']),
    { name: 'SPEED', datatype: 'FP32', shape: [1, 1], values: Float32Array.of(1) },
  ];
}

export function writingInputs(prompt: string, maxTokens: number): readonly Tensor[] {
  const flag = (name: string): Tensor => ({ name, datatype: 'BOOL', shape: [1], values: [true] });
  return [
    textTensor('text_input', [prompt], [1]),
    flag('stream'),
    textTensor('sampling_parameters', [JSON.stringify({ temperature: 0, max_tokens: maxTokens })], [1]),
    flag('return_finish_reason'),
    flag('return_num_input_tokens'),
    flag('return_num_output_tokens'),
  ];
}
