// The HTTP server: listens, and when told to close lets requests end.
import type { Server } from 'node:http';
import { createAdaptorServer } from '@hono/node-server';

/** Slow clients are cut off: headers within 10 s, a whole request within 30 s. */
const HEADERS_TIMEOUT_MS = 10_000;
const REQUEST_TIMEOUT_MS = 30_000;
/** Requests that still run when the server closes get this long. */
const CLOSE_MS = 5_000;

/** What is served, and where. Port 0 takes a free one. */
export type HttpServerOptions = {
  readonly app: { readonly fetch: (request: Request) => Response | Promise<Response> };
  readonly host: string;
  readonly port: number;
};

/** A server that listens. */
export type HttpServer = AsyncDisposable & {
  /** Where it listens, such as `http://127.0.0.1:8080`; the port is the real one also when 0 was asked for. */
  readonly address: string;
};

/** Listens on `host`:`port`. Throws, naming both, when the port is taken. */
export async function openHttpServer(options: HttpServerOptions): Promise<HttpServer> {
  const { app, host, port } = options;
  const server = createAdaptorServer({ fetch: (request) => app.fetch(request) }) as Server;
  server.headersTimeout = HEADERS_TIMEOUT_MS;
  server.requestTimeout = REQUEST_TIMEOUT_MS;
  const { promise: listening, resolve, reject } = Promise.withResolvers<void>();
  server.once('error', reject).listen(port, host, resolve);
  await listening.catch((cause: unknown) => {
    throw new Error(`cannot listen on ${host}:${port}; HTTP_HOST and HTTP_PORT choose another place`, { cause });
  });
  const bound = server.address();
  const boundPort = typeof bound === 'object' && bound ? bound.port : port;
  return {
    address: `http://${host.includes(':') ? `[${host}]` : host}:${boundPort}`,
    async [Symbol.asyncDispose]() {
      const closed = new Promise<void>((done) => void server.close(() => done()));
      server.closeIdleConnections();
      const cut = setTimeout(() => server.closeAllConnections(), CLOSE_MS);
      await closed;
      clearTimeout(cut);
    },
  };
}
