/** REST by HTTP: the way while the socket is down, for an Asterisk that answers no requests on it, and for binary results. */
import { AriError } from './ari-error.ts';
import type { AriAnswer, AriRequest } from './request.ts';

export interface AriEndpoint {
  /** Where `/ari` is, with a slash at the end. */
  readonly base: URL;
  /** Value of the Authorization header. */
  readonly authorization: string;
}

/** Checks and completes the address of Asterisk's HTTP server, such as `http://127.0.0.1:8088`. */
export function ariEndpoint(url: string, username: string, password: string): AriEndpoint {
  const base = new URL(url.endsWith('/') ? `${url}ari/` : `${url}/ari/`);
  if (base.protocol !== 'http:' && base.protocol !== 'https:')
    throw new TypeError(`the ARI url must begin with http or https, not ${base.protocol}`);
  return { base, authorization: `Basic ${Buffer.from(`${username}:${password}`).toString('base64')}` };
}

/** Throws AriError `unreachable` when nothing answered, and the signal's reason when aborted. */
export async function sendOverHttp(endpoint: AriEndpoint, request: AriRequest, signal: AbortSignal): Promise<AriAnswer> {
  const headers: Record<string, string> = { authorization: endpoint.authorization };
  if (request.body !== null) headers['content-type'] = 'application/json';
  try {
    const answer = await fetch(new URL(request.uri, endpoint.base), { method: request.method, headers, body: request.body, signal });
    const body = request.result === 'binary' && answer.ok ? await answer.bytes() : await answer.text();
    return { status: answer.status, reason: answer.statusText, body };
  } catch (cause) {
    signal.throwIfAborted();
    throw new AriError(request.operation, { kind: wasNeverSent(cause) ? 'unreachable' : 'connection_lost', cause });
  }
}

function wasNeverSent(error: unknown): boolean {
  const cause: unknown = error instanceof Error ? error.cause : undefined;
  return (
    cause instanceof Error &&
    'code' in cause &&
    ['ECONNREFUSED', 'ENOTFOUND', 'EHOSTUNREACH', 'UND_ERR_CONNECT_TIMEOUT'].includes(String(cause.code))
  );
}
