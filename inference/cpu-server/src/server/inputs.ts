// Values of a request's tensors, once the contract has been kept: an optional tensor that is not there is nothing.
import { findTensor, textsOf, type Tensor } from 'triton-client-grpc-generated';

/** All elements of a BYTES tensor as texts. */
export function textsIn(inputs: readonly Tensor[], name: string): string[] {
  const tensor = findTensor(inputs, name);
  return tensor?.datatype === 'BYTES' ? textsOf(tensor) : [];
}

/** The only element of a BYTES tensor, or the empty text. */
export function textIn(inputs: readonly Tensor[], name: string): string {
  return textsIn(inputs, name)[0] ?? '';
}

/** The only element of an FP32 tensor, or `fallback`. */
export function numberIn(inputs: readonly Tensor[], name: string, fallback: number): number {
  const tensor = findTensor(inputs, name);
  return tensor?.datatype === 'FP32' ? (tensor.values[0] ?? fallback) : fallback;
}

/** The only element of a BOOL tensor, or false. */
export function flagIn(inputs: readonly Tensor[], name: string): boolean {
  const tensor = findTensor(inputs, name);
  return tensor?.datatype === 'BOOL' && tensor.values[0] === true;
}
