// Headers that an answer carries whatever it becomes, put where they cost least.
import type { Context } from 'hono';
import type { HttpBindings } from './server.ts';

/**
 * Puts headers on the answer; a handler's own of the same name win. Behind a server they go to Node's response at once: through the framework each
 * answer copies and sorts them as a `Headers`, 20 us for seven of them.
 */
export function putHeaders(context: Context, headers: Readonly<Record<string, string>>): void {
  const outgoing = nodeResponseOf(context);
  for (const [name, value] of Object.entries(headers)) {
    if (outgoing) outgoing.setHeader(name, value);
    else context.header(name, value);
  }
}

/** For an application that is asked without a server: a response that a handler made without its context knows nothing of headers put before. */
export function putMissingHeaders(context: Context, headers: Readonly<Record<string, string>>): void {
  if (nodeResponseOf(context)) return;
  for (const [name, value] of Object.entries(headers)) if (!context.res.headers.has(name)) context.header(name, value);
}

function nodeResponseOf(context: Context): HttpBindings['outgoing'] | undefined {
  // Without a server around the application there is no environment.
  return (context.env as Partial<HttpBindings> | undefined)?.outgoing;
}
