import { describe, expect, it } from 'vitest';
import { judgeAnswer } from './fuzz-judge.ts';
import type { FuzzAnswer } from './fuzz-judge.ts';
import type { FuzzRequest } from './fuzz-requests.ts';

const operation = { key: 'GET /x', method: 'GET', path: '/x', access: { kind: 'public' }, parameters: [], body: null } as const;
const request: FuzzRequest = {
  operation,
  method: 'GET',
  target: '/x',
  headers: { authorization: 'Bearer cck_live_secretsecret' },
  body: null,
};
const problem = { type: 'about:blank', title: 'There is no such thing', status: 404, code: 'not_found', detail: 'there is no such call' };
const json = (status: number, body: unknown): FuzzAnswer => ({
  status,
  contentType: 'application/problem+json',
  text: JSON.stringify(body),
});

describe('an answer to a made-up request', () => {
  it.each<[string, FuzzAnswer]>([
    ['a success of any kind', { status: 200, contentType: 'text/plain', text: 'x' }],
    ['a problem with the status of its code', json(404, problem)],
  ])('may be %s', (_what, answer) => {
    expect(judgeAnswer(request, answer)).toBeNull();
  });

  it.each<[string, string, FuzzAnswer]>([
    ['hang', 'none at all', null],
    ['server_error', 'a fault', json(500, { ...problem, status: 500, code: 'internal_error' })],
    ['server_error', 'a refusal for want of time', json(503, { ...problem, status: 503, code: 'unavailable' })],
    ['not_problem_json', 'text of the framework', { status: 404, contentType: 'text/plain; charset=UTF-8', text: '404 Not Found' }],
    ['not_problem_json', 'an empty body', { status: 400, contentType: 'application/problem+json', text: '' }],
    ['not_problem_json', 'a code that is not in the list', json(404, { ...problem, code: 'gone' })],
    ['not_problem_json', 'a code of another status', json(400, problem)],
    ['leak', 'a stack trace', json(404, { ...problem, detail: 'Error: x at find (call-store.ts:12:3)' })],
    ['leak', "the database's words", json(404, { ...problem, detail: 'Failed query: select' })],
  ])('is a %s when it is %s', (kind, _what, answer) => {
    const finding = judgeAnswer(request, answer);
    expect(finding?.kind).toBe(kind);
    expect(JSON.stringify(finding)).not.toContain('secretsecret');
  });

  it('to HEAD has no body to look at', () => {
    expect(judgeAnswer({ ...request, method: 'HEAD' }, { status: 404, contentType: 'application/problem+json', text: '' })).toBeNull();
  });
});
