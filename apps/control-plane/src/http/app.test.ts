import { describe, expect, it } from 'vitest';
import { toCursor } from './page.ts';
import { adminKey, openTestApp, problemOf } from './test-app.ts';

describe('the HTTP kit', () => {
  it('answers what does not exist and what is not on any path with the same kind of problem', async () => {
    const { app } = openTestApp();
    const missing = await app.request('/missing');
    expect(missing.status).toBe(404);
    expect(await problemOf(missing)).toMatchObject({ code: 'not_found', detail: 'there is no such call', status: 404 });
    expect(await problemOf(await app.request('/nowhere'))).toMatchObject({ code: 'not_found' });
  });

  it('tells a fault to the log and not to the caller, under one request id', async () => {
    const { app, lines } = openTestApp();
    const response = await app.request('/broken');
    const problem = await problemOf(response);
    expect(problem).toMatchObject({ code: 'internal_error', status: 500, requestId: response.headers.get('x-request-id') });
    expect(JSON.stringify(problem)).not.toContain('secret');
    const fault = lines.find(({ level }) => level === 'error');
    expect(fault?.fields).toMatchObject({
      requestId: problem['requestId'],
      error: { causes: [{ message: 'wrapped' }, { message: 'secret of the driver' }] },
    });
  });

  it('answers 503 and when to try again while the database is away', async () => {
    const response = await openTestApp().app.request('/database-away');
    expect([response.status, response.headers.get('retry-after')]).toEqual([503, '2']);
    expect(await problemOf(response)).toMatchObject({ code: 'unavailable' });
  });

  it('names every field that does not parse', async () => {
    const { app } = openTestApp();
    const response = await app.request('/list?limit=0&unknown=1');
    expect(response.status).toBe(400);
    const problem = await problemOf(response);
    expect(problem).toMatchObject({ code: 'invalid_request' });
    expect((problem['fields'] as { path: string }[]).map(({ path }) => path)).toContain('limit');
  });

  it('takes back its own cursors and refuses any other', async () => {
    const { app } = openTestApp();
    const page = await app.request(`/list?limit=7&cursor=${toCursor({ callId: 'call_1' })}`);
    expect(await page.json()).toEqual({ done: '7 call_1' });
    for (const cursor of [
      '%20',
      'not-json',
      toCursor({ callId: 1 }),
      toCursor({ other: 'x' }),
      toCursor({ callId: 'a\0b' }),
      toCursor({ callId: '\ud800' }),
    ]) {
      expect(await problemOf(await app.request(`/list?cursor=${cursor}`))).toMatchObject({ code: 'invalid_request' });
    }
  });

  it('refuses a body that is malformed or too large', async () => {
    const { app } = openTestApp();
    const post = (body: string) => app.request('/echo', { method: 'POST', body, headers: { 'content-type': 'application/json' } });
    expect(await (await post('{"done":"yes"}')).json()).toEqual({ done: 'yes' });
    expect(await problemOf(await post('{"done":'))).toMatchObject({ code: 'invalid_request', status: 400 });
    expect(await problemOf(await post('{"done":"yes","unknown":1}'))).toMatchObject({ code: 'invalid_request' });
    expect(await problemOf(await post(JSON.stringify({ done: 'x'.repeat(1_100_000) })))).toMatchObject({
      code: 'body_too_large',
      status: 413,
    });
  });

  it('opens an admin route to the key alone', async () => {
    const { app } = openTestApp();
    const ask = (headers: Record<string, string>) => app.request('/admin/thing', { headers });
    expect(await (await ask({ 'X-Admin-Key': adminKey })).json()).toEqual({ done: 'as admin' });
    for (const headers of [{}, { 'X-Admin-Key': '' }, { 'X-Admin-Key': `${adminKey}a` }, { Authorization: `Bearer ${adminKey}` }]) {
      const response = await ask(headers as Record<string, string>);
      expect(response.status).toBe(401);
      expect(await problemOf(response)).toMatchObject({ code: 'unauthenticated' });
    }
  });

  it('logs a request by its path, without the query', async () => {
    const { app, lines } = openTestApp();
    await app.request('/list?limit=7&caller=34600000000');
    expect(lines).toMatchObject([{ level: 'info', message: 'request', fields: { method: 'GET', path: '/list', status: 400 } }]);
    expect(JSON.stringify(lines)).not.toContain('34600000000');
  });

  it('gives at most 100 rows of a list at once', async () => {
    const { app } = openTestApp();
    expect((await app.request('/list?limit=100')).status).toBe(200);
    expect((await app.request('/list?limit=101')).status).toBe(400);
  });

  it('lets browsers show and keep nothing of any answer, and lets no other site ask', async () => {
    const { app } = openTestApp();
    for (const path of ['/list', '/missing', '/nowhere', '/things/1', '/admin/thing']) {
      const { headers } = await app.request(path, { headers: { origin: 'https://elsewhere.example' } });
      expect([path, Object.fromEntries(headers)]).toMatchObject([
        path,
        {
          'x-content-type-options': 'nosniff',
          'content-security-policy': "default-src 'none'; frame-ancestors 'none'",
          'referrer-policy': 'no-referrer',
          'cache-control': 'no-store',
          'x-request-id': expect.any(String) as string,
        },
      ]);
      expect([...headers.keys()].filter((name) => name.startsWith('access-control') || name === 'server')).toEqual([]);
    }
  });

  it('tells a path without such a method from no path at all', async () => {
    const { app } = openTestApp();
    for (const method of ['POST', 'DELETE', 'OPTIONS', 'PROPFIND']) {
      const response = await app.request('/list', { method });
      expect([method, response.status, response.headers.get('allow')]).toEqual([method, 405, 'GET, HEAD']);
      expect(await problemOf(response)).toMatchObject({ code: 'method_not_allowed' });
      expect([method, (await app.request('/nowhere', { method })).status]).toEqual([method, 404]);
    }
    expect((await app.request('/list', { method: 'HEAD' })).status).toBe(200);
  });
});

