// The door of this package: one client, one channel to one inference server that speaks KServe v2 over gRPC.
import {
  credentials as grpcCredentials,
  Metadata,
  type CallOptions,
  type ChannelCredentials,
  type ClientUnaryCall,
  type ServiceError,
} from '@grpc/grpc-js';
import {
  GRPCInferenceServiceClient,
  type ModelMetadataResponse,
  type ModelStatistics,
  type ModelStatisticsResponse,
  type RepositoryIndexResponse,
  type RepositoryIndexResponse_ModelIndex,
} from './generated/kserve-v2.ts';
import { fromWireReply, toWireRequest, type InferReply, type InferRequest } from './infer-message.ts';
import { streamCall } from './stream-call.ts';
import { deadlineAt, unaryCall, type CallLimits } from './unary-call.ts';

export type { InferReply, InferRequest, ParameterValue } from './infer-message.ts';
export { findTensor, textsOf, textTensor, type Datatype, type Tensor, type TensorOf } from './tensor.ts';
export { TritonError, type TritonErrorKind } from './triton-error.ts';
export type { CallLimits } from './unary-call.ts';

/** Where the server is and how patient the client is with it. */
export interface TritonClientOptions {
  /** `host:port` of the gRPC endpoint; a `grpc://` or `http://` prefix is accepted and dropped. */
  readonly url: string;
  /** Default deadline of unary calls. */
  readonly unaryDeadlineMs?: number;
  /** Default deadline of a whole stream: gRPC counts from its opening, not from its last reply. */
  readonly streamDeadlineMs?: number;
  /** Headers of every call, such as `triton-grpc-protocol-<key>`. */
  readonly headers?: Readonly<Record<string, string>>;
  /** Transport security; absent: plain text, for a server on the same machine. */
  readonly credentials?: ChannelCredentials;
}

/** Requests to one server. Every method throws {@link TritonError}; dispose closes the channel and fails what is in flight. */
export interface TritonClient extends AsyncDisposable {
  serverLive(limits?: CallLimits): Promise<boolean>;
  serverReady(limits?: CallLimits): Promise<boolean>;
  modelReady(model: string, limits?: CallLimits): Promise<boolean>;
  modelMetadata(model: string, limits?: CallLimits): Promise<ModelMetadataResponse>;
  /** One question, one answer. */
  infer(request: InferRequest, limits?: CallLimits): Promise<InferReply>;
  /** Replies as the model makes them, one stream for this request alone. Nothing is sent before the first `next()`. */
  streamInfer(request: InferRequest, limits?: CallLimits): AsyncGenerator<InferReply, void, undefined>;
  repositoryIndex(limits?: CallLimits): Promise<readonly RepositoryIndexResponse_ModelIndex[]>;
  /** Loads the model anew: where it serves already, the old one goes on until the new one can. Its deadline is the stream's: weights take long. */
  loadModel(model: string, limits?: CallLimits): Promise<void>;
  /** Takes the model out of service; what runs is finished. */
  unloadModel(model: string, limits?: CallLimits): Promise<void>;
  /** Statistics of one model, or of all when `model` is empty. */
  modelStatistics(model: string, limits?: CallLimits): Promise<readonly ModelStatistics[]>;
}

/** Used where options say nothing. */
export const tritonClientDefaults = { unaryDeadlineMs: 10_000, streamDeadlineMs: 120_000 } as const;

const channelOptions = {
  // A 43.7 s clip of 24 kHz FP32 is 4 MiB and framing: just over the library's default of 4 MiB.
  'grpc.max_receive_message_length': 64 * 1024 * 1024,
  'grpc.max_send_message_length': 64 * 1024 * 1024,
  // Without it all channels to one target share a connection, and a long voice reply delays the language model's text.
  'grpc.use_local_subchannel_pool': 1,
  // Triton answers GOAWAY to pings more often than every 300 s on an idle connection.
  'grpc.keepalive_time_ms': 300_000,
  'grpc.keepalive_timeout_ms': 20_000,
  // Models are on this box or beside it; a proxy for the way out to the internet would swallow the calls.
  'grpc.enable_http_proxy': 0,
  // A restarted server is found again within 2 s; the library's default waits up to 120 s.
  'grpc.initial_reconnect_backoff_ms': 100,
  'grpc.max_reconnect_backoff_ms': 2_000,
  // The default of 64 kB is shared by all calls of a role: two seconds of sound of one reply would hold up everybody else's.
  'grpc-node.flow_control_window': 4 * 1024 * 1024,
};

