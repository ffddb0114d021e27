/**
 * A KServe v2 gRPC server whose models are given as functions. It speaks the real protocol over a real socket, so that what is
 * tried here is the product's own client and adapter; only the models are not real.
 */
import { readFileSync } from 'node:fs';
import { Server, ServerCredentials, status } from '@grpc/grpc-js';
import type { sendUnaryData, ServerDuplexStream, ServerUnaryCall } from '@grpc/grpc-js';
import { GRPCInferenceServiceService } from 'triton-client-grpc-generated/generated/kserve-v2.ts';
import type {
  GRPCInferenceServiceServer,
  ModelInferRequest,
  ModelInferResponse,
  ModelStatistics,
  ModelStreamInferResponse,
} from 'triton-client-grpc-generated/generated/kserve-v2.ts';
import { FINAL_RESPONSE, toWireReply } from 'triton-client-grpc-generated/infer-message.ts';
import { decodeTensors } from 'triton-client-grpc-generated/tensor-decoding.ts';
import { z } from 'zod';
import { inferenceRoles, StandInFailure, unixMs } from './inference-request.ts';
import type { InferenceAnswer, InferenceRole, InferenceTiming, StandInModel } from './inference-request.ts';

const tensorsSchema = z.array(z.object({ name: z.string(), datatype: z.string(), shape: z.array(z.int()) }));
const contractSchema = z.object({ call: z.enum(['ModelInfer', 'ModelStreamInfer']), inputs: tensorsSchema, outputs: tensorsSchema });

export type InferenceStandInOptions = {
  /** A role that is left out does not exist on this server. */
  readonly models: Readonly<Partial<Record<InferenceRole, StandInModel>>>;
  /** 0 or absent: a free port. Loopback only. */
  readonly port?: number;
  /** Called once per request, after its last reply has been handed to the socket. */
  readonly onAnswered?: (timing: InferenceTiming) => void;
  /** What the models did so far; absent: they keep no statistics. */
  readonly statistics?: (role: InferenceRole) => ModelStatistics;
};

/** A listening server; disposing cuts what is in flight. */
export type InferenceStandIn = AsyncDisposable & {
  /** `host:port`, as the product's configuration takes it. */
  readonly url: string;
};

/** Opens the server on loopback. */
export async function openInferenceStandIn(options: InferenceStandInOptions): Promise<InferenceStandIn> {
  const server = new Server({ 'grpc.max_receive_message_length': 8 * 1024 * 1024, 'grpc.max_send_message_length': 64 * 1024 * 1024 });
  server.addService(GRPCInferenceServiceService, createService(options));
  const port = await new Promise<number>((resolve, reject) => {
    server.bindAsync(`127.0.0.1:${options.port ?? 0}`, ServerCredentials.createInsecure(), (error, bound) => {
      if (error === null) resolve(bound);
      else reject(new Error(`the stand-in inference server cannot listen on port ${options.port ?? 0}`, { cause: error }));
    });
  });
  return {
    url: `127.0.0.1:${port}`,
    async [Symbol.asyncDispose]() {
      server.forceShutdown();
    },
  };
}

/** The client named a model that this server has not. */
class UnknownModelError extends Error {
  override readonly name = 'UnknownModelError';
}

function createService(options: InferenceStandInOptions): GRPCInferenceServiceServer {
  const roles = inferenceRoles.filter((role) => options.models[role] !== undefined);
  const contracts = new Map(roles.map((role) => [role, readContract(role)]));
  const metadata = (name: string) => {
    const contract = contracts.get(name as InferenceRole);
    return {
      name,
      versions: ['1'],
      platform: 'stand-in',
      inputs: contract?.inputs ?? [],
      outputs: contract?.outputs ?? [],
      properties: {},
    };
  };
  return {
    serverLive: (_call, done) => done(null, { live: true }),
    serverReady: (_call, done) => done(null, { ready: true }),
    modelReady: (call, done) => done(null, { ready: contracts.has(call.request.name as InferenceRole) }),
    modelMetadata: (call, done) => done(null, metadata(call.request.name)),
    modelStatistics: (call, done) => {
      const role = roles.find((each) => each === call.request.name);
      if (options.statistics === undefined || role === undefined)
        return done({ code: status.UNIMPLEMENTED, details: 'a stand-in keeps no statistics' });
      return done(null, { modelStats: [options.statistics(role)] });
    },
    repositoryIndex: (_call, done) =>
      done(null, { models: roles.map((name) => ({ name, version: '1', state: 'READY', reason: 'engine stand-in' })) }),
    repositoryModelLoad: (_call, done) => done({ code: status.UNIMPLEMENTED, details: 'a stand-in has nothing to load' }),
    repositoryModelUnload: (_call, done) => done({ code: status.UNIMPLEMENTED, details: 'a stand-in has nothing to unload' }),
    modelInfer: (call, done) => void answerOnce(options, { call, done }),
    modelStreamInfer: (call) => answerStream(options, call),
  };
}

