// Sends the requests of organizations' tools with node's own client: one connection each, judged as it is made.
import { request as requestHttp } from 'node:http';
import type { ClientRequest, IncomingMessage } from 'node:http';
import { request as requestHttps } from 'node:https';
import { isIP } from 'node:net';
import type { HttpToolAnswer, HttpToolRefusal } from '#ports/http-tool.ts';
import type { OutboundHttp, OutboundRequest } from '#ports/outbound-http.ts';
import type { Network } from '#shared/network.ts';
import { BlockedAddressError, createCheckedLookup, systemResolve } from './checked-lookup.ts';
import type { Resolve } from './checked-lookup.ts';
import { createAddressCheck } from './public-address.ts';

/** From the name's lookup to the answer's last byte: a caller waits on the line. */
const OUTBOUND_TOTAL_MS = 5_000;
/** Bytes of an answer that are read; the rest is left on the wire. */
export const OUTBOUND_RESPONSE_BYTES = 65_536;
/** Requests at once in this process: with 50 calls and a tool each there is room; one more is refused at once. */
const MAX_AT_ONCE = 64;
const MAX_HEADER_BYTES = 16_384;

/** Codes of errors before a byte was sent: certain that nothing happened. */
const BEFORE_SENDING: Readonly<Record<string, HttpToolRefusal>> = {
  ENOTFOUND: 'host_unknown',
  EAI_AGAIN: 'host_unknown',
  ECONNREFUSED: 'unreachable',
  EHOSTUNREACH: 'unreachable',
  ENETUNREACH: 'unreachable',
  DEPTH_ZERO_SELF_SIGNED_CERT: 'not_trusted',
  SELF_SIGNED_CERT_IN_CHAIN: 'not_trusted',
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: 'not_trusted',
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: 'not_trusted',
  CERT_HAS_EXPIRED: 'not_trusted',
  CERT_NOT_YET_VALID: 'not_trusted',
  ERR_TLS_CERT_ALTNAME_INVALID: 'not_trusted',
};

export type OutboundHttpOptions = {
  /** Networks that are reached though they are not public; empty in production. */
  readonly allowedNetworks: readonly Network[];
  /** Default: the machine's resolver. */
  readonly resolve?: Resolve;
  /** Default 5,000. */
  readonly totalMs?: number;
};

/** A client for requests to hosts that organizations chose. */
export function createOutboundHttp(options: OutboundHttpOptions): OutboundHttp {
  const { resolve = systemResolve, totalMs = OUTBOUND_TOTAL_MS } = options;
  const isPublic = createAddressCheck(options.allowedNetworks);
  const lookup = createCheckedLookup({ resolve, isPublic });
  let atOnce = 0;
  return {
    async send(request, { signal }) {
      const host = hostOf(request.url);
      // Sockets ask no lookup for an address; the URL parser has turned `0x7f.1` and the like into one by now.
      if (isIP(host) !== 0 && !isPublic(host)) return { kind: 'refused', reason: 'address_blocked' };
      if (atOnce >= MAX_AT_ONCE) return { kind: 'refused', reason: 'too_busy' };
      atOnce += 1;
      try {
        const deadline = AbortSignal.any([signal, AbortSignal.timeout(totalMs)]);
        return await answerTo(open(request, { lookup, signal: deadline }), request.body);
      } finally {
        atOnce -= 1;
      }
    },
  };
}

type Opening = { readonly lookup: ReturnType<typeof createCheckedLookup>; readonly signal: AbortSignal };

function open({ method, url, headers, body }: OutboundRequest, { lookup, signal }: Opening): ClientRequest {
  const length = body === null ? {} : { 'content-type': 'application/json', 'content-length': String(Buffer.byteLength(body)) };
  // What we say of the connection and the encoding stands, whatever an organization declares.
  const sent = { accept: 'application/json, text/*', ...headers, ...length, 'accept-encoding': 'identity', connection: 'close' };
  const options = { method, headers: sent, lookup, signal, agent: false, maxHeaderSize: MAX_HEADER_BYTES } as const;
  return url.protocol === 'https:' ? requestHttps(url, options) : requestHttp(url, options);
}

/** Sends it and reads the answer. Rejects when it was sent and nothing whole came back. */
async function answerTo(request: ClientRequest, body: string | null): Promise<HttpToolAnswer> {
  const { promise, resolve, reject } = Promise.withResolvers<IncomingMessage>();
  request.once('response', resolve);
  request.once('error', reject);
  // An `Upgrade` or a late error must not end the process.
  request.on('error', () => undefined);
  request.end(body ?? undefined);
  try {
    return await read(await promise);
  } catch (error) {
    const reason = refusalOf(error);
    if (reason === null) throw new Error('the request of a tool was sent and its answer did not come whole', { cause: error });
    return { kind: 'refused', reason };
  } finally {
    request.destroy();
  }
}

async function read(response: IncomingMessage): Promise<HttpToolAnswer> {
  const { statusCode: status = 0, headers } = response;
  if (status >= 300 && status < 400) return { kind: 'refused', reason: 'redirected' };
  const isText = /^(text\/|application\/([a-z0-9.+-]+\+)?json\b)/i.test(headers['content-type'] ?? '');
  const isPlain = (headers['content-encoding'] ?? 'identity') === 'identity';
  if (!isText || !isPlain) return { kind: 'answered', status, text: '', isCut: false };
  const pieces: Buffer[] = [];
  let bytes = 0;
  for await (const piece of response as AsyncIterable<Buffer>) {
    pieces.push(piece.subarray(0, OUTBOUND_RESPONSE_BYTES - bytes));
    bytes += piece.length;
    if (bytes > OUTBOUND_RESPONSE_BYTES) break;
  }
  return { kind: 'answered', status, text: Buffer.concat(pieces).toString('utf8'), isCut: bytes > OUTBOUND_RESPONSE_BYTES };
}

function refusalOf(error: unknown): HttpToolRefusal | null {
  if (error instanceof BlockedAddressError) return 'address_blocked';
  // A socket that tried several addresses throws all of their errors at once.
  if (error instanceof AggregateError) return error.errors.every((one) => refusalOf(one) !== null) ? 'unreachable' : null;
  const code = error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : '';
  return BEFORE_SENDING[code] ?? null;
}

/** Without the brackets of an IPv6 address. */
function hostOf({ hostname }: URL): string {
  return hostname.startsWith('[') ? hostname.slice(1, -1) : hostname;
}
