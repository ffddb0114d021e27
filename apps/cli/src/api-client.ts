// The API over HTTP: one request, a list to its end, a download. What comes back is read loosely: the API may add fields.
import { createWriteStream } from 'node:fs';
import { rename, rm } from 'node:fs/promises';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { ReadableStream } from 'node:stream/web';
import { z } from 'zod';
import { CommandFailure } from './command-failure.ts';
import { parseJson } from './json-text.ts';

/** What came back: as it is, and read. A body of nothing reads as null. */
export type Answer = { readonly text: string; readonly body: unknown };
/** A row of a list. */
export type Row = Readonly<Record<string, unknown>>;
export type Query = Readonly<Record<string, string | number | undefined>>;
/** Rows of a list; the cursor is null when there are no more. */
export type Rows = { readonly rows: readonly Row[]; readonly nextCursor: string | null };
export type ListRequest = { readonly path: string; readonly plural: string; readonly query?: Query; readonly limit?: number | undefined };

export type ApiClient = {
  get(path: string, query?: Query): Promise<Answer>;
  /** A form goes as it is, any other body as JSON. */
  send(method: 'POST' | 'PUT' | 'PATCH' | 'DELETE', path: string, body?: unknown): Promise<Answer>;
  /** Follows the cursors until there are no more rows or `limit` are read. */
  list(request: ListRequest): Promise<Rows>;
  /** Writes the body of `path` into a file, whole or not at all. Returns its size. */
  download(path: string, file: string): Promise<number>;
};

/** How a client proves who it is, and what a person may do when the API does not believe it. */
export type Credential = { readonly headers: Readonly<Record<string, string>>; readonly hintAt401: string };
export type ApiClientOptions = { readonly url: string; readonly credential: Credential; readonly signal: AbortSignal };

type Init = {
  readonly method: string;
  readonly body?: string | FormData;
  readonly headers?: Readonly<Record<string, string>>;
  readonly timeoutMs: number;
};

const REQUEST_TIMEOUT_MS = 30_000;
/** A document of 25 MiB, which the API reads before it answers. */
const UPLOAD_TIMEOUT_MS = 90_000;
/** An organization's export with its recordings. */
const DOWNLOAD_TIMEOUT_MS = 3_600_000;
/** The most that the API gives at once. */
const PAGE_ROWS = 100;
/** Rows that are held in memory at most; more are asked for with filters. */
const LIST_LIMIT = 100_000;

const problemSchema = z.object({
  title: z.string(),
  detail: z.string().optional(),
  requestId: z.string().optional(),
  fields: z.array(z.object({ path: z.string(), message: z.string() })).default([]),
});

const LOG_IN_AGAIN = 'log in again with the key of now: centralita login';

/** The admin's. */
export function adminCredential(adminKey: string): Credential {
  return { headers: { 'x-admin-key': adminKey }, hintAt401: LOG_IN_AGAIN };
}

/** An organization's. */
export function tokenCredential(token: string): Credential {
  return { headers: { authorization: `Bearer ${token}` }, hintAt401: 'CENTRALITA_TOKEN is not a token that is good now' };
}

/** One request. Throws what to do about one that got no answer. */
export async function sendRequest({ url, credential, signal }: ApiClientOptions, path: string, init: Init): Promise<Response> {
  const { method, body = null, timeoutMs } = init;
  const signals = AbortSignal.any([signal, AbortSignal.timeout(timeoutMs)]);
  try {
    // A redirect would carry the key to wherever it points.
    const headers = { ...init.headers, ...credential.headers };
    return await fetch(url + path, { method, body, headers, redirect: 'error', signal: signals });
  } catch (error) {
    throw failureOf(error, { url, signal, timeoutMs });
  }
}

export function createApiClient(options: ApiClientOptions): ApiClient {
  const { url, credential } = options;

  async function ask(path: string, init: Init): Promise<Answer> {
    const response = await sendRequest(options, path, init);
    const text = await response.text().catch((error: unknown) => {
      throw failureOf(error, { ...options, timeoutMs: init.timeoutMs });
    });
    if (!response.ok) throw refused(response, text, credential.hintAt401);
    return { text, body: text === '' ? null : parseBody(url, text) };
  }

  const get: ApiClient['get'] = async (path, query = {}) =>
    await ask(path + queryText(query), { method: 'GET', timeoutMs: REQUEST_TIMEOUT_MS });
  return {
    get,
    send: async (method, path, body) => {
      if (body instanceof FormData) return await ask(path, { method, body, timeoutMs: UPLOAD_TIMEOUT_MS });
      const sent = body === undefined ? {} : { body: JSON.stringify(body), headers: { 'content-type': 'application/json' } };
      return await ask(path, { method, ...sent, timeoutMs: REQUEST_TIMEOUT_MS });
    },
    list: (wanted) => list(get, wanted),
    download: async (path, file) => {
      const response = await sendRequest(options, path, { method: 'GET', timeoutMs: DOWNLOAD_TIMEOUT_MS });
      if (!response.ok || !response.body) throw refused(response, await response.text(), credential.hintAt401);
      return await save(response.body as ReadableStream<Uint8Array>, file);
    },
  };
}

