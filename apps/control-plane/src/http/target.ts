// The request's target, path and query: bounded, well encoded, and nothing in it that the database could not hold.
import type { MiddlewareHandler } from 'hono';
import { ProblemError } from './problem.ts';
import { whyUnstorable } from './storable-text.ts';

/** Longest path and query: the filters of a list with a cursor stay below 2 kB. */
const MAX_TARGET_BYTES = 8_192;

/** Refuses a target that is too long, badly percent-encoded, or holds U+0000. Names the path or the query's parameter. */
export const checkTarget: MiddlewareHandler = (context, next) => {
  const { url } = context.req;
  const start = url.indexOf('/', url.indexOf('://') + 3);
  if (url.length - start > MAX_TARGET_BYTES) throw new ProblemError('target_too_long', `path and query may have ${MAX_TARGET_BYTES} bytes`);
  // Nearly every target is plain, and then there is nothing to decode.
  if (url.includes('%')) checkEncoding(url.slice(start));
  return next();
};

function checkEncoding(target: string): void {
  const queryAt = target.indexOf('?');
  checkPart(queryAt < 0 ? target : target.slice(0, queryAt), 'path');
  if (queryAt < 0) return;
  for (const parameter of target.slice(queryAt + 1).split('&')) {
    const [name = '', ...value] = parameter.split('=');
    checkPart(name, 'query');
    checkPart(value.join('='), name);
  }
}

function checkPart(encoded: string, where: string): void {
  let message: string | null = 'must be percent-encoded UTF-8';
  try {
    message = whyUnstorable(decodeURIComponent(encoded));
  } catch {
    // What decodeURIComponent refuses, half of a surrogate pair included, is what the message says.
  }
  if (message !== null) throw new ProblemError('invalid_request', `${where}: ${message}`, { fields: [{ path: where, message }] });
}
