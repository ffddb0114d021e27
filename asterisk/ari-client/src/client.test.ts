import { setTimeout as sleep } from 'node:timers/promises';
import { expect, test, vi } from 'vitest';
import { AriError, isConflict, isNotFound } from './ari-error.ts';
import { silentLog } from './ari-log.ts';
import { type AriNotification, type AriOptions, openAri } from './client.ts';
import { type StandInServer, openStandIn } from './testing/stand-in-server.ts';

const SIGNAL = new AbortController().signal;

function optionsFor(server: StandInServer, more: Partial<AriOptions> = {}): AriOptions {
  return { url: server.url, username: 'user', password: 'secret', application: 'app', signal: SIGNAL, ...more };
}

function collect(): { seen: AriNotification[]; types: () => string[]; listener: (notification: AriNotification) => void } {
  const seen: AriNotification[] = [];
  const types = (): string[] => seen.map((each) => (each.kind === 'event' ? each.event.type : each.kind));
  return { seen, types, listener: (notification) => void seen.push(notification) };
}

const destroyed = (id: number): object => ({ cause: 16, cause_txt: 'Normal', channel: { id: String(id) } });

test('a request travels over the socket and its result is parsed', async () => {
  await using server = await openStandIn({ answer: ({ uri }) => ({ status: 200, body: JSON.stringify({ id: uri }) }) });
  await using ari = await openAri(optionsFor(server));
  const bridge = await ari.call('bridges.create', { type: 'mixing', bridgeId: 'a/b c', variables: { X: '1' } });
  expect(bridge.id).toBe('bridges?type=mixing&bridgeId=a%2Fb%20c');
  expect(server.requests.at(-1)).toMatchObject({ transport: 'websocket', method: 'POST', body: '{"variables":{"X":"1"}}' });
  expect(server.application).toBe('app');
});

test('an operation without a result resolves with undefined', async () => {
  await using server = await openStandIn({ answer: () => ({ status: 204, body: '' }) });
  // 204 is not "ready", so the ping needs its own answer.
  await using ready = await openStandIn({
    answer: ({ uri }) => (uri === 'asterisk/ping' ? { status: 200, body: '{}' } : { status: 204, body: '' }),
  });
  await using ari = await openAri(optionsFor(ready));
  await expect(ari.call('channels.answer', { channelId: '1' })).resolves.toBeUndefined();
  await expect(openAri(optionsFor(server, { signal: AbortSignal.timeout(150) }))).rejects.toThrow('timeout');
});

test('404 and 409 can be told apart and carry the words of Asterisk', async () => {
  const answer = ({ uri }: { uri: string }): { status: number; body: string } => {
    if (uri.startsWith('channels/gone')) return { status: 404, body: '{"message":"Channel not found"}' };
    return uri.startsWith('channels') ? { status: 409, body: 'not JSON' } : { status: 200, body: '{}' };
  };
  await using server = await openStandIn({ answer });
  await using ari = await openAri(optionsFor(server));
  const gone = await ari.call('channels.answer', { channelId: 'gone' }).catch((error: unknown) => error);
  const left = await ari.call('channels.answer', { channelId: 'left' }).catch((error: unknown) => error);
  expect([isNotFound(gone), isConflict(gone), isNotFound(left), isConflict(left)]).toEqual([true, false, false, true]);
  expect(String(gone)).toContain('channels.answer refused 404: Channel not found');
});

test('an Asterisk that answers nothing on the socket is spoken to by HTTP', { timeout: 10_000 }, async () => {
  await using server = await openStandIn({ answersOnSocket: false });
  await using ari = await openAri(optionsFor(server));
  await ari.call('asterisk.ping', {});
  expect(ari.transport).toBe('http');
  expect(server.requests.every((request) => request.transport === 'http')).toBe(true);
});

test('events reach the listener in order, after "connected", and never while the listener is still at work', async () => {
  await using server = await openStandIn();
  let inside = 0;
  let deepest = 0;
  const order: string[] = [];
  await using ari = await openAri(
    optionsFor(server, {
      listener(notification) {
        deepest = Math.max(deepest, ++inside);
        if (notification.kind === 'event' && notification.event.type === 'ChannelDestroyed') order.push(notification.event.channel.id);
        else order.push(notification.kind);
        inside -= 1;
      },
    }),
  );
  for (let i = 0; i < 500; i += 1) server.event('ChannelDestroyed', destroyed(i));
  await vi.waitFor(() => expect(order).toHaveLength(501));
  expect(order).toEqual(['connected', ...Array.from({ length: 500 }, (_, i) => String(i))]);
  expect(deepest).toBe(1);
  expect(ari.transport).toBe('websocket');
});

