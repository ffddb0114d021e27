// Requests that break a contract in one way each, made from the contract itself.
import type { Contract, TensorContract } from '@centralita/cpu-server/server/contract.ts';
import { textTensor, type Tensor } from 'triton-client-grpc-generated';

/** A request that must be refused as an invalid argument. */
export interface BrokenRequest {
  readonly what: string;
  readonly inputs: readonly Tensor[];
  /** The refusal names the tensor, and the limit where one is broken. */
  readonly mustSay: readonly (string | RegExp)[];
}

/** Everything that can be wrong with the tensors of `valid`, one fault at a time. */
export function brokenRequests(contract: Contract, valid: readonly Tensor[]): readonly BrokenRequest[] {
  const unknown = textTensor('NO_SUCH_TENSOR', ['x']);
  return [
    { what: 'a tensor that the contract has not', inputs: [...valid, unknown], mustSay: ['NO_SUCH_TENSOR'] },
    ...contract.inputs.flatMap((expected) => brokenTensors(expected, valid)),
  ];
}

function brokenTensors(expected: TensorContract, valid: readonly Tensor[]): readonly BrokenRequest[] {
  const { name, optional } = expected;
  const others = valid.filter((tensor) => tensor.name !== name);
  const sound = valid.find((tensor) => tensor.name === name);
  const broken = (what: string, tensor: Tensor, ...limits: readonly number[]): BrokenRequest => ({
    what: `${name} ${what}`,
    inputs: [...others, tensor],
    mustSay: [name, ...limits.map(String)],
  });
  return [
    ...(optional ? [] : [{ what: `no ${name}`, inputs: others, mustSay: [name] }]),
    ...(sound === undefined ? [] : [{ what: `${name} twice`, inputs: [...valid, sound], mustSay: [name] }]),
    broken('of another type', ofAnotherType(expected)),
    broken('with a dimension too many', filled(expected, [1, 1, ...expected.shape.map(sizeOf)])),
    ...(expected.shape.includes(1)
      ? [ofTwo(broken('with a dimension of 2 where 1 is due', filled(expected, twofold(expected.shape))))]
      : []),
    ...beyondLimits(expected).map(({ what, tensor, limit }) => broken(what, tensor, limit)),
  ];
}

/** Triton takes the first dimension for a batch, and says of an uneven one only that it is. */
function ofTwo(request: BrokenRequest): BrokenRequest {
  return { ...request, mustSay: [new RegExp(`${request.mustSay.join('.*')}|batch-size`)] };
}

type Beyond = { readonly what: string; readonly tensor: Tensor; readonly limit: number };

function beyondLimits(expected: TensorContract): readonly Beyond[] {
  const { maxElements, maxCharacters, min, max } = expected.limits;
  const shape = expected.shape.map(sizeOf);
  const number = (value: number): Tensor => ({ name: expected.name, datatype: 'FP32', shape, values: Float32Array.of(value) });
  const beyond: Beyond[] = [];
  if (maxElements !== undefined) {
    const long = expected.shape.map((size) => (size === -1 ? maxElements + 1 : size));
    beyond.push({ what: 'with an element too many', tensor: filled(expected, long), limit: maxElements });
  }
  if (maxCharacters !== undefined) {
    const tensor = textTensor(expected.name, ['a'.repeat(maxCharacters + 1)], shape);
    beyond.push({ what: 'with a character too many', tensor, limit: maxCharacters });
  }
  if (expected.datatype !== 'FP32') return beyond;
  if (min !== undefined) beyond.push({ what: 'below its least value', tensor: number(min - 0.25), limit: min });
  if (max !== undefined) {
    beyond.push({ what: 'above its greatest value', tensor: number(max + 0.25), limit: max });
    beyond.push({ what: 'that is no number', tensor: number(Number.NaN), limit: max });
  }
  return beyond;
}

function ofAnotherType(expected: TensorContract): Tensor {
  const shape = expected.shape.map(sizeOf);
  if (expected.datatype === 'FP32') return filled({ ...expected, datatype: 'INT32' }, shape);
  return filled({ ...expected, datatype: 'FP32' }, shape);
}

function twofold(shape: readonly number[]): readonly number[] {
  const at = shape.indexOf(1);
  return shape.map((size, index) => (index === at ? 2 : sizeOf(size)));
}

const sizeOf = (size: number) => (size === -1 ? 1 : size);

/** A tensor of the contract's name and type with harmless values. */
function filled({ name, datatype }: TensorContract, shape: readonly number[]): Tensor {
  const length = shape.reduce((product, size) => product * size, 1);
  const list = { length };
  switch (datatype) {
    case 'BYTES':
      return textTensor(
        name,
        Array.from(list, () => 'a'),
        shape,
      );
    case 'BOOL':
      return { name, datatype, shape, values: Array.from(list, () => true) };
    case 'FP32':
      return { name, datatype, shape, values: new Float32Array(length).fill(1) };
    case 'INT16':
      return { name, datatype, shape, values: new Int16Array(length) };
    case 'INT32':
      return { name, datatype, shape, values: new Int32Array(length) };
    case 'UINT32':
      return { name, datatype, shape, values: new Uint32Array(length) };
  }
}
