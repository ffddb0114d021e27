// Every error of the API is application/problem+json (RFC 9457) with a code from one closed list.
import type { Context } from 'hono';
import { z } from '@hono/zod-openapi';

/** The closed list: what a program may switch on, and the status it comes with. */
const problems = {
  invalid_request: { status: 400, title: 'The request is not valid' },
  unauthenticated: { status: 401, title: 'Who is asking is not known' },
  not_found: { status: 404, title: 'There is no such thing' },
  body_too_large: { status: 413, title: 'The body is too large' },
  internal_error: { status: 500, title: 'The appliance has a fault' },
  unavailable: { status: 503, title: 'Try again later' },
} as const;

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

/** An outcome that the API answers with a problem. Thrown by middleware and handlers, turned into a response in one place. */
export class ProblemError extends Error {
  override readonly name = 'ProblemError';
  readonly problemCode: ProblemCode;
  readonly fields: readonly FieldProblem[];

  constructor(problemCode: ProblemCode, detail: string, options: { fields?: readonly FieldProblem[]; cause?: unknown } = {}) {
    super(detail, { cause: options.cause });
    this.problemCode = problemCode;
    this.fields = options.fields ?? [];
  }
}

/** The problem for something that does not exist or belongs to another organization: the same answer. */
export function notFound(what: string): ProblemError {
  return new ProblemError('not_found', `there is no such ${what}`);
}

/** The response for a problem. */
export function problemResponse(context: Context, { problemCode, message, fields }: ProblemError): Response {
  const { status, title } = problems[problemCode];
  const requestId: unknown = context.get('requestId');
  const body: z.infer<typeof problemSchema> = {
    type: 'about:blank',
    title,
    status,
    code: problemCode,
    detail: message,
    ...(typeof requestId === 'string' ? { requestId } : {}),
    ...(fields.length > 0 ? { fields: [...fields] } : {}),
  };
  return context.body(JSON.stringify(body), status, {
    'content-type': 'application/problem+json',
    ...(problemCode === 'unauthenticated' ? { 'www-authenticate': 'AdminKey header="X-Admin-Key"' } : {}),
  });
}