test('malformed messages, unknown events and a listener that throws are logged; the events after them still arrive', async () => {
  await using server = await openStandIn();
  const warn = vi.fn<(fields: object, message: string) => void>();
  const error = vi.fn<(fields: object, message: string) => void>();
  const { types, listener } = collect();
  const dropped: string[] = [];
  const onDropped = (reason: string): void => void dropped.push(reason);
  await using ari = await openAri(optionsFor(server, { log: { ...silentLog, warn, error }, onDropped }));
  using _first = ari.subscribe(() => {
    throw new Error('a bug in a listener');
  });
  using _second = ari.subscribe(listener);
  for (const text of [
    '{"type":',
    '[1]',
    '"text"',
    '{"type":"FromTheFuture"}',
    '{"type":"ChannelDestroyed","cause":16}',
    '{"type":"constructor"}',
  ])
    server.say(text);
  for (const socket of server.sockets) socket.send(Buffer.from([1, 2, 3]));
  server.event('ChannelDestroyed', destroyed(7));
  await vi.waitFor(() => expect(types()).toEqual(['ChannelDestroyed']));
  const reasons = warn.mock.calls.map(([fields]) => (fields as { reason: string }).reason);
  expect(reasons).toEqual(['not_json', 'not_an_object', 'not_an_object', 'unknown_type', 'field_missing', 'unknown_type']);
  expect(dropped).toEqual(reasons);
  expect(error).toHaveBeenCalledTimes(1);
});

test('a slow listener makes the client stop reading instead of piling up messages, and nothing is lost', { timeout: 20_000 }, async () => {
  await using server = await openStandIn();
  const pressures: unknown[] = [];
  const warn = (fields: object): void => void pressures.push((fields as { pressed?: boolean }).pressed);
  let read = 0;
  await using ari = await openAri(optionsFor(server, { maxWaitingMessages: 50, log: { ...silentLog, warn } }));
  using _subscription = ari.subscribe(() => {
    const until = performance.now() + 0.2;
    while (performance.now() < until);
    read += 1;
  });
  for (let i = 0; i < 2_000; i += 1) server.event('ChannelDestroyed', destroyed(i));
  await vi.waitFor(() => expect(read).toBe(2_000), { timeout: 15_000 });
  expect(pressures).toContain(true);
  expect(pressures.at(-1)).toBe(false);
  await expect(ari.call('asterisk.ping', {})).resolves.toBeDefined();
});

test('after a cut the client reconnects by itself and says so in order', async () => {
  await using server = await openStandIn();
  const { types, listener } = collect();
  await using ari = await openAri(optionsFor(server, { listener }));
  for (const socket of server.sockets) socket.terminate();
  await vi.waitFor(() => expect(types()).toEqual(['connected', 'disconnected', 'connected']), { timeout: 5_000 });
  server.event('ChannelDestroyed', destroyed(1));
  await vi.waitFor(() => expect(types().at(-1)).toBe('ChannelDestroyed'));
  await vi.waitFor(() => expect(ari.transport).toBe('websocket'));
});

test('a GET that the cut interrupts is tried again, a POST is not', async () => {
  let cuts = 2;
  const answer = ({ uri }: { uri: string }): 'cut' | { status: number; body: string } => {
    if (uri === 'channels' && cuts-- > 0) return 'cut';
    return uri === 'bridges' ? 'cut' : { status: 200, body: '[]' };
  };
  await using server = await openStandIn({ answer });
  await using ari = await openAri(optionsFor(server));
  await expect(ari.call('channels.list', {})).resolves.toEqual([]);
  await vi.waitFor(() => expect(ari.transport).toBe('websocket'), { timeout: 5_000 });
  const failure = await ari.call('bridges.create', {}).catch((error: unknown) => error);
  expect(failure).toMatchObject({ kind: 'connection_lost', operation: 'bridges.create' });
  expect(server.requests.filter((request) => request.uri === 'bridges')).toHaveLength(1);
});

