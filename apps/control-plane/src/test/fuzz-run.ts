// Sends made-up requests to a server over real sockets and judges every answer.
import { Agent, request as sendRequest } from 'node:http';
import { parseJson } from '#shared/json-text.ts';
import type { ApiDescription } from './api-operations.ts';
import type { FuzzAnswer, FuzzFinding } from './fuzz-judge.ts';
import { judgeAnswer } from './fuzz-judge.ts';
import type { FuzzRequest } from './fuzz-requests.ts';
import { createRequestMaker } from './fuzz-requests.ts';
import type { FuzzWorld } from './fuzz-world.ts';
import { createChoices } from './seeded-random.ts';

/** An answer that takes longer is a hang. */
const ANSWER_LIMIT_MS = 10_000;
/** Requests under way at once. */
const IN_FLIGHT = 16;

/** What came of a run. */
export type FuzzOutcome = {
  readonly requests: number;
  readonly findings: readonly FuzzFinding[];
  /** Operation -> status -> answers. */
  readonly statuses: ReadonlyMap<string, ReadonlyMap<number, number>>;
  /** Operation -> time of its answers together, ms. */
  readonly spentMs: ReadonlyMap<string, number>;
};

export type FuzzOptions = {
  /** Such as `http://127.0.0.1:8080`. */
  readonly url: string;
  readonly api: ApiDescription;
  readonly world: FuzzWorld;
  readonly random: () => number;
  readonly requests: number;
  readonly signal?: AbortSignal;
};

export async function runFuzz({ url, api, world, random, requests, signal }: FuzzOptions): Promise<FuzzOutcome> {
  const makeRequest = createRequestMaker({ api, world, choices: createChoices(random) });
  const agent = new Agent({ keepAlive: true, maxSockets: Infinity });
  const findings: FuzzFinding[] = [];
  const statuses = new Map<string, Map<number, number>>();
  const spentMs = new Map<string, number>();
  let made = 0;
  const work = async (): Promise<void> => {
    while (made < requests) {
      signal?.throwIfAborted();
      made += 1;
      const request = makeRequest();
      const { key } = request.operation;
      const startedAtMs = performance.now();
      const answer = await send(url, agent, request);
      spentMs.set(key, (spentMs.get(key) ?? 0) + performance.now() - startedAtMs);
      const finding = judgeAnswer(request, answer);
      if (finding) findings.push(finding);
      const counts = statuses.get(key) ?? new Map<number, number>();
      statuses.set(key, counts.set(answer?.status ?? 0, (counts.get(answer?.status ?? 0) ?? 0) + 1));
      if (answer && answer.status < 300 && request.method === request.operation.method)
        world.learn(request.operation, parseJson(answer.text));
    }
  };
  try {
    await Promise.all(Array.from({ length: IN_FLIGHT }, work));
  } finally {
    agent.destroy();
  }
  return { requests: made, findings, statuses, spentMs };
}

/** Operations that never once did what they are there for: what is behind their checks was not reached. */
export function neverDone({ operations }: ApiDescription, { statuses }: FuzzOutcome): string[] {
  return operations
    .map(({ key }) => key)
    .filter((key) => ![...(statuses.get(key)?.keys() ?? [])].some((status) => status >= 200 && status < 400));
}

/** Sends the request; null when no answer comes in time or the connection ends without one. */
async function send(url: string, agent: Agent, request: FuzzRequest): Promise<FuzzAnswer> {
  for (;;) {
    const outcome = await sendOnce(url, agent, request);
    // A kept connection may be closed at the moment in which it is used again: every client sends anew then.
    if (outcome !== 'stale connection') return outcome;
  }
}

/** Sends the target as it is: other clients tidy up paths before they send them. */
function sendOnce(url: string, agent: Agent, { method, target, headers, body }: FuzzRequest): Promise<FuzzAnswer | 'stale connection'> {
  const { promise, resolve } = Promise.withResolvers<FuzzAnswer | 'stale connection'>();
  const length = body === null ? {} : { 'content-length': String(Buffer.byteLength(body)) };
  const outgoing = sendRequest(url, { agent, method, path: target, headers: { ...headers, ...length } });
  const timer = setTimeout(() => {
    resolve(null);
    outgoing.destroy();
  }, ANSWER_LIMIT_MS);
  const settle = (answer: FuzzAnswer | 'stale connection'): void => {
    clearTimeout(timer);
    resolve(answer);
  };
  outgoing.once('response', (incoming) => {
    let text = '';
    incoming.setEncoding('utf8').on('data', (part: string) => {
      text += part;
    });
    incoming.once('end', () => settle({ status: incoming.statusCode ?? 0, contentType: incoming.headers['content-type'] ?? '', text }));
    incoming.once('error', () => settle(null));
  });
  outgoing.once('error', () => settle(outgoing.reusedSocket ? 'stale connection' : null));
  outgoing.end(body ?? undefined);
  return promise;
}