describe('what the database could not hold', () => {
  const post = (app: ReturnType<typeof openTestApp>['app'], body: string) =>
    app.request('/echo', { method: 'POST', body, headers: { 'content-type': 'application/json' } });

  it.each([
    ['/things/a%00b', 'path'],
    ['/things/%ff', 'path'],
    ['/things/%ed%a0%80', 'path'],
    ['/things/%zz', 'path'],
    ['/list?cursor=a%00b', 'cursor'],
    ['/list?cursor=%C3', 'cursor'],
    ['/list?limit=1&%00=1', 'query'],
  ])('is refused in a target: %s', async (target, path) => {
    const { app } = openTestApp();
    const response = await app.request(target);
    expect(response.status).toBe(400);
    expect(await problemOf(response)).toMatchObject({ code: 'invalid_request', fields: [{ path }] });
  });

  it('is told from percent-encoded text that it can', async () => {
    const { app } = openTestApp();
    expect(await (await app.request('/things/%2500%E2%82%AC%2Fx')).json()).toEqual({ done: '%00€/x' });
  });

  it.each([
    ['{"done":"a\\u0000b"}', 'done'],
    ['{"done":"x","more":{"list":[1,{"text":"\\ud800"}]}}', 'more.list.1.text'],
    ['{"done":"x","more":{"a\\u0000":1}}', 'more'],
    ['{"done":"\\uDC00"}', 'done'],
  ])('is refused in a body: %s', async (body, path) => {
    const { app } = openTestApp();
    expect(await problemOf(await post(app, body))).toMatchObject({ code: 'invalid_request', status: 400, fields: [{ path }] });
  });

  it('is told from whole surrogate pairs and escaped backslashes', async () => {
    const { app } = openTestApp();
    expect(await (await post(app, String.raw`{"done":"\ud83d\ude00 \\u0000"}`)).json()).toEqual({ done: String.raw`😀 \u0000` });
  });
});

describe('bodies', () => {
  const post = (app: ReturnType<typeof openTestApp>['app'], body: string, headers: Record<string, string>) =>
    app.request('/echo', { method: 'POST', body, headers });
  const json = { 'content-type': 'application/json' };

  it.each(['text/plain', 'application/x-www-form-urlencoded', 'multipart/form-data; boundary=x', 'application/jsonp', 'x'])(
    'of another kind than JSON are answered 415: %s',
    async (contentType) => {
      const { app, lines } = openTestApp();
      const response = await post(app, '{"done":"yes"}', { 'content-type': contentType });
      expect(await problemOf(response)).toMatchObject({ code: 'unsupported_media_type', status: 415 });
      expect(lines.filter(({ level }) => level === 'error')).toEqual([]);
    },
  );

  it('that are missing are not valid', async () => {
    const { app } = openTestApp();
    expect(await problemOf(await app.request('/echo', { method: 'POST' }))).toMatchObject({ code: 'invalid_request', status: 400 });
  });

  it('may be nested 64 levels deep and not one more', async () => {
    const { app } = openTestApp();
    const nested = (levels: number) => `{"done":"]]}}","more":${'['.repeat(levels)}${']'.repeat(levels)}}`;
    expect((await post(app, nested(63), json)).status).toBe(200);
    expect(await problemOf(await post(app, nested(64), json))).toMatchObject({ code: 'invalid_request', status: 400 });
    expect((await post(app, '['.repeat(500_000), json)).status).toBe(400);
  });

  it('change no prototype', async () => {
    const { app } = openTestApp();
    const answers = await Promise.all(
      [
        '{"done":"x","__proto__":{"polluted":1}}',
        '{"done":"x","constructor":{"prototype":{"polluted":1}}}',
        '{"__proto__":{"done":"x"}}',
      ].map(async (body) => (await post(app, body, json)).status),
    );
    expect(answers).toEqual([400, 400, 400]);
    expect(Object.hasOwn(Object.prototype, 'polluted')).toBe(false);
    expect((await app.request('/list?__proto__[limit]=1&constructor=2')).status).toBe(400);
  });
});

describe('a target', () => {
  it('may have 8 kB', async () => {
    const { app } = openTestApp();
    expect(await problemOf(await app.request(`/list?cursor=${'x'.repeat(8_300)}`))).toMatchObject({ code: 'target_too_long', status: 414 });
    expect((await app.request(`/list?cursor=${'x'.repeat(8_000)}`)).status).toBe(400);
  });
});