async function list(get: ApiClient['get'], { path, plural, query = {}, limit = LIST_LIMIT }: ListRequest): Promise<Rows> {
  const pageSchema = z.object({ [plural]: z.array(z.record(z.string(), z.unknown())), nextCursor: z.string().nullable() });
  const rows: Row[] = [];
  let cursor: string | null = null;
  do {
    const count = Math.min(PAGE_ROWS, limit - rows.length);
    const { body } = await get(path, { ...query, limit: count, cursor: cursor ?? undefined });
    const page = pageSchema.safeParse(body);
    if (!page.success) throw new CommandFailure(3, `${path} answers no list of ${plural}: is this address a Centralita of this release?`);
    rows.push(...(page.data[plural] as Row[]));
    cursor = page.data['nextCursor'] as string | null;
  } while (cursor !== null && rows.length < limit);
  return { rows, nextCursor: cursor };
}

async function save(body: ReadableStream<Uint8Array>, file: string): Promise<number> {
  const unfinished = `${file}.part`;
  const target = createWriteStream(unfinished, { mode: 0o600 });
  try {
    await pipeline(Readable.fromWeb(body), target);
    await rename(unfinished, file);
  } catch (cause) {
    await rm(unfinished, { force: true });
    throw new CommandFailure(3, `${file} could not be written to its end: ${reasonOf(cause)}`, { cause });
  }
  return target.bytesWritten;
}

/** What a problem of the API says, for a person. */
export function refused(response: Response, text: string, hintAt401 = LOG_IN_AGAIN): CommandFailure {
  const problem = problemSchema.safeParse(parseJson(text));
  if (!problem.success) {
    return new CommandFailure(3, `${response.url} answers ${response.status} and no problem of ours: is this address a Centralita?`);
  }
  const { title, detail, fields, requestId } = problem.data;
  const hint = response.status === 401 ? [`  ${hintAt401}`] : [];
  const lines = [
    `refused (${response.status}): ${detail ?? title}`,
    ...fields.map(({ path, message }) => `  ${path}: ${message}`),
    ...hint,
    ...(requestId === undefined ? [] : [`  requestId: ${requestId}`]),
  ];
  return new CommandFailure(1, lines.join('\n'));
}

type Asked = Pick<ApiClientOptions, 'url' | 'signal'> & { readonly timeoutMs: number };

/** What a request says that never got an answer, or not to its end. */
export function failureOf(error: unknown, { url, signal, timeoutMs }: Asked): CommandFailure {
  if (error instanceof CommandFailure) return error;
  if (signal.aborted) return new CommandFailure(1, 'interrupted');
  const isLate = error instanceof Error && error.name === 'TimeoutError';
  const lines = [
    `${url} cannot be reached: ${isLate ? `no answer within ${timeoutMs / 1_000} s` : reasonOf(error)}`,
    '  Does it run? On the appliance, ./provision.sh status says so.',
    '  Is it the right address? --url, CENTRALITA_URL or `centralita login` sets another.',
  ];
  return new CommandFailure(3, lines.join('\n'), { cause: error });
}

/** What is behind "fetch failed". */
function reasonOf(error: unknown): string {
  let reason = error;
  while (reason instanceof Error && reason.cause instanceof Error) reason = reason.cause;
  if (!(reason instanceof Error)) return String(reason);
  return reason.message || ('code' in reason ? String(reason.code) : reason.name);
}

function parseBody(url: string, text: string): unknown {
  const body = parseJson(text);
  if (body === null) throw new CommandFailure(3, `${url} answers something that is no JSON: is this address a Centralita?`);
  return body;
}

function queryText(query: Query): string {
  const given = Object.entries(query).flatMap(([key, value]): [string, string][] => (value === undefined ? [] : [[key, String(value)]]));
  return given.length === 0 ? '' : `?${new URLSearchParams(given).toString()}`;
}
