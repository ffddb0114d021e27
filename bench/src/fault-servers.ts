/** Servers of others, as bad as a trial wants them: an organization's own system behind a tool, and the administrator's receiver of alerts. */
import { createServer } from 'node:http';
import type { IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';

/** How it answers: with this status, or not at all. */
export type ServerMood = number | 'hang';

export type FaultServer = AsyncDisposable & {
  readonly url: string;
  mood: ServerMood;
  /** Requests whose body arrived whole, since the last `forget`. */
  readonly requests: { readonly path: string; readonly body: string; readonly headers: IncomingMessage['headers'] }[];
};

/** Opens one on the loopback. Requests that hang are cut when it is closed. */
export async function openFaultServer(answer: string): Promise<FaultServer> {
  const requests: FaultServer['requests'] = [];
  const state: { mood: ServerMood } = { mood: 200 };
  const server = createServer((request, response) => {
    let body = '';
    request.setEncoding('utf8').on('data', (text: string) => (body += text));
    request.on('end', () => {
      requests.push({ path: request.url ?? '', body, headers: request.headers });
      if (state.mood !== 'hang') response.writeHead(state.mood, { 'content-type': 'text/plain' }).end(answer);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    get mood() {
      return state.mood;
    },
    set mood(mood) {
      state.mood = mood;
    },
    requests,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise<void>((resolve) => server.close(() => resolve()));
    },
  };
}
