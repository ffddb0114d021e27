// KServe v2 over gRPC: questions about the server and its models, and the two ways to infer.
import { status, type handleUnaryCall, type sendUnaryData, type ServerUnaryCall } from '@grpc/grpc-js';
import type { Tensor } from 'triton-client-grpc-generated';
import type {
  GRPCInferenceServiceServer,
  ModelInferRequest,
  ModelInferResponse,
} from 'triton-client-grpc-generated/generated/kserve-v2.ts';
import { toWireReply } from 'triton-client-grpc-generated/infer-message.ts';
import type { TensorContract } from './contract.ts';
import type { ModelHost } from './model-host.ts';
import { failureOf } from './request-failure.ts';
import { RequestRefused } from './role-model.ts';
import { handleStream } from './stream-handler.ts';

/** The service over a fixed set of models. `isDraining` makes the server not ready while it finishes what it has. */
export function createInferenceService(hosts: readonly ModelHost[], isDraining: () => boolean): GRPCInferenceServiceServer {
  const findHost = (name: string): ModelHost => {
    const host = hosts.find((one) => one.loaded.role === name);
    if (host === undefined)
      throw new RequestRefused('not_found', `no model ${name}: this server has ${hosts.map((one) => one.loaded.role).join(', ')}`);
    return host;
  };
  const isReady = (host: ModelHost) => !isDraining() && host.loaded.current.state().kind === 'ready';

  return {
    serverLive: (_call, done) => done(null, { live: true }),
    serverReady: (_call, done) => done(null, { ready: hosts.every(isReady) }),
    modelReady: answering(({ name }) => ({ ready: isReady(findHost(name)) })),
    modelMetadata: answering(({ name }) => {
      const { contract, engine, limits, note } = findHost(name).loaded.current;
      return {
        name,
        versions: ['1'],
        platform: engine,
        inputs: contract.inputs.map(tensorMetadata),
        outputs: contract.outputs.map(tensorMetadata),
        properties: { engine, note, slots: String(limits.maxRunning), queue: String(limits.maxWaiting) },
      };
    }),
    modelStatistics: answering(({ name }) => ({ modelStats: (name === '' ? hosts : [findHost(name)]).map((host) => host.statistics()) })),
    repositoryIndex: answering(({ ready }) => ({ models: hosts.filter((host) => !ready || isReady(host)).map(indexEntry) })),
    repositoryModelLoad: acting(async (name) => findHost(name).loaded.load()),
    repositoryModelUnload: acting(async (name) => findHost(name).loaded.unload()),
    modelInfer: (call, done) => void inferOnce(findHost, { call, done }),
    modelStreamInfer: (call) => handleStream(call, findHost),
  };
}

/** A unary handler from a function whose throws become statuses. */
function answering<Request, Reply>(answer: (request: Request) => Reply): handleUnaryCall<Request, Reply> {
  return (call, done) => {
    try {
      done(null, answer(call.request));
    } catch (cause) {
      done(failureOf(cause));
    }
  };
}

/** A handler that does something to a model; it takes as long as that takes. */
function acting(act: (name: string) => Promise<void>): handleUnaryCall<{ readonly modelName: string }, object> {
  const perform = async (name: string, done: sendUnaryData<object>) => {
    try {
      await act(name);
      done(null, {});
    } catch (cause) {
      done(failureOf(cause));
    }
  };
  return (call, done) => void perform(call.request.modelName, done);
}

function tensorMetadata({ name, datatype, shape }: TensorContract) {
  return { name, datatype, shape: [...shape] };
}

function indexEntry({ loaded: { role, current, loadFault } }: ModelHost) {
  const state = current.state();
  const note = `engine ${current.engine}: ${current.note}`;
  const entry = { name: role, version: '1', state: state.kind === 'ready' ? 'READY' : 'UNAVAILABLE' };
  if (state.kind !== 'ready') return { ...entry, reason: `${state.reason} (${note})` };
  return { ...entry, reason: loadFault === null ? note : `${note}; a newer one did not load: ${loadFault}` };
}

interface UnaryInfer {
  readonly call: ServerUnaryCall<ModelInferRequest, ModelInferResponse>;
  readonly done: sendUnaryData<ModelInferResponse>;
}

async function inferOnce(findHost: (name: string) => ModelHost, { call, done }: UnaryInfer): Promise<void> {
  const controller = new AbortController();
  call.on('cancelled', () => controller.abort());
  const { modelName: name, id } = call.request;
  try {
    const host = findHost(name);
    if (host.loaded.current.contract.call === 'ModelStreamInfer') {
      throw new RequestRefused('unimplemented', `${name} answers in many parts: ask it by ModelStreamInfer`);
    }
    let answer: readonly Tensor[] | null = null;
    // Read to its end, not left at its first part: whoever leaves is counted as having left.
    for await (const outputs of host.answer(call.request, controller.signal)) answer ??= outputs;
    if (answer === null) done({ code: status.INTERNAL, details: `${name} gave no answer` });
    else done(null, toWireReply({ model: name, version: '1', id, outputs: answer, parameters: {} }));
  } catch (cause) {
    done(failureOf(cause));
  }
}
