// The sockets of the stand-in for Asterisk: ARI by HTTP and by WebSocket with a password, media sockets without one.
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Duplex } from 'node:stream';
import { type WebSocket, WebSocketServer } from 'ws';
import { z } from 'zod';
import { MAX_MEDIA_BYTES } from './asterisk-stand-in-media.ts';
import type { StandInAnswer } from './asterisk-stand-in-rest.ts';

/** What the server serves. */
export type StandInServerOptions = {
  /** 0 takes a free one. */
  readonly port: number;
  readonly username: string;
  readonly password: string;
  /** `body` is the request's JSON, or undefined. */
  readonly answer: (method: string, uri: string, body: unknown) => StandInAnswer;
  /** A media socket connected; false refuses it (unknown or used connection id: 404). */
  readonly canAttach: (connectionId: string) => boolean;
  readonly attach: (connectionId: string, socket: WebSocket) => void;
};

/** The open server. */
export type StandInServer = AsyncDisposable & {
  readonly port: number;
  /** Whether anybody controls the calls. */
  readonly isControlled: boolean;
  /** Sends to whoever controls the calls; with two of them only the last one, as in Asterisk. */
  tell(text: string): void;
  /** Cuts the controlling connections as a network failure would. */
  cutControl(): void;
  readonly mediaSockets: ReadonlySet<WebSocket>;
};

const restRequest = z.object({
  type: z.literal('RESTRequest'),
  request_id: z.string(),
  method: z.string(),
  uri: z.string(),
  message_body: z.string().optional(),
});

/** Listens on loopback. */
export async function openStandInServer(options: StandInServerOptions): Promise<StandInServer> {
  const expected = `Basic ${Buffer.from(`${options.username}:${options.password}`).toString('base64')}`;
  const controls = new Set<WebSocket>();
  const mediaSockets = new Set<WebSocket>();
  const http = createServer((request, response) => void answerHttp(request, response, { expected, answer: options.answer }));
  const control = new WebSocketServer({ noServer: true });
  const media = new WebSocketServer({ noServer: true, maxPayload: MAX_MEDIA_BYTES });
  http.on('upgrade', (request, socket, head) => {
    const path = new URL(request.url ?? '/', 'http://localhost').pathname;
    const mediaId = /^\/media\/(?<id>[0-9a-f-]+)$/.exec(path)?.groups?.['id'];
    if (mediaId !== undefined && options.canAttach(mediaId)) {
      return media.handleUpgrade(request, socket, head, (opened) => {
        keep(mediaSockets, opened);
        options.attach(mediaId, opened);
      });
    }
    if (path !== '/ari/events') return refuse(socket, '404 Not Found');
    if (request.headers.authorization !== expected) return refuse(socket, '401 Unauthorized');
    return control.handleUpgrade(request, socket, head, (opened) => {
      keep(controls, opened);
      opened.on('message', (data: Buffer) => answerSocket(opened, data.toString('utf8'), options.answer));
    });
  });
  await new Promise<void>((resolve, reject) => http.once('error', reject).listen(options.port, '127.0.0.1', resolve));
  return {
    port: (http.address() as AddressInfo).port,
    get isControlled() {
      return controls.size > 0;
    },
    tell: (text) => [...controls].at(-1)?.send(text),
    cutControl: () => controls.forEach((socket) => socket.terminate()),
    mediaSockets,
    async [Symbol.asyncDispose]() {
      for (const socket of [...controls, ...mediaSockets]) socket.terminate();
      http.closeAllConnections();
      await new Promise((resolve) => http.close(resolve));
    },
  };
}

function keep(set: Set<WebSocket>, socket: WebSocket): void {
  set.add(socket);
  socket.on('close', () => set.delete(socket));
}

function refuse(socket: Duplex, status: string): void {
  socket.end(`HTTP/1.1 ${status}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n`);
}

type Http = { readonly expected: string; readonly answer: StandInServerOptions['answer'] };

async function answerHttp(request: IncomingMessage, response: ServerResponse, { expected, answer }: Http): Promise<void> {
  const text = (await request.setEncoding('utf8').toArray()).join('');
  if (request.headers.authorization !== expected) return void response.writeHead(401).end();
  const given = answer(request.method ?? '', (request.url ?? '').replace(/^\/ari\//, ''), toBody(text));
  return void response.writeHead(given.status, { 'content-type': 'application/json' }).end(given.body);
}

function answerSocket(socket: WebSocket, text: string, answer: StandInServerOptions['answer']): void {
  const request = restRequest.safeParse(JSON.parse(text)).data;
  if (request === undefined) return;
  const { status, body } = answer(request.method, request.uri, toBody(request.message_body));
  const answered = { type: 'RESTResponse', request_id: request.request_id, transaction_id: request.request_id, status_code: status };
  socket.send(JSON.stringify({ ...answered, reason_phrase: String(status), uri: request.uri, message_body: body }));
}

function toBody(text: string | undefined): unknown {
  return text === undefined || text === '' ? undefined : JSON.parse(text);
}
