// Bytes of a tensor on the wire: little-endian, row-major, no padding; BYTES elements carry a uint32 length each.
import type { Tensor } from './tensor.ts';

// Typed arrays use the machine's byte order and the wire is little-endian. All supported machines (x64, arm64) agree.
if (new Uint8Array(new Uint16Array([1]).buffer)[0] !== 1) throw new Error('tensor encoding needs a little-endian machine');

/** Raw contents of a tensor. Numeric tensors share memory with `values`: send before reusing the array. */
export function encodeRaw(tensor: Tensor): Buffer {
  switch (tensor.datatype) {
    case 'FP32':
    case 'INT16':
    case 'INT32':
    case 'UINT32':
      return Buffer.from(tensor.values.buffer, tensor.values.byteOffset, tensor.values.byteLength);
    case 'BOOL':
      return Buffer.from(tensor.values.map((value) => (value ? 1 : 0)));
    case 'BYTES':
      return encodeByteStrings(tensor.values);
  }
}

function encodeByteStrings(values: readonly Uint8Array[]): Buffer {
  const size = values.reduce((total, value) => total + 4 + value.byteLength, 0);
  const raw = Buffer.allocUnsafe(size);
  let at = 0;
  for (const value of values) {
    at = raw.writeUInt32LE(value.byteLength, at);
    raw.set(value, at);
    at += value.byteLength;
  }
  return raw;
}
