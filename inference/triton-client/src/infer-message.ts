// Requests and replies of one inference as plain values, and their way to and from protobuf messages.
import type { InferParameter, ModelInferRequest, ModelInferResponse } from './generated/kserve-v2.ts';
import { decodeTensors } from './tensor-decoding.ts';
import { encodeRaw } from './tensor-encoding.ts';
import type { Tensor } from './tensor.ts';
import { TritonError } from './triton-error.ts';

/** A request parameter. Integers travel as int64 (Triton refuses uint64 where it expects them), other numbers as double. */
export type ParameterValue = boolean | number | string;

/** One inference. */
export interface InferRequest {
  readonly model: string;
  /** Empty or absent: the server's choice. */
  readonly version?: string;
  /** Echoed by the server in every reply. */
  readonly id?: string;
  readonly inputs: readonly Tensor[];
  /** Output names to return; absent: all. */
  readonly outputs?: readonly string[];
  readonly parameters?: Readonly<Record<string, ParameterValue>>;
}

/** One answer: the only one of a unary inference, or one of many of a streamed one. */
export interface InferReply {
  readonly model: string;
  readonly version: string;
  readonly id: string;
  readonly outputs: readonly Tensor[];
  readonly parameters: Readonly<Record<string, ParameterValue>>;
}

/** Parameter that Triton sets on every streamed response; true on the last one. */
export const FINAL_RESPONSE = 'triton_final_response';
/** Asks for a final flag even when a decoupled model has nothing more to say; without it such a stream never tells its end. */
export const WANT_EMPTY_FINAL_RESPONSE = 'triton_enable_empty_final_response';

/** The wire message of a request. Shares memory with numeric inputs. */
export function toWireRequest(request: InferRequest): ModelInferRequest {
  return {
    modelName: request.model,
    modelVersion: request.version ?? '',
    id: request.id ?? '',
    parameters: toWireParameters(request.parameters ?? {}),
    inputs: request.inputs.map(toWireTensor),
    outputs: (request.outputs ?? []).map((name) => ({ name, parameters: {} })),
    rawInputContents: request.inputs.map(encodeRaw),
  };
}

/** The wire message of a reply; what a server sends. */
export function toWireReply(reply: InferReply): ModelInferResponse {
  return {
    modelName: reply.model,
    modelVersion: reply.version,
    id: reply.id,
    parameters: toWireParameters(reply.parameters),
    outputs: reply.outputs.map(toWireTensor),
    rawOutputContents: reply.outputs.map(encodeRaw),
  };
}

/** @throws TritonError of kind `malformed_reply` when a tensor's bytes do not fit its header. */
export function fromWireReply(message: ModelInferResponse): InferReply {
  const { modelName: model, modelVersion: version, id } = message;
  try {
    const outputs = decodeTensors(message.outputs, message.rawOutputContents);
    return { model, version, id, outputs, parameters: fromWireParameters(message.parameters) };
  } catch (cause) {
    throw new TritonError({ kind: 'malformed_reply', code: 'OK', model, message: 'the reply does not decode', cause });
  }
}

/** Parameters as plain values; unset ones are left out. */
export function fromWireParameters(wire: Readonly<Record<string, InferParameter>>): Record<string, ParameterValue> {
  const parameters: Record<string, ParameterValue> = {};
  for (const [key, choice] of Object.entries(wire)) {
    const value = choice.boolParam ?? choice.int64Param ?? choice.stringParam ?? choice.doubleParam ?? choice.uint64Param;
    if (value !== undefined) parameters[key] = value;
  }
  return parameters;
}

function toWireTensor(tensor: Tensor) {
  return { name: tensor.name, datatype: tensor.datatype, shape: [...tensor.shape], parameters: {}, contents: undefined };
}

function toWireParameters(parameters: Readonly<Record<string, ParameterValue>>): Record<string, InferParameter> {
  return Object.fromEntries(Object.entries(parameters).map(([key, value]) => [key, toWireParameter(value)]));
}

function toWireParameter(value: ParameterValue): InferParameter {
  const unset = { boolParam: undefined, int64Param: undefined, stringParam: undefined, doubleParam: undefined, uint64Param: undefined };
  if (typeof value === 'boolean') return { ...unset, boolParam: value };
  if (typeof value === 'string') return { ...unset, stringParam: value };
  return Number.isSafeInteger(value) ? { ...unset, int64Param: value } : { ...unset, doubleParam: value };
}
