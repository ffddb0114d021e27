// What other clients send: the numbers and texts of a tensor as fields of the message. Ours sends raw bytes, and must read both.
import type { InferTensorContents } from '#generated/kserve-v2.ts';
import type { Tensor } from '#tensor.ts';

/** The contents of one tensor; of none, empty ones. */
export function typedContents(tensor: Tensor | undefined): InferTensorContents {
  const none: InferTensorContents = {
    boolContents: [],
    intContents: [],
    int64Contents: [],
    uintContents: [],
    uint64Contents: [],
    fp32Contents: [],
    fp64Contents: [],
    bytesContents: [],
  };
  switch (tensor?.datatype) {
    case 'BOOL':
      return { ...none, boolContents: [...tensor.values] };
    case 'INT16':
    case 'INT32':
      return { ...none, intContents: [...tensor.values] };
    case 'UINT32':
      return { ...none, uintContents: [...tensor.values] };
    case 'FP32':
      return { ...none, fp32Contents: [...tensor.values] };
    case 'BYTES':
      return { ...none, bytesContents: tensor.values.map((value) => Buffer.from(value)) };
    case undefined:
      return none;
  }
}
