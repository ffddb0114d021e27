/**
 * Asks an HTTP server from many connections at once, each its next question when the last was answered. Written on bare sockets: on two cores the
 * asker takes its CPU from the server that it measures, and a general client (fetch, undici, autocannon) takes several times as much.
 */
import { connect } from 'node:net';
import type { Socket } from 'node:net';
import { once } from 'node:events';

export type HttpLoadOptions = {
  readonly host: string;
  readonly port: number;
  readonly connections: number;
  readonly durationMs: number;
  /** What is asked; each connection draws at random. An answer is good when it is 200 and its body holds `expects`. */
  readonly questions: readonly { readonly path: string; readonly authorization: string; readonly expects: string }[];
};

/** What came back. */
export type HttpLoadResult = {
  readonly answered: number;
  /** Answers that were not 200, or not what was asked for. */
  readonly wrong: number;
  /** The first wrong answer, in its own words. */
  readonly firstWrong: string | null;
  readonly durationMs: number;
  /** From the question's last byte written to the answer's last byte read, of each answer. */
  readonly latenciesMs: readonly number[];
};

const HEADERS_END = Buffer.from('\r\n\r\n');

/** Asks for the given time. Rejects when a connection breaks or an answer has no length. */
export async function loadHttp(options: HttpLoadOptions): Promise<HttpLoadResult> {
  const startedAtMs = performance.now();
  const until = startedAtMs + options.durationMs;
  const tally = { answered: 0, wrong: 0, firstWrong: null as string | null, latenciesMs: [] as number[] };
  await Promise.all(Array.from({ length: options.connections }, () => askInTurn(options, { until, tally })));
  return { ...tally, durationMs: performance.now() - startedAtMs };
}

type Tally = { answered: number; wrong: number; firstWrong: string | null; latenciesMs: number[] };

async function askInTurn({ host, port, questions }: HttpLoadOptions, { until, tally }: { until: number; tally: Tally }): Promise<void> {
  const requests = questions.map(({ path, authorization, expects }) => ({
    bytes: Buffer.from(`GET ${path} HTTP/1.1\r\nhost: ${host}:${port}\r\nauthorization: ${authorization}\r\n\r\n`),
    expects,
  }));
  const socket = connect({ host, port, noDelay: true });
  await once(socket, 'connect');
  const answers = readAnswers(socket);
  while (performance.now() < until) {
    const request = requests[Math.floor(Math.random() * requests.length)];
    if (!request) throw new Error('there is nothing to ask');
    const askedAtMs = performance.now();
    socket.write(request.bytes);
    const answer = await answers.next();
    tally.latenciesMs.push(performance.now() - askedAtMs);
    tally.answered++;
    // The status stands behind "HTTP/1.1 ".
    if (answer.toString('latin1', 9, 12) !== '200' || !answer.includes(request.expects)) {
      tally.wrong++;
      tally.firstWrong ??= answer.toString();
    }
  }
  socket.destroy();
}

/** Answers of one connection, whole, in their order. */
function readAnswers(socket: Socket): { next(): Promise<Buffer> } {
  let received: Buffer = Buffer.alloc(0);
  let waiting: PromiseWithResolvers<Buffer> | null = null;
  const fail = (error: Error): void => waiting?.reject(error);
  socket.on('error', fail).on('close', () => fail(new Error('the server closed the connection')));
  socket.on('data', (chunk: Buffer) => {
    received = received.length === 0 ? chunk : Buffer.concat([received, chunk]);
    const headersEnd = received.indexOf(HEADERS_END);
    if (headersEnd === -1) return;
    const length = /\r\ncontent-length: *(\d+)/i.exec(received.toString('latin1', 0, headersEnd))?.[1];
    if (length === undefined) return fail(new Error(`an answer without content-length: ${received.toString('latin1', 0, headersEnd)}`));
    const end = headersEnd + HEADERS_END.length + Number(length);
    if (received.length < end) return;
    const answer = received.subarray(0, end);
    received = received.subarray(end);
    waiting?.resolve(answer);
  });
  return {
    next() {
      waiting = Promise.withResolvers<Buffer>();
      return waiting.promise;
    },
  };
}
