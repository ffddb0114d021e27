import { z } from '@hono/zod-openapi';
import { describe, expect, it } from 'vitest';
import type { HttpToolDraft } from './http-tool-draft.ts';
import { findDraftProblems, httpToolFields } from './http-tool-draft.ts';
import { makeToolRequest } from './http-tool-request.ts';

const schema = z.strictObject(httpToolFields);
const draft: HttpToolDraft = {
  name: 'find_order',
  description: 'Finds an order by its number.',
  effect: 'read',
  parameters: {
    type: 'object',
    properties: { number: { type: 'string', description: 'Its number' }, full: { type: 'boolean', description: 'Everything' } },
    required: ['number'],
    additionalProperties: false,
  },
  method: 'GET',
  url: 'https://shop.example.com/orders/{number}',
  headers: [],
};
const problemsOf = (over: Partial<HttpToolDraft>, hasSecret = false) => findDraftProblems({ ...draft, ...over }, hasSecret);

describe('a definition', () => {
  it.each(['end_call', 'transfer_to_person', 'Find', 'a', 'find-order', '1st_one', 'x'.repeat(49)])('cannot be named "%s"', (name) => {
    expect(schema.safeParse({ ...draft, name }).success).toBe(false);
  });

  it('is taken as it is', () => {
    expect(schema.safeParse(draft)).toMatchObject({ success: true, data: draft });
    expect(problemsOf({})).toEqual([]);
  });

  it.each([
    'ftp://shop.example.com/',
    'https://',
    '//shop.example.com/',
    'https://{number}.example.com/',
    'https://user:pass@shop.example.com/{number}',
    'https://shop.example.com@evil.example/{number}',
    'https://shop.example.com:22/{number}',
    'https://shop.example.com:{number}/',
    'https://shop.example.com/{number}#x',
    'https://shop.example.com/{number',
    'https://shop.example.com/a/../{number}',
    'https://shop.example.com/%2e%2e/{number}',
    'https://shop.example.com\\@evil.example/{number}',
    'https://shop.example.com/{unknown}',
    'https://shop.example.com/?full={full}',
    'not an address',
  ])('cannot lead to %s', (url) => {
    expect(problemsOf({ url }).map(({ path }) => path)).toEqual(['url']);
  });

  it.each(['http://shop.example.com', 'https://shop.example.com:8443/a?n={number}', 'https://shop.example.com?n={number}&m=1'])(
    'can lead to %s',
    (url) => {
      expect(problemsOf({ url })).toEqual([]);
    },
  );

  it('cannot say what is the connection’s to say, nor a header twice', () => {
    const headers = ['Host', 'Content-Length', 'transfer-encoding', 'X-Shop', 'x-shop'].map((name) => ({ name, value: 'x' }));
    expect(problemsOf({ headers }).map(({ path }) => path)).toEqual([0, 1, 2, 4].map((index) => `headers.${index}.name`));
  });

  it.each(['a\r\nX-Evil: 1', 'a\nb', 'ñ', ''])('cannot have the header value %j', (value) => {
    expect(schema.safeParse({ ...draft, headers: [{ name: 'X-Shop', value }] }).success).toBe(false);
  });

  it('has a secret exactly when a header sends it, and then goes over https', () => {
    const headers = [{ name: 'Authorization', value: 'Bearer {secret}' }];
    expect(problemsOf({ headers }, true)).toEqual([]);
    expect(problemsOf({ headers }, false)).toMatchObject([{ path: 'secret' }]);
    expect(problemsOf({}, true)).toMatchObject([{ path: 'headers' }]);
    expect(problemsOf({ headers, url: 'http://shop.example.com/{number}' }, true)).toMatchObject([{ path: 'url' }]);
  });

  it('has parameters with limits that their types have, and that leave something', () => {
    const properties = {
      a: { type: 'string', description: 'd', maximum: 1 },
      b: { type: 'integer', description: 'd', maxLength: 1 },
      c: { type: 'number', description: 'd', minimum: 2, maximum: 1 },
      d: { type: 'string', description: 'd', enum: ['x'] },
    } as const;
    const parameters = { ...draft.parameters, properties: { ...properties, d: { ...properties.d, enum: ['x'] } }, required: ['d', 'e'] };
    expect(problemsOf({ parameters, url: 'https://shop.example.com/' }).map(({ path }) => path)).toEqual([
      'parameters.required',
      'parameters.properties.a',
      'parameters.properties.b',
      'parameters.properties.c',
    ]);
  });

  it('cannot have a pattern: it would run on our thread', () => {
    const properties = { number: { type: 'string', description: 'd', pattern: '(a+)+$' } };
    expect(schema.safeParse({ ...draft, parameters: { ...draft.parameters, properties } }).success).toBe(false);
  });
});

describe('the request of a use', () => {
  const requestOf = (over: Partial<HttpToolDraft>, args: Record<string, string | number | boolean>, secret: string | null = null) =>
    makeToolRequest({ tool: { ...draft, ...over }, args, secret, idempotencyKey: 'k', traceParent: null });

  it.each([
    ['7', 'https://shop.example.com/orders/7'],
    ['a/b', 'https://shop.example.com/orders/a%2Fb'],
    ['../admin', 'https://shop.example.com/orders/..%2Fadmin'],
    ['x?y=1#z', 'https://shop.example.com/orders/x%3Fy%3D1%23z'],
    ['%2e%2e', 'https://shop.example.com/orders/%252e%252e'],
    ['@evil.example', 'https://shop.example.com/orders/%40evil.example'],
    ['ñ 1', 'https://shop.example.com/orders/%C3%B1%201'],
  ])('with %j goes to %s', (number, href) => {
    expect(requestOf({}, { number })?.url.href).toBe(href);
  });

  it.each(['.', '..', '', '\ud800'])('with %j is not made', (number) => {
    expect(requestOf({}, { number })).toBeNull();
  });

  it('is not made of two arguments that are dots together', () => {
    const url = 'https://shop.example.com/a/{number}{number}/b';
    expect(requestOf({ url }, { number: '.' })).toBeNull();
  });

  it('carries what is left of the arguments in the query, or in the body where there is one', () => {
    expect(requestOf({}, { number: '7', full: true })?.url.search).toBe('?full=true');
    const posted = requestOf({ method: 'POST', effect: 'guarded' }, { number: '7', full: true });
    expect(posted).toMatchObject({ method: 'POST', body: '{"full":true}', headers: { 'idempotency-key': 'k' } });
    expect(posted?.url.search).toBe('');
  });

  it('carries the secret where the headers say, letter by letter', () => {
    const headers = [{ name: 'Authorization', value: 'Bearer {secret}' }];
    expect(requestOf({ headers }, { number: '7' }, "$&$'x")?.headers).toEqual({ Authorization: "Bearer $&$'x" });
  });
});
