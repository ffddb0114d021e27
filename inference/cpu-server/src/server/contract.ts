// The decided tensors of each role, read from inference/contracts, and the check that requests and replies keep them.
import { readFileSync } from 'node:fs';
import { textsOf, type Tensor } from 'triton-client-grpc-generated';
import { z } from 'zod';

const limitsSchema = z.strictObject({
  maxElements: z.int().positive().optional(),
  /** Per element of a BYTES tensor, in Unicode code units. */
  maxCharacters: z.int().positive().optional(),
  min: z.number().optional(),
  max: z.number().optional(),
});

const tensorContractSchema = z.strictObject({
  name: z.string(),
  datatype: z.enum(['FP32', 'INT16', 'INT32', 'UINT32', 'BOOL', 'BYTES']),
  /** -1 stands for any size. */
  shape: z.array(z.int().min(-1)),
  optional: z.boolean().default(false),
  limits: limitsSchema.default({}),
  purpose: z.string(),
});

const contractSchema = z.strictObject({
  role: z.string(),
  purpose: z.string(),
  call: z.enum(['ModelInfer', 'ModelStreamInfer']),
  inputs: z.array(tensorContractSchema),
  outputs: z.array(tensorContractSchema),
});

/** What a role's model is sent and answers. */
export type Contract = z.infer<typeof contractSchema>;
/** One tensor of a contract. */
export type TensorContract = z.infer<typeof tensorContractSchema>;
/** Roles that have a contract file. */
export type Role = 'speech_to_text' | 'text_to_speech' | 'language_model';

/** Reads one role's contract. @throws when the file does not hold a contract. */
export function readContract(role: Role): Contract {
  const file = new URL(`../../../contracts/${role}.json`, import.meta.url);
  return contractSchema.parse(JSON.parse(readFileSync(file, 'utf8')));
}

/** Says which tensor breaks the contract and by which limit, or null when all keep it. */
export function contractViolation(expected: readonly TensorContract[], tensors: readonly Tensor[]): string | null {
  for (const tensor of tensors) {
    if (!expected.some((one) => one.name === tensor.name))
      return `unknown tensor ${tensor.name}: expected ${expected.map((one) => one.name).join(', ')}`;
  }
  for (const one of expected) {
    const found = tensors.filter((tensor) => tensor.name === one.name);
    if (found.length > 1) return `tensor ${one.name} is given ${found.length} times`;
    const violation = found[0] === undefined ? missing(one) : tensorViolation(one, found[0]);
    if (violation !== null) return violation;
  }
  return null;
}

function missing(expected: TensorContract): string | null {
  return expected.optional ? null : `tensor ${expected.name} (${expected.datatype} [${expected.shape.join(',')}]) is missing`;
}

function tensorViolation(expected: TensorContract, tensor: Tensor): string | null {
  const { name, limits } = expected;
  if (tensor.datatype !== expected.datatype) return `tensor ${name} is ${tensor.datatype}, must be ${expected.datatype}`;
  const fits =
    tensor.shape.length === expected.shape.length && expected.shape.every((size, at) => size === -1 || size === tensor.shape[at]);
  if (!fits) return `tensor ${name} has shape [${tensor.shape.join(',')}], must be [${expected.shape.join(',')}]`;
  if (limits.maxElements !== undefined && tensor.values.length > limits.maxElements) {
    return `tensor ${name} has ${tensor.values.length} elements, the limit is ${limits.maxElements}`;
  }
  return tensor.datatype === 'BYTES' ? textViolation(expected, textsOf(tensor)) : rangeViolation(expected, tensor);
}

function textViolation({ name, limits }: TensorContract, texts: readonly string[]): string | null {
  const { maxCharacters } = limits;
  if (maxCharacters === undefined) return null;
  const long = texts.find((text) => text.length > maxCharacters);
  return long === undefined ? null : `tensor ${name} has a text of ${long.length} characters, the limit is ${maxCharacters}`;
}

function rangeViolation({ name, limits }: TensorContract, tensor: Tensor): string | null {
  const { min = Number.NEGATIVE_INFINITY, max = Number.POSITIVE_INFINITY } = limits;
  if (limits.min === undefined && limits.max === undefined) return null;
  for (const value of tensor.values) {
    // Written so that NaN is outside too.
    if (!(Number(value) >= min && Number(value) <= max)) return `tensor ${name} holds ${String(value)}, must be between ${min} and ${max}`;
  }
  return null;
}
