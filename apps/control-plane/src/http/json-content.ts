// How a route declares JSON: a response, and a body that may not be missing.
import type { z } from '@hono/zod-openapi';

/** A response of JSON. */
export function json<Schema extends z.ZodType>(description: string, schema: Schema) {
  return { description, content: { 'application/json': { schema } } };
}

/** A request's body of JSON. */
export function jsonBody<Schema extends z.ZodType>(schema: Schema) {
  return { required: true, content: { 'application/json': { schema } } };
}