function readContract(role: InferenceRole): z.infer<typeof contractSchema> {
  const file = new URL(`../../../../inference/contracts/${role}.json`, import.meta.url);
  return contractSchema.parse(JSON.parse(readFileSync(file, 'utf8')));
}

type UnaryCall = {
  readonly call: ServerUnaryCall<ModelInferRequest, ModelInferResponse>;
  readonly done: sendUnaryData<ModelInferResponse>;
};

async function answerOnce(options: InferenceStandInOptions, { call, done }: UnaryCall): Promise<void> {
  const controller = new AbortController();
  call.on('cancelled', () => controller.abort());
  try {
    for await (const message of answersTo(options, { request: call.request, signal: controller.signal })) {
      done(null, message);
      return;
    }
    done({ code: status.INTERNAL, details: 'the stand-in model gave no answer' });
  } catch (cause) {
    done(asFailure(cause));
  }
}

function answerStream(options: InferenceStandInOptions, call: ServerDuplexStream<ModelInferRequest, ModelStreamInferResponse>): void {
  const controller = new AbortController();
  let running = 0;
  let isHalfClosed = false;
  const endWhenDone = (): void => {
    if (isHalfClosed && running === 0 && !call.destroyed) call.end();
  };
  const serve = async (request: ModelInferRequest): Promise<void> => {
    try {
      for await (const message of answersTo(options, { request, signal: controller.signal })) {
        call.write({ errorMessage: '', inferResponse: message });
      }
      const final = { model: request.modelName, version: '1', id: request.id, outputs: [], parameters: { [FINAL_RESPONSE]: true } };
      call.write({ errorMessage: '', inferResponse: toWireReply(final) });
    } catch (cause) {
      if (!controller.signal.aborted) call.emit('error', asFailure(cause));
    }
  };
  call.on('cancelled', () => controller.abort());
  call.on('error', () => controller.abort());
  call.on('end', () => {
    isHalfClosed = true;
    endWhenDone();
  });
  call.on('data', (request: ModelInferRequest) => {
    running += 1;
    void serve(request).finally(() => {
      running -= 1;
      endWhenDone();
    });
  });
}

/** A model's answers as wire messages, with the request's timing reported at its end, whichever way it ends. */
async function* answersTo(
  options: InferenceStandInOptions,
  { request, signal }: { readonly request: ModelInferRequest; readonly signal: AbortSignal },
): AsyncGenerator<ModelInferResponse, void, undefined> {
  const receivedAt = unixMs();
  const role = inferenceRoles.find((one) => one === request.modelName);
  const model = role && options.models[role];
  if (role === undefined || model === undefined) throw new UnknownModelError(`no model ${request.modelName} among these stand-ins`);
  let firstReplyAt: number | null = null;
  let lastReplyAt: number | null = null;
  let outcome: InferenceTiming['outcome'] = 'failed';
  let text = '';
  try {
    const inputs = decodeTensors(request.inputs, request.rawInputContents);
    for await (const answer of model.answer({ id: request.id, inputs, signal })) {
      signal.throwIfAborted();
      lastReplyAt = unixMs();
      firstReplyAt ??= lastReplyAt;
      text += answer.text;
      // Set before the message is handed over: a unary reader takes one answer and never comes back.
      outcome = 'answered';
      yield wireMessage(request, answer);
    }
  } finally {
    if (signal.aborted) outcome = 'cancelled';
    options.onAnswered?.({ role, id: request.id, text, receivedAt, firstReplyAt, lastReplyAt, endedAt: unixMs(), outcome });
  }
}

function wireMessage(request: ModelInferRequest, answer: InferenceAnswer): ModelInferResponse {
  const parameters = { [FINAL_RESPONSE]: false };
  return toWireReply({ model: request.modelName, version: '1', id: request.id, outputs: answer.outputs, parameters });
}

function asFailure(cause: unknown): { readonly code: status; readonly details: string } {
  const message = cause instanceof Error ? cause.message : String(cause);
  if (cause instanceof StandInFailure) return { code: cause.code, details: message };
  return { code: cause instanceof UnknownModelError ? status.NOT_FOUND : status.INTERNAL, details: message };
}
