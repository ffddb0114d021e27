/** An Asterisk for this package's tests: answers REST by HTTP and by socket on loopback, and can be told to misbehave. */
import { type IncomingMessage, type ServerResponse, createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type WebSocket, WebSocketServer } from 'ws';

export interface SeenRequest {
  readonly transport: 'websocket' | 'http';
  readonly method: string;
  readonly uri: string;
  readonly body: string;
}

type Answer = { readonly status: number; readonly body: string } | 'silence' | 'cut';

export interface StandInServer extends AsyncDisposable {
  readonly url: string;
  readonly port: number;
  readonly requests: SeenRequest[];
  /** Open event sockets, oldest first. */
  readonly sockets: Set<WebSocket>;
  readonly application: string | null;
  /** Sends one text message on every event socket. */
  say(text: string): void;
  event(type: string, fields: object): void;
}

export interface StandInOptions {
  readonly port?: number;
  readonly answersOnSocket?: boolean;
  readonly answersPings?: boolean;
  readonly password?: string;
  readonly answer?: (request: SeenRequest) => Answer;
}

export async function openStandIn(options: StandInOptions = {}): Promise<StandInServer> {
  const requests: SeenRequest[] = [];
  const answer = (request: SeenRequest): Answer => {
    requests.push(request);
    return options.answer?.(request) ?? { status: 200, body: '{"ping":"pong"}' };
  };
  let application: string | null = null;
  const authorization = `Basic ${Buffer.from(`user:${options.password ?? 'secret'}`).toString('base64')}`;
  const http = createServer((request, response) => {
    if (request.headers.authorization === authorization) void answerHttp(request, response, answer);
    else response.writeHead(401).end();
  });
  const sockets = new Set<WebSocket>();
  const server = new WebSocketServer({ server: http, autoPong: options.answersPings ?? true });
  server.on('connection', (socket, request) => {
    application = new URL(request.url ?? '/', 'http://localhost').searchParams.get('app');
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
    socket.on('message', (data: Buffer) => {
      if (options.answersOnSocket !== false) answerSocket(socket, JSON.parse(data.toString()) as Record<string, string>, answer);
    });
  });
  await new Promise<void>((resolve) => http.listen(options.port ?? 0, '127.0.0.1', resolve));
  const { port } = http.address() as AddressInfo;
  const say = (text: string): void => sockets.forEach((socket) => socket.send(text));
  return {
    url: `http://127.0.0.1:${port}`,
    port,
    requests,
    sockets,
    get application() {
      return application;
    },
    say,
    event: (type, fields) => say(JSON.stringify({ type, application: 'app', timestamp: '2026-01-01T00:00:00Z', ...fields })),
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.terminate();
      http.closeAllConnections();
      await new Promise((resolve) => http.close(resolve));
    },
  };
}

async function answerHttp(request: IncomingMessage, response: ServerResponse, answer: (request: SeenRequest) => Answer): Promise<void> {
  const body = (await request.setEncoding('utf8').toArray()).join('');
  const uri = (request.url ?? '').replace(/^\/ari\//, '');
  const given = answer({ transport: 'http', method: request.method ?? '', uri, body });
  if (given === 'cut') request.socket.destroy();
  else if (given !== 'silence') response.writeHead(given.status).end(given.body);
}

function answerSocket(socket: WebSocket, request: Record<string, string>, answer: (request: SeenRequest) => Answer): void {
  const { method = '', uri = '', message_body: body = '', request_id: requestId } = request;
  const given = answer({ transport: 'websocket', method, uri, body });
  if (given === 'cut') socket.terminate();
  else if (given !== 'silence') {
    const { status, body: text } = given;
    socket.send(
      JSON.stringify({ type: 'RESTResponse', request_id: requestId, status_code: status, reason_phrase: 'as told', message_body: text }),
    );
  }
}