test('while the socket is down requests go by HTTP, and once Asterisk is gone the error says unreachable', async () => {
  const server = await openStandIn();
  await using ari = await openAri(optionsFor(server));
  await server[Symbol.asyncDispose]();
  const failure = await ari.call('channels.answer', { channelId: '1' }, { timeoutMs: 1_000 }).catch((error: unknown) => error);
  expect(failure).toBeInstanceOf(AriError);
  const idempotent = await ari.call('channels.list', {}, { timeoutMs: 300 }).catch((error: unknown) => error);
  expect(idempotent).toMatchObject({ kind: 'unreachable' });
});

test('a peer that answers no ping is given up and connected to again', { timeout: 10_000 }, async () => {
  await using server = await openStandIn({ answersPings: false });
  const { seen, listener } = collect();
  await using _ari = await openAri(optionsFor(server, { listener, deadPeerMs: 400 }));
  await vi.waitFor(
    () => expect(seen.find((each) => each.kind === 'disconnected')).toEqual({ kind: 'disconnected', reason: 'peer silent for 400 ms' }),
    5_000,
  );
});

test('a request ends with its own signal, with its time-out, and with the client', async () => {
  const answer = ({ uri }: { uri: string }): 'silence' | { status: number; body: string } =>
    uri === 'channels' ? 'silence' : { status: 200, body: '{}' };
  await using server = await openStandIn({ answer });
  const ari = await openAri(optionsFor(server));
  const controller = new AbortController();
  const aborted = ari.call('channels.list', {}, { signal: controller.signal });
  controller.abort(new Error('the caller hung up'));
  await expect(aborted).rejects.toThrow('the caller hung up');
  await expect(ari.call('channels.list', {}, { signal: controller.signal })).rejects.toThrow('the caller hung up');
  await expect(ari.call('channels.list', {}, { timeoutMs: 50 })).rejects.toMatchObject({ kind: 'timed_out' });
  const cutOff = ari.call('channels.list', {}).catch((error: unknown) => error);
  await ari[Symbol.asyncDispose]();
  expect(await cutOff).toMatchObject({ kind: 'closed' });
  await expect(ari.call('channels.list', {})).rejects.toMatchObject({ kind: 'closed' });
  await vi.waitFor(() => expect(server.sockets.size).toBe(0));
});

test('an Asterisk that stops answering on the socket is spoken to by HTTP until it answers there again', async () => {
  const answer = (request: { transport: string; uri: string }): 'silence' | { status: number; body: string } =>
    request.transport === 'websocket' && request.uri === 'bridges' ? 'silence' : { status: 200, body: '[]' };
  await using server = await openStandIn({ answer });
  await using ari = await openAri(optionsFor(server));
  expect(ari.transport).toBe('websocket');
  await expect(ari.call('bridges.list', {}, { timeoutMs: 50 })).rejects.toMatchObject({ kind: 'timed_out' });
  await expect(ari.call('bridges.list', {})).resolves.toEqual([]);
  expect(ari.transport).toBe('http');
  server.say(JSON.stringify({ type: 'RESTResponse', request_id: 'late', status_code: 200 }));
  await vi.waitFor(() => expect(ari.transport).toBe('websocket'));
});

test('opening waits for an Asterisk that is not up yet, until the signal ends it', async () => {
  const first = await openStandIn();
  const { port } = first;
  await first[Symbol.asyncDispose]();
  const options = { url: `http://127.0.0.1:${port}`, username: 'user', password: 'secret', application: 'app' };
  await expect(openAri({ ...options, signal: AbortSignal.timeout(200) })).rejects.toThrow('timeout');
  const opening = openAri({ ...options, signal: SIGNAL });
  await sleep(100);
  await using _server = await openStandIn({ port });
  await using ari = await opening;
  expect(ari.transport).toBe('websocket');
});

test('an open port whose operations still answer 404 is not ready', async () => {
  let pings = 0;
  const answer = (): { status: number; body: string } => (++pings < 3 ? { status: 404, body: '' } : { status: 200, body: '{}' });
  await using server = await openStandIn({ answer });
  await using _ari = await openAri(optionsFor(server));
  expect(pings).toBeGreaterThanOrEqual(3);
});

test('a wrong password fails at once', async () => {
  await using server = await openStandIn({ password: 'another' });
  await expect(openAri(optionsFor(server))).rejects.toMatchObject({ kind: 'refused', status: 401 });
});

test('a path parameter that is empty is refused before anything is sent', async () => {
  await using server = await openStandIn();
  await using ari = await openAri(optionsFor(server));
  await expect(ari.call('channels.hangup', { channelId: '' })).rejects.toThrow('needs a non-empty channelId');
});
