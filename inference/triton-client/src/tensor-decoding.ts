// Tensors from the wire, whether a server answered with raw contents (Triton always does) or typed ones.
import type { InferTensorContents } from './generated/kserve-v2.ts';
import { elementCount, type Datatype, type Tensor } from './tensor.ts';

/** Name, datatype and shape as the wire carries them, before anything is known to be valid. */
export interface TensorHeader {
  readonly name: string;
  readonly datatype: string;
  readonly shape: readonly number[];
  readonly contents: InferTensorContents | undefined;
}

/** The bytes do not make the tensor that its header promises; the message names tensor and sizes. */
export class TensorMismatch extends Error {
  override readonly name = 'TensorMismatch';
}

/**
 * Decodes all tensors of one message. Raw entries are in the order of the headers.
 * @throws TensorMismatch when sizes, counts or datatypes do not fit.
 */
export function decodeTensors(headers: readonly TensorHeader[], raw: readonly Uint8Array[]): Tensor[] {
  if (raw.length > 0 && raw.length !== headers.length) {
    throw new TensorMismatch(`${raw.length} raw contents for ${headers.length} tensors: send one per tensor, in their order`);
  }
  return headers.map((header, index) => {
    const bytes = raw[index];
    if (bytes !== undefined && header.contents !== undefined) {
      throw new TensorMismatch(`tensor ${header.name} has both raw and typed contents: send one of them`);
    }
    const tensor = bytes === undefined ? decodeTyped(header) : decodeRaw(header, bytes);
    const expected = elementCount(header.shape);
    if (header.shape.some((size) => size < 0) || tensor.values.length !== expected) {
      throw new TensorMismatch(
        `tensor ${header.name} has ${tensor.values.length} elements, its shape [${header.shape.join(',')}] promises ${expected}`,
      );
    }
    return tensor;
  });
}

const bytesPerElement = { FP32: 4, INT16: 2, INT32: 4, UINT32: 4, BOOL: 1 } as const satisfies Partial<Record<Datatype, number>>;

function decodeRaw(header: TensorHeader, bytes: Uint8Array): Tensor {
  const { name, shape } = header;
  const datatype = knownDatatype(header);
  if (datatype === 'BYTES') return { name, datatype, shape, values: decodeByteStrings(name, bytes) };
  const width = bytesPerElement[datatype];
  if (bytes.byteLength % width !== 0) {
    throw new TensorMismatch(`tensor ${name} has ${bytes.byteLength} bytes, not a multiple of ${width} for ${datatype}`);
  }
  if (datatype === 'BOOL') return { name, datatype, shape, values: Array.from(bytes, (byte) => byte !== 0) };
  const { buffer, byteOffset } = aligned(bytes, width);
  const length = bytes.byteLength / width;
  switch (datatype) {
    case 'FP32':
      return { name, datatype, shape, values: new Float32Array(buffer, byteOffset, length) };
    case 'INT16':
      return { name, datatype, shape, values: new Int16Array(buffer, byteOffset, length) };
    case 'INT32':
      return { name, datatype, shape, values: new Int32Array(buffer, byteOffset, length) };
    case 'UINT32':
      return { name, datatype, shape, values: new Uint32Array(buffer, byteOffset, length) };
  }
}

function decodeTyped(header: TensorHeader): Tensor {
  const { name, shape, contents } = header;
  const datatype = knownDatatype(header);
  switch (datatype) {
    case 'FP32':
      return { name, datatype, shape, values: Float32Array.from(contents?.fp32Contents ?? []) };
    case 'INT16':
      return { name, datatype, shape, values: Int16Array.from(contents?.intContents ?? []) };
    case 'INT32':
      return { name, datatype, shape, values: Int32Array.from(contents?.intContents ?? []) };
    case 'UINT32':
      return { name, datatype, shape, values: Uint32Array.from(contents?.uintContents ?? []) };
    case 'BOOL':
      return { name, datatype, shape, values: contents?.boolContents ?? [] };
    case 'BYTES':
      return { name, datatype, shape, values: contents?.bytesContents ?? [] };
  }
}

function knownDatatype({ name, datatype }: TensorHeader): Datatype {
  if (datatype === 'BYTES' || datatype in bytesPerElement) return datatype as Datatype;
  throw new TensorMismatch(`tensor ${name} is ${datatype}: this protocol reads FP32, INT16, INT32, UINT32, BOOL and BYTES`);
}

function decodeByteStrings(name: string, bytes: Uint8Array): Uint8Array[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const values: Uint8Array[] = [];
  let at = 0;
  while (at < bytes.byteLength) {
    const end = at + 4 > bytes.byteLength ? Number.POSITIVE_INFINITY : at + 4 + view.getUint32(at, true);
    if (end > bytes.byteLength)
      throw new TensorMismatch(`tensor ${name}: element ${values.length} runs past its ${bytes.byteLength} bytes`);
    values.push(bytes.subarray(at + 4, end));
    at = end;
  }
  return values;
}

// Protobuf hands out views at any offset; typed arrays need theirs to be a multiple of the element width.
function aligned(bytes: Uint8Array, width: number): { buffer: ArrayBufferLike; byteOffset: number } {
  if (bytes.byteOffset % width === 0) return { buffer: bytes.buffer, byteOffset: bytes.byteOffset };
  // Not bytes.slice(): on a Buffer that is a view, not a copy.
  return { buffer: new Uint8Array(bytes).buffer, byteOffset: 0 };
}
