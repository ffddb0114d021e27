// Every error of the API is application/problem+json (RFC 9457) with a code from one closed list.
import type { Context } from 'hono';
import { z } from '@hono/zod-openapi';

/** The closed list: what a program may switch on, and the status it comes with. */
const problems = {
  invalid_request: { status: 400, title: 'The request is not valid' },
  unauthenticated: { status: 401, title: 'Who is asking is not known' },
  insufficient_scope: { status: 403, title: 'The token may not do this' },
  not_found: { status: 404, title: 'There is no such thing' },
  method_not_allowed: { status: 405, title: 'There is such a path, but not with this method' },
  request_timeout: { status: 408, title: 'The request did not arrive in time' },
  conflict: { status: 409, title: 'This does not go with what is there' },
  body_too_large: { status: 413, title: 'The body is too large' },
  target_too_long: { status: 414, title: 'Path and query are too long' },
  unsupported_media_type: { status: 415, title: 'The body is of a kind that is not taken here' },
  range_not_satisfiable: { status: 416, title: 'There is no such part' },
  unprocessable: { status: 422, title: 'The request is well formed but cannot be carried out' },
  plan_limit: { status: 422, title: "The organization's plan does not allow more" },
  idempotency_mismatch: { status: 422, title: 'The idempotency key belongs to another request' },
  rate_limited: { status: 429, title: 'Too many requests' },
  headers_too_large: { status: 431, title: 'The headers are too large' },
  internal_error: { status: 500, title: 'The appliance has a fault' },
  unavailable: { status: 503, title: 'Try again later' },
} as const;

/** When whoever knows nothing better may ask again after a 503: by then a database that was restarted answers. */
const RETRY_AFTER_S = 2;

export type ProblemCode = keyof typeof problems;
export const problemCodes = Object.keys(problems) as [ProblemCode, ...ProblemCode[]];

/** What is wrong with one field of a request. */
export type FieldProblem = { readonly path: string; readonly message: string };

/** The body of an error. */
export const problemSchema = z
  .object({
    type: z.literal('about:blank'),
    title: z.string(),
    status: z.int(),
    code: z.enum(problemCodes),
    detail: z.string().optional(),
    requestId: z.string().optional(),
    fields: z.array(z.object({ path: z.string(), message: z.string() })).optional(),
  })
  .openapi('Problem');

/** What a problem may say besides its code and sentence. */
export type ProblemOptions = {
  readonly fields?: readonly FieldProblem[];
  /** Headers of the response, such as `retry-after` in seconds; a problem that is `unavailable` says so without being told. */
  readonly headers?: Readonly<Record<string, string>>;
  readonly cause?: unknown;
};

/** An outcome that the API answers with a problem. Thrown by middleware and handlers, turned into a response in one place. */
export class ProblemError extends Error {
  override readonly name = 'ProblemError';
  readonly problemCode: ProblemCode;
  readonly fields: readonly FieldProblem[];
  readonly headers: Readonly<Record<string, string>>;

  constructor(problemCode: ProblemCode, detail: string, options: ProblemOptions = {}) {
    super(detail, { cause: options.cause });
    this.problemCode = problemCode;
    this.fields = options.fields ?? [];
    this.headers = { ...(problemCode === 'unavailable' ? { 'retry-after': String(RETRY_AFTER_S) } : {}), ...options.headers };
  }
}

/** The problem for something that does not exist or belongs to another organization: the same answer. */
export function notFound(what: string): ProblemError {
  return new ProblemError('not_found', `there is no such ${what}`);
}

/** The problem for a write that would add to an organization whose export is made and whose rows are about to go. */
export function deletionPending(): ProblemError {
  return new ProblemError('conflict', 'the organization waits to be deleted; restore it first');
}

/** The problem for a field whose value does not go with what is there, such as a name that is taken. */
export function conflict(path: string, message: string): ProblemError {
  return new ProblemError('conflict', `${path}: ${message}`, { fields: [{ path, message }] });
}

/** The problem for a body that stopped arriving. */
export function bodyCutShort(cause: unknown): ProblemError {
  return new ProblemError('invalid_request', 'body: it ended before it was complete', { cause });
}

/** The problem for fields that have the right form and a value that cannot be, such as an agent that does not exist. */
export function unprocessable(path: string, message: string): ProblemError {
  return new ProblemError('unprocessable', `${path}: ${message}`, { fields: [{ path, message }] });
}

/** The status of a problem and its body as JSON, for answers that are made without a request's context. */
export function renderProblem({ problemCode, message, fields }: ProblemError, requestId?: string) {
  const { status, title } = problems[problemCode];
  const body: z.infer<typeof problemSchema> = {
    type: 'about:blank',
    title,
    status,
    code: problemCode,
    detail: message,
    ...(requestId === undefined ? {} : { requestId }),
    ...(fields.length > 0 ? { fields: [...fields] } : {}),
  };
  return { status, text: JSON.stringify(body) };
}

/** The response for a problem. */
export function problemResponse(context: Context, problem: ProblemError): Response {
  const requestId: unknown = context.get('requestId');
  const { status, text } = renderProblem(problem, typeof requestId === 'string' ? requestId : undefined);
  return context.body(text, status, { ...problem.headers, 'content-type': 'application/problem+json' });
}
