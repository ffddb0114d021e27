// Makes the request of a tool's use: arguments go where the definition says and can lead nowhere else.
import type { HttpToolUse } from '#ports/http-tool.ts';
import type { OutboundRequest } from '#ports/outbound-http.ts';
import type { HttpToolDraft } from './http-tool-draft.ts';
import { placeholdersOf } from './http-tool-draft.ts';

/** What a request is made of. `secret` is null where the tool has none. */
export type RequestParts = {
  readonly tool: Pick<HttpToolDraft, 'method' | 'url' | 'headers' | 'effect'>;
  readonly args: HttpToolUse['args'];
  readonly secret: string | null;
  readonly idempotencyKey: string;
  /** The trace that it belongs to; null: none. */
  readonly traceParent: string | null;
};

/** The request, or null when an argument would change where it goes: a path of dots, a half character. */
export function makeToolRequest({ tool, args, secret, idempotencyKey, traceParent }: RequestParts): OutboundRequest | null {
  const inUrl = new Set(placeholdersOf(tool.url));
  const filled = fill(tool.url, args);
  if (filled === null) return null;
  const url = new URL(filled);
  const rest = Object.entries(args).filter(([name, value]) => !inUrl.has(name) && value !== undefined);
  const hasBody = tool.method === 'POST' || tool.method === 'PUT' || tool.method === 'PATCH';
  if (!hasBody) for (const [name, value] of rest) url.searchParams.append(name, String(value));
  // A function: in a text for the replacement, `$&` and the like in a secret would mean something.
  const headers = tool.headers.map(({ name, value }) => [name, value.replaceAll('{secret}', () => secret ?? '')]);
  const key = tool.effect === 'read' ? {} : { 'idempotency-key': idempotencyKey };
  return {
    method: tool.method,
    url,
    // A `traceparent` that the organization declared itself goes before ours.
    headers: {
      ...(traceParent !== null && { traceparent: traceParent }),
      ...(Object.fromEntries(headers) as Record<string, string>),
      ...key,
    },
    body: hasBody ? JSON.stringify(Object.fromEntries(rest)) : null,
  };
}

function fill(template: string, args: HttpToolUse['args']): string | null {
  try {
    const text = template.replaceAll(/\{([^{}]*)\}/g, (_, name: string) => encodeURIComponent(String(args[name])));
    const [path = ''] = text.slice(text.indexOf('//') + 2).split('?', 1);
    const segments = path.split('/').slice(1);
    // `..` survives the encoding, and an empty segment makes another path of `/orders/{id}/items`.
    const isOdd = segments.some((segment, index) => /^(\.|%2e){1,2}$/i.test(segment) || (segment === '' && index < segments.length - 1));
    const isEmpty = placeholdersOf(template).some((name) => String(args[name] ?? '') === '');
    return isOdd || isEmpty ? null : text;
  } catch {
    return null;
  }
}
