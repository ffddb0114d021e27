import type { LookupAddress } from 'node:dns';
import { createServer } from 'node:http';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { createServer as createRawServer } from 'node:net';
import type { AddressInfo, Server } from 'node:net';
import { gzipSync } from 'node:zlib';
import { afterEach, describe, expect, it } from 'vitest';
import type { OutboundRequest } from '#ports/outbound-http.ts';
import type { Resolve } from './checked-lookup.ts';
import type { OutboundHttpOptions } from './outbound-http.ts';
import { createOutboundHttp, OUTBOUND_RESPONSE_BYTES } from './outbound-http.ts';

const LOOPBACK = ['127.0.0.0/8'];
const opened: Server[] = [];

afterEach(() => {
  for (const server of opened.splice(0)) server.close();
});

async function listening(server: Server, host = '127.0.0.1'): Promise<number> {
  opened.push(server);
  await new Promise<void>((resolve) => server.listen(0, host, resolve));
  return (server.address() as AddressInfo).port;
}

type Seen = {
  readonly method: string | undefined;
  readonly url: string | undefined;
  readonly headers: IncomingMessage['headers'];
  body: string;
};

/** A server that answers with `answer` and remembers what came. */
async function serving(answer: (response: ServerResponse) => void): Promise<{ port: number; seen: Seen[] }> {
  const seen: Seen[] = [];
  const server = createServer((request, response) => {
    const came: Seen = { method: request.method, url: request.url, headers: request.headers, body: '' };
    seen.push(came);
    request.on('data', (piece: Buffer) => (came.body += piece.toString()));
    request.on('end', () => answer(response));
  });
  return { port: await listening(server), seen };
}

const json = (body: unknown) => (response: ServerResponse) =>
  void response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(body));

const get = (url: string, over: Partial<OutboundRequest> = {}): OutboundRequest => ({
  method: 'GET',
  url: new URL(url),
  headers: {},
  body: null,
  ...over,
});

const send = (request: OutboundRequest, over: Partial<OutboundHttpOptions> = {}) =>
  createOutboundHttp({ allowedNetworks: LOOPBACK, ...over }).send(request, { signal: new AbortController().signal });

const resolving =
  (...answers: (readonly string[])[]): Resolve =>
  (_, found) => {
    const addresses = answers.length > 1 ? answers.shift() : answers[0];
    found(
      null,
      (addresses ?? []).map((address): LookupAddress => ({ address, family: address.includes(':') ? 6 : 4 })),
    );
  };

describe('a request of a tool', () => {
  it('arrives as it was made, and its answer comes back with its status', async () => {
    const { port, seen } = await serving(json({ ok: true }));
    const request = get(`http://127.0.0.1:${port}/orders/7?full=1`, {
      method: 'POST',
      headers: { authorization: 'Bearer x' },
      body: '{"n":1}',
    });
    expect(await send(request)).toEqual({ kind: 'answered', status: 200, text: '{"ok":true}', isCut: false });
    expect(seen).toMatchObject([
      {
        method: 'POST',
        url: '/orders/7?full=1',
        body: '{"n":1}',
        headers: { authorization: 'Bearer x', 'content-type': 'application/json' },
      },
    ]);
  });

  it('to a name reaches the addresses that were judged', async () => {
    const { port, seen } = await serving(json({}));
    const answer = await send(get(`http://shop.example:${port}/`), { resolve: resolving(['127.0.0.1']) });
    expect(answer).toMatchObject({ kind: 'answered', status: 200 });
    expect(seen[0]?.headers.host).toBe(`shop.example:${port}`);
  });

  it.each([
    '127.0.0.1',
    '[::1]',
    '0.0.0.0',
    '127.1',
    '2130706433',
    '0x7f.1',
    '0177.0.0.1',
    '[::ffff:127.0.0.1]',
    '169.254.169.254',
    '10.0.0.1',
  ])('to the address %s is refused before anything is opened', async (host) => {
    const { port, seen } = await serving(json({}));
    expect(await send(get(`http://${host}:${port}/`), { allowedNetworks: [] })).toEqual({ kind: 'refused', reason: 'address_blocked' });
    expect(seen).toEqual([]);
  });

  it.each([
    ['localhost by the real resolver', 'localhost', undefined],
    ['a name of a private address', 'inside.example', resolving(['10.1.2.3'])],
    ['a name of a public and a private address', 'both.example', resolving(['93.184.215.14', '127.0.0.1'])],
    ['a name of an IPv4 address in IPv6', 'mapped.example', resolving(['::ffff:127.0.0.1'])],
    ['a name of the metadata address', 'meta.example', resolving(['169.254.169.254'])],
    ['a name of nothing', 'empty.example', resolving([])],
  ])('to %s is refused', async (_, host, resolve) => {
    const { port, seen } = await serving(json({}));
    const answer = await send(get(`http://${host}:${port}/`), { allowedNetworks: [], ...(resolve ? { resolve } : {}) });
    expect(answer).toEqual({ kind: 'refused', reason: 'address_blocked' });
    expect(seen).toEqual([]);
  });

  it('to a name that changes its address is judged by the lookup of its own connection, over https as over http', async () => {
    const { port, seen } = await serving(json({}));
    for (const scheme of ['http', 'https']) {
      const resolve = resolving(['127.0.0.1'], ['127.0.0.1'], ['127.0.0.2']);
      // The lab's network holds the first address alone: the name leaves it between two requests, as a rebinding name does.
      const client = createOutboundHttp({ allowedNetworks: ['127.0.0.1/32'], resolve });
      const signal = new AbortController().signal;
      const once = () => client.send(get(`${scheme}://rebind.example:${port}/`), { signal }).catch(() => 'sent');
      await once();
      await once();
      expect(await once()).toEqual({ kind: 'refused', reason: 'address_blocked' });
    }
    expect(seen).toHaveLength(2);
  });

  it('is not led elsewhere by a redirect', async () => {
    const target = await serving(json({ secret: 1 }));
    for (const status of [301, 302, 303, 307, 308]) {
      const { port } = await serving((response) => response.writeHead(status, { location: `http://127.0.0.1:${target.port}/` }).end());
      expect(await send(get(`http://127.0.0.1:${port}/`))).toEqual({ kind: 'refused', reason: 'redirected' });
    }
    expect(target.seen).toEqual([]);
  });

  it('to nobody, or to a name that nobody has, is refused', async () => {
    const port = await listening(createRawServer());
    opened.pop()?.close();
    expect(await send(get(`http://127.0.0.1:${port}/`))).toEqual({ kind: 'refused', reason: 'unreachable' });
    const resolve: Resolve = (_, found) => found(Object.assign(new Error('no such name'), { code: 'ENOTFOUND' }), []);
    expect(await send(get('http://nobody.example/'), { resolve })).toEqual({ kind: 'refused', reason: 'host_unknown' });
  });
});

