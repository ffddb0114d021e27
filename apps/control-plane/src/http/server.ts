// The HTTP server: listens, answers what is no HTTP with a problem, and when told to close lets requests end.
import { createServer, STATUS_CODES } from 'node:http';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';
import { getRequestListener } from '@hono/node-server';
import type { Log } from '#shared/log.ts';
import { ProblemError, renderProblem } from './problem.ts';

/** Slow clients are cut off: headers within 5 s, a whole request within 30 s; a connection may be idle for 60 s. */
const HEADERS_TIMEOUT_MS = 5_000;
const REQUEST_TIMEOUT_MS = 30_000;
const IDLE_TIMEOUT_MS = 60_000;
/** How often the two limits are looked at; Node's own 30 s would make the first one meaningless. */
const LIMIT_CHECK_MS = 1_000;
/** Connections at once: many times what clients behind a proxy keep, and far from the 20,000 files that the process may open. One more is closed at once. */
const MAX_CONNECTIONS = 4_000;
/** Requests that still run when the server closes get this long. */
const CLOSE_MS = 5_000;

/** What the application finds in a request's environment: Node's own objects, for the address of the client. */
export type HttpBindings = { readonly incoming: IncomingMessage; readonly outgoing: ServerResponse };

/** What is served, and where. Port 0 takes a free one. */
export type HttpServerOptions = {
  readonly app: { readonly fetch: (request: Request, bindings?: HttpBindings) => Response | Promise<Response> };
  readonly host: string;
  readonly port: number;
  /** Default 4,000. */
  readonly maxConnections?: number;
  /** Told of connections that were closed because no whole request came; default: nobody is. */
  readonly log?: Log;
};

/** A server that listens. */
export type HttpServer = AsyncDisposable & {
  /** Where it listens, such as `http://127.0.0.1:8080`; the port is the real one also when 0 was asked for. */
  readonly address: string;
};

/** Listens on `host`:`port`. Throws, naming both, when the port is taken. */
export async function openHttpServer(options: HttpServerOptions): Promise<HttpServer> {
  const { app, host, port, maxConnections = MAX_CONNECTIONS } = options;
  const listener = getRequestListener((request, bindings) => app.fetch(request, bindings as HttpBindings), {
    errorHandler: (error) => refuseRequest(error),
  });
  const server = createServer(
    {
      headersTimeout: HEADERS_TIMEOUT_MS,
      requestTimeout: REQUEST_TIMEOUT_MS,
      keepAliveTimeout: IDLE_TIMEOUT_MS,
      connectionsCheckingInterval: LIMIT_CHECK_MS,
      // Node would answer without a body; the listener refuses such a request with a problem.
      requireHostHeader: false,
    },
    (incoming, outgoing) => void listener(incoming, outgoing),
  );
  server.maxConnections = maxConnections;
  const countLate = lateConnections(options.log);
  server.on('clientError', (error: ParserError, socket) => {
    if (error.code === 'ERR_HTTP_REQUEST_TIMEOUT') countLate();
    endWithProblem(socket, problemOf(error), isHead(error));
  });
  server.on('connect', (_request, socket: Duplex) => endWithProblem(socket, new ProblemError('method_not_allowed', 'this is no proxy')));
  // The only expectation there is, 100-continue, is Node's; others are no reason to refuse.
  server.on('checkExpectation', (incoming, outgoing) => void listener(incoming, outgoing));
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

/** Of all that one look at the limits closes there is one line: an attack with thousands of them must not fill the log. */
function lateConnections(log: Log | undefined): () => void {
  let connections = 0;
  return () => {
    connections += 1;
    if (connections > 1) return;
    const say = (): void => {
      log?.warn({ connections }, 'connections were closed that sent no whole request in time');
      connections = 0;
    };
    setImmediate(say);
  };
}

/** A request whose target or Host makes no URL never reaches the application; neither does what is thrown and no Error. */
function refuseRequest(error: unknown): Response {
  const isClients = error instanceof Error && error.name === 'RequestError';
  const problem = isClients
    ? new ProblemError('invalid_request', `the request makes no URL: ${error.message}`)
    : new ProblemError('internal_error', 'the request failed');
  const { status, text } = renderProblem(problem);
  return new Response(text, { status, headers: { 'content-type': 'application/problem+json', 'cache-control': 'no-store' } });
}

/** `rawPacket`: the bytes that the parser stopped in. */
type ParserError = NodeJS.ErrnoException & { readonly rawPacket?: Buffer };

/** Whether it was a HEAD, as far as its start is in the bytes that the parser stopped in: a body after its answer breaks the client's parser. */
function isHead({ rawPacket }: ParserError): boolean {
  return rawPacket?.subarray(0, 5).toString('latin1') === 'HEAD ';
}

/** What Node's parser and its limits say of a connection. */
function problemOf({ code }: NodeJS.ErrnoException): ProblemError {
  if (code === 'ERR_HTTP_REQUEST_TIMEOUT') return new ProblemError('request_timeout', 'headers or body did not arrive in time');
  if (code === 'HPE_HEADER_OVERFLOW') return new ProblemError('headers_too_large', 'target and headers together may have 16 kB');
  return new ProblemError('invalid_request', 'this is no HTTP/1.1 request');
}

function endWithProblem(socket: Duplex, problem: ProblemError, withoutBody = false): void {
  // Whoever reset the connection hears nothing any more.
  if (!socket.writable) return void socket.destroy();
  const { status, text } = renderProblem(problem);
  const head = [
    'content-type: application/problem+json',
    `content-length: ${Buffer.byteLength(text)}`,
    'cache-control: no-store',
    'connection: close',
  ];
  socket.end(`HTTP/1.1 ${status} ${STATUS_CODES[status] ?? ''}\r\n${head.join('\r\n')}\r\n\r\n${withoutBody ? '' : text}`);
}
