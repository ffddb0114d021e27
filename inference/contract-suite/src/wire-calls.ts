// Requests as bytes on the wire, without the client that would keep us from sending wrong ones.
import { credentials, Metadata, status, type ClientDuplexStream, type ServiceError } from '@grpc/grpc-js';
import type { Contract } from '@centralita/cpu-server/server/contract.ts';
import type { Tensor } from 'triton-client-grpc-generated';
import {
  GRPCInferenceServiceClient,
  type ModelInferRequest,
  type ModelInferResponse,
  type ModelStreamInferResponse,
} from 'triton-client-grpc-generated/generated/kserve-v2.ts';
import { toWireRequest } from 'triton-client-grpc-generated/infer-message.ts';
import { typedContents } from 'triton-client-grpc-generated/testing/typed-contents.ts';

export type Stub = InstanceType<typeof GRPCInferenceServiceClient>;

/** How a request ended, and what came before. */
export interface Outcome {
  readonly code: status;
  readonly details: string;
  readonly replies: readonly ModelInferResponse[];
}

const MAX_MESSAGE_BYTES = 512 * 1024 * 1024;
/** Long for a stand-in, short for a test. */
const DEADLINE_MS = 10_000;

export function openStub(url: string): Stub {
  return new GRPCInferenceServiceClient(url, credentials.createInsecure(), {
    'grpc.max_receive_message_length': MAX_MESSAGE_BYTES,
    'grpc.max_send_message_length': MAX_MESSAGE_BYTES,
  });
}

export function wireRequest(contract: Contract, inputs: readonly Tensor[], id = ''): ModelInferRequest {
  return toWireRequest({ model: contract.role, id, inputs, parameters: { triton_enable_empty_final_response: true } });
}

/** The same request with its numbers and texts in typed contents instead of raw ones. */
export function typedRequest(contract: Contract, inputs: readonly Tensor[]): ModelInferRequest {
  const raw = wireRequest(contract, inputs);
  const typed = raw.inputs.map((input, index) => ({ ...input, contents: typedContents(inputs[index]) }));
  return { ...raw, inputs: typed, rawInputContents: [] };
}

/** Sends one request the way its contract says and waits for its end. */
export function outcomeOf(stub: Stub, contract: Contract, request: ModelInferRequest): Promise<Outcome> {
  return contract.call === 'ModelInfer' ? unaryOutcome(stub, request) : streamOutcome(stub, request);
}

export function unaryOutcome(stub: Stub, request: ModelInferRequest): Promise<Outcome> {
  return new Promise((resolve) => {
    stub.modelInfer(request, new Metadata(), { deadline: deadline() }, (error: ServiceError | null, reply: ModelInferResponse) => {
      resolve(error === null ? { code: status.OK, details: '', replies: [reply] } : { ...failure(error), replies: [] });
    });
  });
}

/** On a stream of its own, where the first error is its end. */
function streamOutcome(stub: Stub, request: ModelInferRequest): Promise<Outcome> {
  const call = openStream(stub, { endsOnError: true });
  const replies: ModelInferResponse[] = [];
  call.on('data', ({ inferResponse }: ModelStreamInferResponse) => {
    if (inferResponse !== undefined) replies.push(inferResponse);
  });
  call.end(request);
  return new Promise((resolve) => {
    call.on('error', (error: ServiceError) => resolve({ ...failure(error), replies }));
    call.on('end', () => resolve({ code: status.OK, details: '', replies }));
  });
}

export function openStream(
  stub: Stub,
  { endsOnError }: { readonly endsOnError: boolean },
): ClientDuplexStream<ModelInferRequest, ModelStreamInferResponse> {
  const metadata = new Metadata();
  if (endsOnError) metadata.set('triton_grpc_error', 'true');
  return stub.modelStreamInfer(metadata, { deadline: deadline() });
}

function deadline(): Date {
  return new Date(Date.now() + DEADLINE_MS);
}

function failure({ code, details }: ServiceError): Pick<Outcome, 'code' | 'details'> {
  return { code, details };
}
