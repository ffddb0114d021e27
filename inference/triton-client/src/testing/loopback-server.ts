// A real gRPC server on loopback that answers as its test says: what the client meets is the protocol, not a double of it.
import { Server, ServerCredentials } from '@grpc/grpc-js';
import { GRPCInferenceServiceService, type GRPCInferenceServiceServer } from '#generated/kserve-v2.ts';

/** A listening server; dispose cuts every connection. */
export interface LoopbackServer extends AsyncDisposable {
  readonly url: string;
  /** Cuts every connection now, as a crash would. */
  crash(): void;
}

/** Serves the given methods on a free port; the others answer UNIMPLEMENTED. */
export async function openLoopbackServer(handlers: Partial<GRPCInferenceServiceServer>): Promise<LoopbackServer> {
  const server = new Server({ 'grpc.max_send_message_length': -1 });
  server.addService(GRPCInferenceServiceService, handlers as GRPCInferenceServiceServer);
  const port = await new Promise<number>((resolve, reject) => {
    server.bindAsync('127.0.0.1:0', ServerCredentials.createInsecure(), (error, bound) =>
      error === null ? resolve(bound) : reject(error),
    );
  });
  return {
    url: `127.0.0.1:${port}`,
    crash: () => server.forceShutdown(),
    [Symbol.asyncDispose]: async () => server.forceShutdown(),
  };
}
