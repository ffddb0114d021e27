import { once } from 'node:events';
import { connect, createServer } from 'node:net';
import type { AddressInfo, Socket } from 'node:net';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { openFrameWire } from './frame-wire.ts';
import type { FrameWire } from './frame-wire.ts';
import { frameOf, OPCODES, takeFrame } from './web-socket-frame.ts';

const UPGRADED = 'HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n\r\n';
const textOf = (text: string): Buffer => frameOf(OPCODES.text, Buffer.from(text));

let stack: AsyncDisposableStack;
let wire: FrameWire;
let client: Socket;
let asterisk: Socket;
let heard: Buffer;

beforeEach(async () => {
  stack = new AsyncDisposableStack();
  const server = createServer((socket) => void (asterisk = socket.on('error', () => undefined)));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  stack.defer(() => void server.close());
  const free = createServer().listen(0, '127.0.0.1');
  await once(free, 'listening');
  const { port } = free.address() as AddressInfo;
  free.close();
  wire = stack.use(await openFrameWire({ port, target: (server.address() as AddressInfo).port }));
  client = connect(port, '127.0.0.1');
  stack.defer(() => void client.destroy());
  heard = Buffer.alloc(0);
  client.on('error', () => undefined).on('data', (bytes: Buffer) => (heard = Buffer.concat([heard, bytes])));
  const asked = once(server, 'connection').then(() => once(asterisk, 'data'));
  client.write('GET /ari/events?app=x HTTP/1.1\r\n\r\n');
  await asked;
});
afterEach(() => stack.disposeAsync());

/** The texts heard behind the upgrade, in order. */
function texts(): string[] {
  const all: string[] = [];
  let rest = heard.subarray(heard.indexOf('\r\n\r\n') + 4);
  for (let frame = takeFrame(rest); frame !== null; frame = takeFrame(rest)) {
    all.push(frame.payload.toString());
    rest = rest.subarray(frame.bytes.length);
  }
  return all;
}

it('puts a frame between two real ones, never into one', async () => {
  const second = textOf('second '.repeat(20));
  asterisk.write(Buffer.concat([Buffer.from(UPGRADED), textOf('first'), second.subarray(0, 50)]));
  await expect.poll(texts).toEqual(['first']);
  expect(wire.inject('events', { bytes: textOf('ours'), breaks: false })).toBe(true);
  asterisk.write(second.subarray(50));
  await expect.poll(texts).toEqual(['first', 'ours', 'second '.repeat(20)]);
  expect(wire.recentTexts).toEqual(['first', 'second '.repeat(20)]);
});

it('waits for the end of a message in parts', async () => {
  asterisk.write(Buffer.concat([Buffer.from(UPGRADED), frameOf(OPCODES.text, Buffer.from('begin'), { isFinal: false })]));
  await expect.poll(texts).toEqual(['begin']);
  expect(wire.inject('events', { bytes: textOf('ours'), breaks: false })).toBe(false);
  asterisk.write(frameOf(OPCODES.continuation, Buffer.from('end')));
  await expect.poll(texts).toEqual(['begin', 'end']);
  expect(wire.inject('events', { bytes: textOf('ours'), breaks: false })).toBe(true);
});

it('has nothing to disturb before the upgrade, on a socket of another kind, and on a broken one', async () => {
  expect(wire.inject('events', { bytes: textOf('ours'), breaks: false })).toBe(false);
  asterisk.write(UPGRADED);
  await expect.poll(() => wire.opened.events).toBe(1);
  expect(wire.inject('media', { bytes: textOf('ours'), breaks: false })).toBe(false);
  expect(wire.inject('events', { bytes: frameOf(3, Buffer.from('x')), breaks: true })).toBe(true);
  expect(wire.inject('events', { bytes: textOf('ours'), breaks: false })).toBe(false);
});