describe('an answer', () => {
  it(`is read up to ${OUTBOUND_RESPONSE_BYTES} bytes, and the server is left with the rest`, async () => {
    let hasEnded = false;
    const { port } = await serving((response) => {
      response.writeHead(200, { 'content-type': 'text/plain' });
      const more = (): void => {
        while (!response.destroyed && response.write('x'.repeat(16_384)));
      };
      response.on('drain', more).on('close', () => (hasEnded = true));
      more();
    });
    const answer = await send(get(`http://127.0.0.1:${port}/`));
    expect(answer).toMatchObject({ kind: 'answered', isCut: true });
    expect(answer.kind === 'answered' ? answer.text.length : 0).toBe(OUTBOUND_RESPONSE_BYTES);
    await expect.poll(() => hasEnded).toBe(true);
  });

  it('that is no text, or is packed, is not read', async () => {
    const image = await serving((response) => response.writeHead(200, { 'content-type': 'image/png' }).end('x'.repeat(1_000)));
    expect(await send(get(`http://127.0.0.1:${image.port}/`))).toEqual({ kind: 'answered', status: 200, text: '', isCut: false });
    const bomb = gzipSync(Buffer.alloc(10_000_000));
    const packed = await serving((response) =>
      response.writeHead(200, { 'content-type': 'text/plain', 'content-encoding': 'gzip' }).end(bomb),
    );
    expect(await send(get(`http://127.0.0.1:${packed.port}/`))).toMatchObject({ text: '' });
    expect(packed.seen[0]?.headers['accept-encoding']).toBe('identity');
  });

  it('of an error is told with its status', async () => {
    const { port } = await serving((response) => response.writeHead(422, { 'content-type': 'text/plain' }).end('no such order'));
    expect(await send(get(`http://127.0.0.1:${port}/`))).toMatchObject({ kind: 'answered', status: 422, text: 'no such order' });
  });

  it.each([
    ['never begins', () => undefined],
    ['never ends', (response: ServerResponse) => void response.writeHead(200, { 'content-type': 'text/plain' }).write('x')],
  ])('that %s is given up in time, as a request of which nothing is known', async (_, answer) => {
    const { port } = await serving(answer);
    await expect(send(get(`http://127.0.0.1:${port}/`), { totalMs: 100 })).rejects.toThrow('answer did not come whole');
  });

  it('that trickles is given up in time, however steadily it comes', async () => {
    const { port } = await serving((response) => {
      response.writeHead(200, { 'content-type': 'text/plain' });
      const drip = setInterval(() => response.write('x'), 10);
      response.on('close', () => clearInterval(drip));
    });
    await expect(send(get(`http://127.0.0.1:${port}/`), { totalMs: 150 })).rejects.toThrow('answer did not come whole');
  });

  it('that is no HTTP, or has endless headers, ends the request and nothing else', async () => {
    for (const text of ['SSH-2.0-x\r\n\r\n', `HTTP/1.1 200 OK\r\n${'a: b\r\n'.repeat(10_000)}\r\n`]) {
      const port = await listening(createRawServer((socket) => socket.on('error', () => undefined).end(text)));
      await expect(send(get(`http://127.0.0.1:${port}/`))).rejects.toThrow('answer did not come whole');
    }
  });

  it('is not waited for once the conversation has ended', async () => {
    const { port } = await serving(() => undefined);
    const client = createOutboundHttp({ allowedNetworks: LOOPBACK });
    const signal = AbortSignal.timeout(50);
    await expect(client.send(get(`http://127.0.0.1:${port}/`), { signal })).rejects.toThrow('answer did not come whole');
  });
});

describe('many requests at once', () => {
  it('are refused beyond the limit, and taken again when one has ended', async () => {
    const waiting: ServerResponse[] = [];
    const { port } = await serving((response) => waiting.push(response));
    const client = createOutboundHttp({ allowedNetworks: LOOPBACK });
    const one = () => client.send(get(`http://127.0.0.1:${port}/`), { signal: new AbortController().signal });
    const all = Array.from({ length: 64 }, one);
    expect(await one()).toEqual({ kind: 'refused', reason: 'too_busy' });
    await expect.poll(() => waiting.length).toBe(64);
    for (const response of waiting.splice(0)) json({})(response);
    expect((await Promise.all(all)).map(({ kind }) => kind)).toEqual(Array.from({ length: 64 }, () => 'answered'));
    const after = one();
    await expect.poll(() => waiting.length).toBe(1);
    for (const response of waiting) json({})(response);
    expect(await after).toMatchObject({ kind: 'answered' });
  });
});
