// From an Authorization header to the principal behind it. Whatever is wrong with a token, its holder learns only that it does not open.
import { ProblemError } from '#http/problem.ts';
import type { Principal } from '#shared/principal.ts';
import type { AttemptLimit } from './attempt-limit.ts';
import type { TokenCache } from './token-cache.ts';
import { makeTokenText, parseTokenText } from './token-text.ts';

/** The principal of a request. Throws 401, the same for every reason, and 429 for an address that failed too often. */
export type Authentication = (authorization: string | undefined, address: string) => Promise<Principal>;

export function createAuthentication({ tokens, attempts }: { tokens: TokenCache; attempts: AttemptLimit }): Authentication {
  /** A malformed token costs the same keyed hash as another. */
  const standIn = makeTokenText();
  return async (authorization, address) => {
    // Nothing presented is no attempt: a browser that looks at a path locks nobody out.
    if (authorization === undefined) throw unauthenticated();
    const text = parseTokenText(/^bearer +(\S+)$/i.exec(authorization)?.[1] ?? '');
    const verified = tokens.peek(text ?? standIn);
    if (text && verified) return verified;
    const caller = text ? tokens.nameOf(text) : address;
    attempts.check(address, caller);
    const principal = text ? await tokens.find(text) : null;
    if (!principal) {
      attempts.failed(address, caller);
      throw unauthenticated();
    }
    attempts.proved(caller);
    return principal;
  };
}

function unauthenticated(): ProblemError {
  return new ProblemError('unauthenticated', 'the header Authorization must hold "Bearer" and a token that is good', {
    headers: { 'www-authenticate': 'Bearer' },
  });
}
