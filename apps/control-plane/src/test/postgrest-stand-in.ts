// A real HTTP server that speaks what we use of PostgREST, over a real table: what PostgREST would make of a request as SQL, this makes too.
// It can be told to fail the way that networks and services do.
import { createHmac } from 'node:crypto';
import { once } from 'node:events';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { CloudClaims, RegistryCloud } from './registry-cloud.ts';

/** `cut_after_apply`: it was done and nobody hears of it. */
export type Fault =
  | { readonly kind: 'status'; readonly status: number }
  | { readonly kind: 'cut' }
  | { readonly kind: 'cut_after_apply' }
  | { readonly kind: 'hang' }
  /** Answers a GET of a table with these rows. */
  | { readonly kind: 'poison'; readonly table: string; readonly rows: readonly unknown[] };

export type StandInRequest = {
  readonly method: string;
  readonly table: string;
  readonly query: string;
  readonly headers: IncomingMessage['headers'];
};

export type PostgrestStandIn = AsyncDisposable & {
  readonly url: string;
  readonly requests: StandInRequest[];
  /** Null: it works. */
  fault: Fault | null;
  /** A token that it accepts. */
  token(claims: Readonly<Record<string, unknown>>): string;
};

export const STAND_IN_KEY = 'sb_publishable_test';
const SECRET = 'a-secret-of-the-project-that-no-server-knows';

class HttpFailure extends Error {
  readonly status: number;
  readonly code: string;
  constructor(status: number, code: string, message: string) {
    super(message);
    this.status = status;
    this.code = code;
  }
}

/** Opens it on a free port of the loopback. */
export async function openPostgrestStandIn(cloud: RegistryCloud): Promise<PostgrestStandIn> {
  const requests: StandInRequest[] = [];
  const state: { fault: Fault | null } = { fault: null };
  const server = createServer((request, response) => {
    void answer(request, response).catch((error: unknown) => fail(response, error));
  });

  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const url = new URL(request.url ?? '/', 'http://localhost');
    const table = url.pathname.replace('/rest/v1/', '');
    requests.push({ method: request.method ?? '', table, query: url.search, headers: request.headers });
    const { fault } = state;
    if (fault?.kind === 'hang') return;
    if (fault?.kind === 'cut') return void request.socket.destroy();
    if (fault?.kind === 'status') throw new HttpFailure(fault.status, `X${fault.status}`, 'as it was told');
    const claims = claimsOf(request);
    if (fault?.kind === 'poison' && fault.table === table) return send(response, { status: 200, text: JSON.stringify(fault.rows) });
    const done = await carryOut(cloud, { request, url, table, claims });
    if (fault?.kind === 'cut_after_apply') return void request.socket.destroy();
    send(response, done);
  }

  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    requests,
    get fault() {
      return state.fault;
    },
    set fault(fault) {
      state.fault = fault;
    },
    token: (claims) => signed({ role: 'authenticated', ...claims }),
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}

type Asked = { readonly request: IncomingMessage; readonly url: URL; readonly table: string; readonly claims: CloudClaims };
type Done = { readonly status: number; readonly text: string; readonly headers?: Readonly<Record<string, string>> };

const quoted = (names: string): string =>
  names
    .split(',')
    .map((name) => `"${name.trim().replaceAll('"', '')}"`)
    .join(', ');

