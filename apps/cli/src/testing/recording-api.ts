// A server that writes down what it is asked and answers what a test gave it.
import { createServer } from 'node:http';
import type { IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';

/** A request as it came: method and path with query, the key, the body. */
export type Asked = { readonly line: string; readonly key: string | undefined; readonly body: unknown };
/** What is answered; a string body goes as it is. */
export type Given = { readonly status?: number; readonly body?: unknown; readonly headers?: Readonly<Record<string, string>> };
export type RecordingApi = AsyncDisposable & { readonly url: string; readonly asked: Asked[]; readonly lines: () => readonly string[] };

/** A form is kept as it came. */
function bodyOf({ headers }: IncomingMessage, text: string): unknown {
  if (text === '') return undefined;
  return headers['content-type']?.startsWith('multipart/') ? text : JSON.parse(text);
}

/** Serves `answers` in order, the last one for ever. */
export async function openRecordingApi(...answers: readonly Given[]): Promise<RecordingApi> {
  const asked: Asked[] = [];
  const server = createServer((request, response) => {
    const pieces: Buffer[] = [];
    request.on('data', (piece: Buffer) => pieces.push(piece));
    request.on('end', () => {
      const text = Buffer.concat(pieces).toString();
      const key = request.headers['x-admin-key'];
      const { status = 200, body, headers } = answers[Math.min(asked.length, answers.length - 1)] ?? {};
      asked.push({ line: `${request.method} ${request.url}`, key: key?.toString(), body: bodyOf(request, text) });
      response.writeHead(status, { 'content-type': 'application/json', ...headers });
      response.end(body === undefined || typeof body === 'string' ? body : JSON.stringify(body));
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    asked,
    lines: () => asked.map(({ line }) => line),
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
