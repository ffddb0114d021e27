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
    socket = connectGathered({ host: '127.0.0.1', port: (server.address() as AddressInfo).port });
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
});