type Callback<Reply> = (error: ServiceError | null, reply: Reply) => void;
type Unary = <Reply>(
  start: (callOptions: Partial<CallOptions>, done: Callback<Reply>) => ClientUnaryCall,
  limits: CallLimits,
  model?: string,
) => Promise<Reply>;
type RepositoryParts = {
  readonly stub: InstanceType<typeof GRPCInferenceServiceClient>;
  readonly metadata: Metadata;
  readonly unary: Unary;
  readonly streamDeadlineMs: number;
};

/** Opens a channel. It connects on first use, so a server that is not up yet is no error here. */
export function openTritonClient(options: TritonClientOptions): TritonClient {
  const target = options.url.replace(/^(grpc|http):\/\//, '');
  const stub = new GRPCInferenceServiceClient(target, options.credentials ?? grpcCredentials.createInsecure(), channelOptions);
  const metadata = new Metadata();
  for (const [name, value] of Object.entries(options.headers ?? {})) metadata.set(name, value);
  // One request per stream, so its first error may end it: then it comes with its gRPC code instead of as bare text.
  const streamMetadata = metadata.clone();
  streamMetadata.set('triton_grpc_error', 'true');
  const unaryDeadlineMs = options.unaryDeadlineMs ?? tritonClientDefaults.unaryDeadlineMs;
  const streamDeadlineMs = options.streamDeadlineMs ?? tritonClientDefaults.streamDeadlineMs;
  const unary: Unary = (start, limits, model) =>
    unaryCall(start, {
      deadlineMs: limits.deadlineMs ?? unaryDeadlineMs,
      signal: limits.signal,
      ...(model === undefined ? {} : { model }),
    });

  return {
    serverLive: async (limits = {}) =>
      (await unary((o, done: Callback<{ live: boolean }>) => stub.serverLive({}, metadata, o, done), limits)).live,
    serverReady: async (limits = {}) =>
      (await unary((o, done: Callback<{ ready: boolean }>) => stub.serverReady({}, metadata, o, done), limits)).ready,
    modelReady: async (name, limits = {}) =>
      (await unary((o, done: Callback<{ ready: boolean }>) => stub.modelReady({ name, version: '' }, metadata, o, done), limits, name))
        .ready,
    modelMetadata: (name, limits = {}) => unary((o, done) => stub.modelMetadata({ name, version: '' }, metadata, o, done), limits, name),
    infer: async (request, limits = {}) =>
      fromWireReply(await unary((o, done) => stub.modelInfer(toWireRequest(request), metadata, o, done), limits, request.model)),
    streamInfer: (request, limits = {}) => {
      const open = () => stub.modelStreamInfer(streamMetadata, { deadline: deadlineAt(limits.deadlineMs ?? streamDeadlineMs) });
      return streamCall(open, request, limits.signal);
    },
    ...repositoryCalls({ stub, metadata, unary, streamDeadlineMs }),
    [Symbol.asyncDispose]: async () => stub.close(),
  };
}

/** What concerns the server's list of models. */
function repositoryCalls({
  stub,
  metadata,
  unary,
  streamDeadlineMs,
}: RepositoryParts): Pick<TritonClient, 'repositoryIndex' | 'modelStatistics' | 'loadModel' | 'unloadModel'> {
  return {
    repositoryIndex: async (limits = {}) =>
      (
        await unary(
          (o, done: Callback<RepositoryIndexResponse>) => stub.repositoryIndex({ repositoryName: '', ready: false }, metadata, o, done),
          limits,
        )
      ).models,
    modelStatistics: async (name, limits = {}) =>
      (
        await unary(
          (o, done: Callback<ModelStatisticsResponse>) => stub.modelStatistics({ name, version: '' }, metadata, o, done),
          limits,
          name,
        )
      ).modelStats,
    loadModel: async (modelName, limits = {}) => {
      const load = { repositoryName: '', modelName };
      const patience = { deadlineMs: streamDeadlineMs, ...limits };
      await unary((o, done: Callback<object>) => stub.repositoryModelLoad(load, metadata, o, done), patience, modelName);
    },
    unloadModel: async (modelName, limits = {}) => {
      const unload = { repositoryName: '', modelName };
      await unary((o, done: Callback<object>) => stub.repositoryModelUnload(unload, metadata, o, done), limits, modelName);
    },
  };
}
