// The listening gRPC socket and its orderly end.
import { Server, ServerCredentials } from '@grpc/grpc-js';
import { GRPCInferenceServiceService, type GRPCInferenceServiceServer } from 'triton-client-grpc-generated/generated/kserve-v2.ts';

// Long enough for a sentence being spoken to end, short enough for a supervisor that kills after 10 s.
const DRAIN_MS = 5_000;

/** A listening endpoint; dispose lets calls in flight end, then cuts what is left after {@link DRAIN_MS}. */
export interface GrpcEndpoint extends AsyncDisposable {
  readonly port: number;
}

export async function openGrpcEndpoint(
  service: GRPCInferenceServiceServer,
  address: { readonly host: string; readonly port: number },
): Promise<GrpcEndpoint> {
  const server = new Server({
    // As the client's: what is beyond a contract is refused by tensor and limit, and only what is far beyond is not even read.
    'grpc.max_receive_message_length': 64 * 1024 * 1024,
    'grpc.max_send_message_length': 64 * 1024 * 1024,
  });
  server.addService(GRPCInferenceServiceService, service);
  const target = `${address.host.includes(':') ? `[${address.host}]` : address.host}:${address.port}`;
  const port = await new Promise<number>((resolve, reject) => {
    server.bindAsync(target, ServerCredentials.createInsecure(), (error, bound) => {
      if (error === null) resolve(bound);
      else reject(new Error(`cannot listen on ${target} (CPU_SERVER_HOST, CPU_SERVER_PORT)`, { cause: error }));
    });
  });
  return {
    port,
    [Symbol.asyncDispose]: () =>
      new Promise<void>((resolve) => {
        const timer = setTimeout(() => server.forceShutdown(), DRAIN_MS);
        server.tryShutdown(() => {
          clearTimeout(timer);
          resolve();
        });
      }),
  };
}
