import { once } from 'node:events';
import { connect } from 'node:net';
import { describe, expect, it } from 'vitest';
import type { Log } from '#shared/log.ts';
import { silentLog } from '#shared/log.ts';
import { openHttpServer } from './server.ts';
import { openTestApp } from './test-app.ts';

/** Sends bytes as they are and gives what comes back until the server closes. */
async function sendRaw(address: string, request: string): Promise<{ status: number; head: string; body: Record<string, unknown> }> {
  const socket = connect(Number(new URL(address).port), '127.0.0.1');
  socket.write(request, 'latin1');
  let text = '';
  for await (const chunk of socket.setEncoding('utf8')) text += String(chunk);
  const [head = '', body = ''] = text.split('\r\n\r\n');
  return { status: Number(head.split(' ')[1]), head: head.toLowerCase(), body: JSON.parse(body) as Record<string, unknown> };
}

const close = 'Connection: close\r\n\r\n';

describe('the HTTP server', () => {
  it('listens on a free port, serves, and is gone when it is closed', async () => {
    const { app } = openTestApp();
    const server = await openHttpServer({ app, host: '127.0.0.1', port: 0 });
    expect((await fetch(`${server.address}/list`)).status).toBe(200);
    await server[Symbol.asyncDispose]();
    await expect(fetch(`${server.address}/list`)).rejects.toThrow('fetch failed');
  });

  it('closes a connection beyond the limit at once, and serves again when one has gone', async () => {
    const { app } = openTestApp();
    await using server = await openHttpServer({ app, host: '127.0.0.1', port: 0, maxConnections: 1 });
    const held = connect(Number(new URL(server.address).port), '127.0.0.1');
    await once(held, 'connect');
    const request = `GET /list HTTP/1.1\r\nHost: x\r\n${close}`;
    expect(await sendRaw(server.address, request).catch(() => 'closed')).toBe('closed');
    held.destroy();
    await expect
      .poll(() =>
        sendRaw(server.address, request).then(
          ({ status }) => status,
          () => 'closed',
        ),
      )
      .toBe(200);
  });

  it('names the port that is taken', async () => {
    const { app } = openTestApp();
    await using server = await openHttpServer({ app, host: '127.0.0.1', port: 0 });
    const port = Number(new URL(server.address).port);
    await expect(openHttpServer({ app, host: '127.0.0.1', port })).rejects.toThrow(`127.0.0.1:${port}`);
  });

  it('hands the application the connection of a request', async () => {
    const { app } = openTestApp();
    let address: string | undefined;
    const fetchApp = (request: Request, bindings?: { incoming: { socket: { remoteAddress?: string | undefined } } }) => {
      address = bindings?.incoming.socket.remoteAddress;
      return app.fetch(request, bindings);
    };
    await using server = await openHttpServer({ app: { fetch: fetchApp }, host: '127.0.0.1', port: 0 });
    expect((await fetch(`${server.address}/list`)).status).toBe(200);
    expect(address).toBe('127.0.0.1');
  });

  it('says how many connections it closed because no whole request came, also where nothing was said at all', async () => {
    let told = 0;
    const log: Log = { ...silentLog, warn: (fields: { connections: number }) => void (told += fields.connections) } as Log;
    await using server = await openHttpServer({ app: openTestApp().app, host: '127.0.0.1', port: 0, log });
    const { hostname, port } = new URL(server.address);
    const sockets = ['', '', 'GET /list HTTP/1.1\r\nX-'].map((start) => {
      const socket = connect(Number(port), hostname).resume();
      socket.write(start);
      return socket;
    });
    await Promise.all(sockets.map((socket) => once(socket, 'close')));
    await expect.poll(() => told).toBe(sockets.length);
  }, 20_000);

  it('a HEAD whose headers are too large is answered without a body', async () => {
    await using server = await openHttpServer({ app: openTestApp().app, host: '127.0.0.1', port: 0 });
    const { hostname, port } = new URL(server.address);
    const socket = connect(Number(port), hostname);
    let answer = '';
    socket.setEncoding('latin1').on('data', (part: string) => (answer += part));
    socket.write(`HEAD /list HTTP/1.1\r\nHost: x\r\nx-long: ${'x'.repeat(20_000)}\r\n${close}`);
    await once(socket, 'close');
    expect(answer).toMatch(/^HTTP\/1\.1 431 [^]*\r\n\r\n$/);
  });

  it.each([
    ['no HTTP at all', 'hello\r\n\r\n', 400, 'invalid_request'],
    ['a method that there is not', `MAKE /list HTTP/1.1\r\nHost: x\r\n${close}`, 400, 'invalid_request'],
    ['headers over 16 kB', `GET /list HTTP/1.1\r\nHost: x\r\nx-long: ${'x'.repeat(20_000)}\r\n${close}`, 431, 'headers_too_large'],
    ['two lengths', `POST /echo HTTP/1.1\r\nHost: x\r\ncontent-length: 1\r\ncontent-length: 2\r\n${close}`, 400, 'invalid_request'],
    ['a target over 8 kB', `GET /list?cursor=${'x'.repeat(9_000)} HTTP/1.1\r\nHost: x\r\n${close}`, 414, 'target_too_long'],
    ['no Host', `GET /list HTTP/1.1\r\n${close}`, 400, 'invalid_request'],
    ['a Host that is none', `GET /list HTTP/1.1\r\nHost: a b/c\r\n${close}`, 400, 'invalid_request'],
    ['a backslash in the path', `GET /a\\b HTTP/1.1\r\nHost: x\r\n${close}`, 400, 'invalid_request'],
    ['a tunnel', `CONNECT elsewhere:443 HTTP/1.1\r\nHost: x\r\n\r\n`, 405, 'method_not_allowed'],
    ['TRACE', `TRACE /list HTTP/1.1\r\nHost: x\r\n${close}`, 405, 'method_not_allowed'],
    ['an asterisk for a target', `OPTIONS * HTTP/1.1\r\nHost: x\r\n${close}`, 400, 'invalid_request'],
    ['a NUL in the path', `GET /things/%00 HTTP/1.1\r\nHost: x\r\n${close}`, 400, 'invalid_request'],
  ])('answers %s with a problem', async (_what, ...[request, status, code]) => {
    const { app } = openTestApp();
    await using server = await openHttpServer({ app, host: '127.0.0.1', port: 0 });
    const answer = await sendRaw(server.address, request);
    expect(answer).toMatchObject({ status, body: { status, code, type: 'about:blank' } });
    expect(answer.head).toContain('content-type: application/problem+json');
  });

  it('takes a body of unknown length and refuses it over the limit', async () => {
    const { app } = openTestApp();
    await using server = await openHttpServer({ app, host: '127.0.0.1', port: 0 });
    const post = (size: number) =>
      fetch(`${server.address}/echo`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: ReadableStream.from([Buffer.from(`{"done":"${'x'.repeat(size)}"}`)]),
        duplex: 'half',
      } as RequestInit);
    expect((await post(1_000)).status).toBe(200);
    expect((await post(1_100_000)).status).toBe(413);
  });

  it('cuts off a client that does not end its headers', async () => {
    const { app } = openTestApp();
    await using server = await openHttpServer({ app, host: '127.0.0.1', port: 0 });
    expect(await sendRaw(server.address, 'GET /list HTTP/1.1\r\nHost: x\r\n')).toMatchObject({
      status: 408,
      body: { code: 'request_timeout' },
    });
  });
});
