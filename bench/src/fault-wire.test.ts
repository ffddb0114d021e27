import { once } from 'node:events';
import { connect, createServer } from 'node:net';
import type { AddressInfo, Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { openWire } from './fault-wire.ts';
import type { Wire } from './fault-wire.ts';

let stack: AsyncDisposableStack;
let wire: Wire;
let client: Socket;
let heard: string;

beforeEach(async () => {
  stack = new AsyncDisposableStack();
  const echo = createServer((socket) => void socket.on('error', () => undefined).pipe(socket));
  echo.listen(0, '127.0.0.1');
  await once(echo, 'listening');
  stack.defer(() => void echo.close());
  const free = createServer().listen(0, '127.0.0.1');
  await once(free, 'listening');
  const { port } = free.address() as AddressInfo;
  free.close();
  wire = stack.use(await openWire({ port, target: (echo.address() as AddressInfo).port }));
  client = connect(port, '127.0.0.1');
  stack.defer(() => void client.destroy());
  heard = '';
  client.on('error', () => undefined).on('data', (bytes: Buffer) => (heard += bytes.toString()));
  await once(client, 'connect');
});
afterEach(() => stack.disposeAsync());

it('passes everything on, in order, also when it is slow', async () => {
  wire.delay(20);
  for (const word of ['one ', 'two ', 'three']) {
    client.write(word);
    await sleep(1);
  }
  await expect.poll(() => heard).toBe('one two three');
});

it('holds what is frozen and gives it out when it thaws', async () => {
  client.write('GET /media/1\r\n');
  await expect.poll(() => heard).toBe('GET /media/1\r\n');
  wire.freeze((line) => line.includes('/media'));
  client.write('more');
  await sleep(50);
  expect(heard).toBe('GET /media/1\r\n');
  wire.thaw();
  await expect.poll(() => heard).toBe('GET /media/1\r\nmore');
});

it('cuts the connections that are meant and no others', async () => {
  client.write('GET /ari/events\r\n');
  await expect.poll(() => heard).not.toBe('');
  expect(wire.cut((line) => line.includes('/media'))).toBe(0);
  const closed = new Promise((resolve) => client.once('close', resolve));
  expect(wire.cut((line) => line.includes('/ari/events'))).toBe(1);
  await closed;
});
