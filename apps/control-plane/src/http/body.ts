// Bodies: none larger than a limit, and of JSON only what the database can hold and a stack can walk.
import type { Context, MiddlewareHandler, Next } from 'hono';
import { bodyLimit } from 'hono/body-limit';
import { parseJson } from '#shared/json-text.ts';
import { SUSPICIOUS_ESCAPE } from '#shared/storable.ts';
import { checkAnnouncedLength, largeBodyOf } from './large-body.ts';
import { bodyCutShort, ProblemError } from './problem.ts';
import { findUnstorableText } from './storable-text.ts';

/** Largest body of a request, but where a route declares a larger one; no JSON of the API comes near it. */
const MAX_BODY_BYTES = 1_048_576;
/** Deepest nesting of a JSON body: an agent's flow has 6 levels, and validation walks a value by recursion. */
const MAX_NESTING = 64;
const JSON_MEDIA_TYPE = /^application\/(?:[\w.-]+\+)?json(?:\s*;|\s*$)/i;

/** Refuses a body over the limit, whether its length is announced or not. */
export function limitBody(): MiddlewareHandler {
  const limit = bodyLimit({
    maxSize: MAX_BODY_BYTES,
    onError: () => {
      throw new ProblemError('body_too_large', `a body may have ${MAX_BODY_BYTES} bytes`);
    },
  });
  return (context, next) => {
    // To ask for the stream of a request that has none costs as much as the rest of the kit together.
    if (context.req.method === 'GET' || context.req.method === 'HEAD') return next();
    const largeBody = largeBodyOf(context);
    if (largeBody === null) return limit(context, next);
    // Nothing of it is read before the guards have let the request through; the handler counts what arrives.
    checkAnnouncedLength(context, largeBody);
    return next();
  };
}

/** Refuses a JSON body that is nested too deeply or holds text that cannot be stored. Behind the guards: strangers' bodies are not read. */
export const checkJsonBody: MiddlewareHandler = (context, next) => {
  const { method } = context.req;
  if (method === 'GET' || method === 'HEAD' || largeBodyOf(context) !== null) return next();
  return JSON_MEDIA_TYPE.test(context.req.header('content-type') ?? '') ? checkedNext(context, next) : next();
};

async function checkedNext(context: Context, next: Next): Promise<void> {
  checkText(await readText(context));
  await next();
}

function readText(context: Context): Promise<string> {
  return context.req.text().catch((cause: unknown) => {
    throw bodyCutShort(cause);
  });
}

function checkText(text: string): void {
  if (isNestedDeeper(text, MAX_NESTING)) throw refusal({ path: '', message: `must not be nested more than ${MAX_NESTING} levels deep` });
  if (!SUSPICIOUS_ESCAPE.test(text)) return;
  const found = findUnstorableText(parseJson(text));
  if (found) throw refusal(found);
}

function refusal({ path, message }: { path: string; message: string }): ProblemError {
  return new ProblemError('invalid_request', path === '' ? `body: ${message}` : `body, ${path}: ${message}`, {
    fields: [{ path, message }],
  });
}

/** Counts brackets outside of strings; of what is no JSON, which validation refuses, the answer does not matter. */
function isNestedDeeper(text: string, limit: number): boolean {
  let depth = 0;
  let isInString = false;
  for (let index = 0; index < text.length; index += 1) {
    const character = text[index];
    if (isInString) {
      if (character === '\\') index += 1;
      else if (character === '"') isInString = false;
    } else if (character === '"') isInString = true;
    else if (character === '{' || character === '[') {
      depth += 1;
      if (depth > limit) return true;
    } else if (character === '}' || character === ']') depth -= 1;
  }
  return false;
}
