import { once } from 'node:events';
import { createServer } from 'node:net';
import type { AddressInfo, Socket } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { connectGathered } from './gathered-socket.ts';

describe('a gathered socket', () => {
  const server = createServer();
  const received: string[] = [];
  let socket: Socket;
  beforeAll(async () => {
    server.on('connection', (peer) => void peer.setEncoding('utf8').on('data', (text: string) => received.push(text)));
    await once(server.listen(0, '127.0.0.1'), 'listening');
    socket = connectGathered({ host: '127.0.0.1', port: (server.address() as AddressInfo).port }, () => {});
  });
  afterAll(() => {
    socket.destroy();
    server.close();
  });

  it('keeps what is written before it has connected, in its order', async () => {
    socket.write('one ');
    socket.write('two ');
    await expect.poll(() => received.join('')).toBe('one two ');
  });

  it('holds what is written in one turn of the event loop and sends it at its end', async () => {
    const sentBefore = socket.bytesWritten;
    for (const text of ['three ', 'four ']) socket.write(text);
    expect([socket.writableLength, socket.writableCorked]).toEqual([11, 1]);
    await expect.poll(() => received.join('')).toBe('one two three four ');
    expect([socket.writableLength, socket.writableCorked, socket.bytesWritten - sentBefore]).toEqual([0, 0, 11]);
  });

  it('tells a connection that the server ended as an error, and closes in a later turn of the event loop', async () => {
    const ending = createServer((peer) => peer.end('last '));
    await once(ending.listen(0, '127.0.0.1'), 'listening');
    const told: string[] = [];
    const ended = connectGathered({ host: '127.0.0.1', port: (ending.address() as AddressInfo).port }, () => told.push('lost'));
    ended.on('data', (text: Buffer) => told.push(String(text)));
    ended.on('error', (error: NodeJS.ErrnoException) => {
      told.push(String(error.code));
      setImmediate(() => told.push('turn over', String(ended.write('rollback'))));
    });
    ended.on('close', (hadError) => told.push(`closed ${hadError}`));
    await expect.poll(() => told).toEqual(['last ', 'ECONNRESET', 'turn over', 'false', 'lost', 'closed true']);
    ending.close();
  });

  it('closes without an error when the end was ours', async () => {
    const ending = createServer((peer) => void peer.resume());
    await once(ending.listen(0, '127.0.0.1'), 'listening');
    const told: string[] = [];
    const ended = connectGathered({ host: '127.0.0.1', port: (ending.address() as AddressInfo).port }, () => told.push('lost'));
    ended.resume().end('terminate');
    expect(await once(ended, 'close')).toEqual([false]);
    ending.close();
    expect(told).toEqual([]);
  });

  it('is not lost when it was never there', async () => {
    const taken = createServer();
    await once(taken.listen(0, '127.0.0.1'), 'listening');
    const { port } = taken.address() as AddressInfo;
    await new Promise((resolve) => taken.close(resolve));
    const told: string[] = [];
    const refused = connectGathered({ host: '127.0.0.1', port }, () => told.push('lost'));
    refused.on('error', (error: NodeJS.ErrnoException) => told.push(String(error.code)));
    refused.on('close', () => told.push('closed'));
    await expect.poll(() => told).toEqual(['ECONNREFUSED', 'closed']);
  });
});