async function carryOut(cloud: RegistryCloud, { request, url, table, claims }: Asked): Promise<Done> {
  const values: unknown[] = [];
  const where = filters(url, values);
  const columns = quoted(url.searchParams.get('select') ?? '*').replace('"*"', '*');
  const asJson = (text: string) =>
    `with rows as (${text}) select coalesce(json_agg(rows), '[]')::text as body, count(*)::int as rows from rows`;
  if (request.method === 'GET') {
    const order = url.searchParams.get('order')?.split('.') ?? [];
    const ordered = order[0] ? ` order by "${order[0]}" ${order[1] === 'desc' ? 'desc' : 'asc'}` : '';
    const [row] = await cloud.run(
      claims,
      asJson(`select ${columns} from "${table}"${where}${ordered} limit ${Number(url.searchParams.get('limit') ?? 1_000)}`),
      values,
    );
    return { status: 200, text: String(row?.['body']) };
  }
  const body = await bodyOf(request);
  if (request.method === 'POST') {
    const named = quoted(url.searchParams.get('columns') ?? '');
    const conflict = quoted(url.searchParams.get('on_conflict') ?? '');
    const set = named.split(', ').map((name) => `${name} = excluded.${name}`);
    const insert = `insert into "${table}" (${named}) select ${named} from json_populate_recordset(null::"${table}", $1::text::json)
      on conflict (${conflict}) do update set ${set.join(', ')} returning ${columns}`;
    const [row] = await cloud.run(claims, asJson(insert), [body]);
    return { status: 201, text: String(row?.['body']) };
  }
  values.unshift(body);
  const shifted = where.replaceAll(/\$(\d+)/g, (_match, number: string) => `$${Number(number) + 1}`);
  const changed = Object.keys(JSON.parse(body) as object).map((name) => `"${name}" = sent."${name}"`);
  const update = `update "${table}" set ${changed.join(', ')} from json_populate_record(null::"${table}", $1::text::json) sent${shifted.replaceAll(/ "(\w+)" (=|<|>)/g, ` "${table}"."$1" $2`)} returning 1`;
  const [row] = await cloud.run(claims, asJson(update), values);
  return { status: 204, text: '', headers: { 'content-range': `*/${String(row?.['rows'])}` } };
}

/** `column=operator.value` of everything that is no word of the protocol. */
function filters(url: URL, values: unknown[]): string {
  const operators: Readonly<Record<string, string>> = { eq: '=', gt: '>', lt: '<' };
  const words = ['select', 'order', 'limit', 'on_conflict', 'columns'];
  const conditions = [...url.searchParams]
    .filter(([name]) => !words.includes(name))
    .map(([name, text]) => {
      const dot = text.indexOf('.');
      const operator = operators[text.slice(0, dot)];
      if (operator === undefined) throw new HttpFailure(400, 'PGRST100', `"failed to parse filter (${text})"`);
      values.push(text.slice(dot + 1));
      return ` "${name}" ${operator} $${values.length}${/^(version)$/.test(name) ? '::text::bigint' : name === 'deleted' ? '::text::boolean' : ''}`;
    });
  return conditions.length === 0 ? '' : ` where${conditions.join(' and')}`;
}

async function bodyOf(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString();
}

function signed(claims: Readonly<Record<string, unknown>>): string {
  const part = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString('base64url');
  const text = `${part({ alg: 'HS256', typ: 'JWT' })}.${part(claims)}`;
  return `${text}.${createHmac('sha256', SECRET).update(text).digest('base64url')}`;
}

function claimsOf({ headers }: IncomingMessage): CloudClaims {
  if (headers['apikey'] !== STAND_IN_KEY) throw new HttpFailure(401, '', 'No API key found in request');
  const token = /^Bearer (.+)$/.exec(headers.authorization ?? '')?.[1] ?? '';
  const claims = JSON.parse(Buffer.from(token.split('.')[1] ?? 'e30', 'base64url').toString()) as Record<string, unknown>;
  if (signed(claims) !== token) throw new HttpFailure(401, 'PGRST301', 'JWSError JWSInvalidSignature');
  if (typeof claims['exp'] === 'number' && claims['exp'] * 1_000 < Date.now()) throw new HttpFailure(401, 'PGRST303', 'JWT expired');
  return claims;
}

/** PostgREST's table of PostgreSQL's codes, as far as we can meet them. */
function fail(response: ServerResponse, error: unknown): void {
  const { code = '', message } = error as Error & { code?: string };
  const ofCode = code === '42501' ? 403 : ['23503', '23505'].includes(code) ? 409 : /^(22|23|42)/.test(code) ? 400 : 500;
  const status = error instanceof HttpFailure ? error.status : ofCode;
  send(response, { status, text: JSON.stringify({ code, message, details: null, hint: null }) });
}

function send(response: ServerResponse, { status, text, headers = {} }: Done): void {
  response.writeHead(status, { 'content-type': 'application/json; charset=utf-8', ...headers }).end(text);
}
