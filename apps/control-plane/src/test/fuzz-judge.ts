// What an answer must never be, whatever was asked: a fault, an error that is no problem, or a look inside.
import { ProblemError, problemSchema, renderProblem } from '#http/problem.ts';
import { parseJson } from '#shared/json-text.ts';
import type { FuzzRequest } from './fuzz-requests.ts';

/** An answer; null when none came in time. */
export type FuzzAnswer = { readonly status: number; readonly contentType: string; readonly text: string } | null;

/** What was wrong with an answer. */
export type FuzzFinding = {
  readonly kind: 'server_error' | 'not_problem_json' | 'hang' | 'leak';
  readonly reason: string;
  /** Enough to ask again. */
  readonly request: string;
  readonly answer: string;
};

/** Texts that only the inside knows: stack traces, the database's driver, our paths. */
const INSIDES = [
  /\bat (?:async )?[\w.<>]+ \(/,
  /\.(?:ts|js|mjs):\d+/,
  /node_modules/,
  /Failed query/i,
  /Postgres(?:Error|QL)/,
  /drizzle/i,
  /relation "/,
  /row-level security/,
];

/** What is wrong with the answer; null when nothing is. */
export function judgeAnswer(request: FuzzRequest, answer: FuzzAnswer): FuzzFinding | null {
  const verdict = verdictOf(request, answer);
  if (!verdict) return null;
  const { method, target, headers, body, operation } = request;
  // Enough of a header to see its form.
  const access = headers['authorization']?.slice(0, 20) ?? (headers['x-admin-key'] === undefined ? 'none' : 'admin key');
  const shown = {
    operation: operation.key,
    method,
    target: target.slice(0, 600),
    access,
    headers: withoutSecrets(headers),
    body: body?.slice(0, 1_500),
  };
  return {
    ...verdict,
    request: JSON.stringify(shown),
    answer: answer === null ? 'none' : `${answer.status} ${answer.contentType} ${answer.text.slice(0, 600)}`,
  };
}

function verdictOf({ method }: FuzzRequest, answer: FuzzAnswer): Pick<FuzzFinding, 'kind' | 'reason'> | null {
  if (answer === null) return { kind: 'hang', reason: 'no answer in time, or the connection ended without one' };
  const { status, contentType, text } = answer;
  if (status >= 500) return { kind: 'server_error', reason: `status ${status}` };
  if (status < 400) return null;
  if (contentType !== 'application/problem+json')
    return { kind: 'not_problem_json', reason: `${status} with the content type ${contentType || 'none'}` };
  if (method === 'HEAD') return null;
  const problem = problemSchema.safeParse(parseJson(text));
  if (!problem.success) return { kind: 'not_problem_json', reason: `the body is no problem: ${problem.error.message}` };
  const { code } = problem.data;
  const expected = renderProblem(new ProblemError(code, '')).status;
  if (problem.data.status !== status || expected !== status)
    return {
      kind: 'not_problem_json',
      reason: `${code} comes with ${expected}, the body says ${problem.data.status}, the answer is ${status}`,
    };
  const inside = INSIDES.find((pattern) => pattern.test(text));
  return inside ? { kind: 'leak', reason: `the answer matches ${String(inside)}` } : null;
}

function withoutSecrets(headers: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(Object.entries(headers).filter(([name]) => name !== 'authorization' && name !== 'x-admin-key'));
}
