// Tensors on the wire: every datatype byte for byte, and what is refused with the tensor named.
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { decodeTensors, TensorMismatch } from './tensor-decoding.ts';
import { encodeRaw } from './tensor-encoding.ts';
import { textsOf, textTensor, type Tensor } from './tensor.ts';
import { typedContents } from './testing/typed-contents.ts';

const header = (tensor: Tensor) => ({ name: tensor.name, datatype: tensor.datatype as string, shape: tensor.shape, contents: undefined });
const typed = (tensor: Tensor) => ({ ...header(tensor), contents: typedContents(tensor) });

test.each(
  (
    [
      [{ name: 'a', datatype: 'FP32', shape: [1, 2], values: Float32Array.of(1, -0.5) }, '0000803f000000bf'],
      [{ name: 'a', datatype: 'INT16', shape: [1, 2], values: Int16Array.of(1, -2) }, '0100feff'],
      [{ name: 'a', datatype: 'INT32', shape: [1], values: Int32Array.of(-2) }, 'feffffff'],
      [{ name: 'a', datatype: 'UINT32', shape: [1], values: Uint32Array.of(0x01020304) }, '04030201'],
      [{ name: 'a', datatype: 'BOOL', shape: [3], values: [true, false, true] }, '010001'],
      [textTensor('a', ['ñ', '', 'ok']), '02000000c3b100000000020000006f6b'],
    ] satisfies [Tensor, string][]
  ).map(([tensor, hex]) => [tensor.datatype, tensor, hex] as const),
)('%s is encoded byte for byte as the protocol says and decodes to the same values', (...[, tensor, hex]) => {
  const raw = encodeRaw(tensor);
  expect(raw.toString('hex')).toBe(hex);
  const [decoded] = decodeTensors([header(tensor)], [raw]);
  expect(decoded?.datatype).toBe(tensor.datatype);
  expect(Array.from(decoded?.values ?? [], String)).toEqual(Array.from(tensor.values, String));
});

test('a view that starts at an odd byte decodes like an aligned one', () => {
  const shifted = Buffer.concat([
    Buffer.from([9]),
    encodeRaw({ name: 'a', datatype: 'INT16', shape: [3], values: Int16Array.of(1, -2, 300) }),
  ]);
  const [decoded] = decodeTensors([{ name: 'a', datatype: 'INT16', shape: [3], contents: undefined }], [shifted.subarray(1)]);
  expect([...(decoded?.values ?? [])]).toEqual([1, -2, 300]);
});

test('typed contents are read when a server sends them instead of raw ones', () => {
  const decoded = decodeTensors(
    [
      typed({ name: 'f', datatype: 'FP32', shape: [2], values: Float32Array.of(0.5, 2) }),
      typed({ name: 's', datatype: 'INT16', shape: [1], values: Int16Array.of(-7) }),
      typed(textTensor('t', ['hola'])),
      typed({ name: 'b', datatype: 'BOOL', shape: [1], values: [true] }),
    ],
    [],
  );
  expect(decoded.map((tensor) => (tensor.datatype === 'BYTES' ? textsOf(tensor) : [...tensor.values]))).toEqual([
    [0.5, 2],
    [-7],
    ['hola'],
    [true],
  ]);
});

test.each([
  [
    'an element count other than the shape',
    [{ name: 'AUDIO', datatype: 'INT16', shape: [1, 3], contents: undefined }],
    [Buffer.alloc(4)],
    /AUDIO has 2 elements.*\[1,3\] promises 3/,
  ],
  [
    'half an element',
    [{ name: 'AUDIO', datatype: 'FP32', shape: [1], contents: undefined }],
    [Buffer.alloc(5)],
    /AUDIO has 5 bytes, not a multiple of 4/,
  ],
  ['an unknown datatype', [{ name: 'X', datatype: 'FP16', shape: [1], contents: undefined }], [Buffer.alloc(2)], /X is FP16/],
  [
    'a string that runs past the end',
    [{ name: 'TEXT', datatype: 'BYTES', shape: [1], contents: undefined }],
    [Buffer.from('ff000000', 'hex')],
    /TEXT: element 0 runs past/,
  ],
  [
    'a negative shape that cancels out',
    [{ name: 'X', datatype: 'BOOL', shape: [-1, -1], contents: undefined }],
    [Buffer.alloc(1)],
    /X has 1 elements/,
  ],
  [
    'fewer raw contents than tensors',
    [
      { name: 'X', datatype: 'BOOL', shape: [1], contents: undefined },
      { name: 'Y', datatype: 'BOOL', shape: [1], contents: undefined },
    ],
    [Buffer.alloc(1)],
    /1 raw contents for 2 tensors/,
  ],
  ['raw and typed contents at once', [typed({ name: 'X', datatype: 'BOOL', shape: [1], values: [true] })], [Buffer.alloc(1)], /X has both/],
])('%s is refused with the tensor named', (...row) => {
  const [, headers, raw, message] = row;
  expect(() => decodeTensors(headers, raw)).toThrow(TensorMismatch);
  expect(() => decodeTensors(headers, raw)).toThrow(message);
});

test('any list of texts survives the wire', () => {
  fc.assert(
    fc.property(fc.array(fc.string({ unit: 'grapheme' })), (texts) => {
      const tensor = textTensor('a', texts);
      const [decoded] = decodeTensors([header(tensor)], [encodeRaw(tensor)]);
      expect(decoded?.datatype === 'BYTES' && textsOf(decoded)).toEqual(texts);
    }),
  );
});
