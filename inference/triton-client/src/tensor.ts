// Tensors as plain typed values: what a caller builds and reads, with no protobuf in sight.

/** A tensor whose element type follows from its datatype. Shape is row-major; its product is the number of elements. */
export type Tensor =
  | { readonly name: string; readonly datatype: 'FP32'; readonly shape: readonly number[]; readonly values: Float32Array }
  | { readonly name: string; readonly datatype: 'INT16'; readonly shape: readonly number[]; readonly values: Int16Array }
  | { readonly name: string; readonly datatype: 'INT32'; readonly shape: readonly number[]; readonly values: Int32Array }
  | { readonly name: string; readonly datatype: 'UINT32'; readonly shape: readonly number[]; readonly values: Uint32Array }
  | { readonly name: string; readonly datatype: 'BOOL'; readonly shape: readonly number[]; readonly values: readonly boolean[] }
  | { readonly name: string; readonly datatype: 'BYTES'; readonly shape: readonly number[]; readonly values: readonly Uint8Array[] };

/** Datatypes this client encodes and decodes, as they are written on the wire. */
export type Datatype = Tensor['datatype'];

/** The tensor type of one datatype. */
export type TensorOf<D extends Datatype> = Extract<Tensor, { datatype: D }>;

/** Builds a BYTES tensor from texts, UTF-8. Shape defaults to [1, n]. */
export function textTensor(name: string, texts: readonly string[], shape: readonly number[] = [1, texts.length]): TensorOf<'BYTES'> {
  return { name, datatype: 'BYTES', shape, values: texts.map((text) => Buffer.from(text, 'utf8')) };
}

/** Finds the tensor called `name`, or undefined. */
export function findTensor(tensors: readonly Tensor[], name: string): Tensor | undefined {
  return tensors.find((tensor) => tensor.name === name);
}

/** Elements of a BYTES tensor as UTF-8 texts. */
export function textsOf(tensor: TensorOf<'BYTES'>): string[] {
  return tensor.values.map((value) => Buffer.from(value.buffer, value.byteOffset, value.byteLength).toString('utf8'));
}

/** Number of elements that a shape promises. */
export function elementCount(shape: readonly number[]): number {
  return shape.reduce((product, size) => product * size, 1);
}
