import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { expect, it } from 'vitest';
import { openSipCaller } from './sip-caller.ts';
import { parseSip } from './sip-message.ts';

/** Two callers that take each other for the server: the same program on both ends of a real socket pair. */
async function openPair() {
  const reserved = createSocket('udp4').bind(0, '127.0.0.1');
  await once(reserved, 'listening');
  const { port } = reserved.address();
  reserved.close();
  await once(reserved, 'close');
  const alice = await openSipCaller({ server: { host: '127.0.0.1', port } });
  const bob = await openSipCaller({ server: alice.address, localPort: port });
  return { alice, bob };
}

const tone = Int16Array.from({ length: 2_400 }, (_, i) => Math.round(8_000 * Math.sin(i * 0.7)));

it('a call is answered, carries sound both ways and ends when one side hangs up', async () => {
  const { alice, bob } = await openPair();
  const { promise: bobAnswered, resolve } = Promise.withResolvers<Awaited<ReturnType<typeof bob.call>>>();
  bob.onIncoming((offer) => void offer.answer().then(resolve));
  const signal = AbortSignal.timeout(10_000);
  const call = await alice.call('100', { signal });
  expect((await call.outcome).kind).toBe('answered');
  const theirs = await bobAnswered;
  const spoken = await call.say(tone);
  expect(spoken.endedAt - spoken.startedAt).toBeGreaterThan(250);
  await theirs.say(tone);
  const heardAt = await theirs.waitForAudio({ signal });
  const silentSince = await call.waitForSilence(60, { signal });
  expect(call.firstAudioAt()).toBeLessThan(silentSince);
  expect(heardAt).toBeGreaterThanOrEqual(spoken.startedAt);
  const audible = theirs.received().levelDbfs.filter((level) => level > -50);
  expect(audible).toHaveLength(15);
  await call.hangUp();
  expect((await theirs.ended).kind).toBe('hung_up_by_them');
  expect([call.state, theirs.state]).toEqual(['ended', 'ended']);
  await expect(call.say(tone)).rejects.toThrow(/has ended/);
  await Promise.all([alice[Symbol.asyncDispose](), bob[Symbol.asyncDispose]()]);
});

it('a refusal, a cancelled call and a telephone without anybody are outcomes, not errors', async () => {
  const { alice, bob } = await openPair();
  const signal = AbortSignal.timeout(10_000);
  expect(await (await alice.call('1', { signal })).outcome).toMatchObject({ kind: 'rejected', status: 480 });
  bob.onIncoming((offer) => offer.reject(486, 'Busy Here'));
  expect(await (await alice.call('1', { signal })).outcome).toMatchObject({ kind: 'rejected', status: 486, reason: 'Busy Here' });
  const { promise: rings, resolve } = Promise.withResolvers<{ cancelled: Promise<void>; answer: () => Promise<unknown> }>();
  bob.onIncoming(resolve);
  const giveUp = new AbortController();
  const call = await alice.call('1', { signal: giveUp.signal });
  const offer = await rings;
  giveUp.abort();
  expect(await call.outcome).toMatchObject({ kind: 'cancelled' });
  await offer.cancelled;
  await expect(offer.answer()).rejects.toThrow(/no longer rings/);
  await Promise.all([alice[Symbol.asyncDispose](), bob[Symbol.asyncDispose]()]);
});

it('repeats an INVITE that is not answered and survives garbage on its port', async () => {
  const server = createSocket('udp4').bind(0, '127.0.0.1');
  await once(server, 'listening');
  const { address: host, port } = server.address();
  await using caller = await openSipCaller({ server: { host, port } });
  const call = await caller.call('100', { signal: AbortSignal.timeout(10_000) });
  const [first, from] = (await once(server, 'message')) as [Buffer, { port: number }];
  for (const garbage of ['', '\r\n\r\n', 'SIP/2.0 200 OK\r\n\r\n', 'BYE x SIP/2.0\r\nA: b\r\n\r\n']) server.send(garbage, from.port, host);
  const repeated = async (): Promise<Buffer> => {
    const [bytes] = (await once(server, 'message')) as [Buffer];
    return parseSip(bytes)?.kind === 'request' ? bytes : repeated();
  };
  expect((await repeated()).equals(first)).toBe(true);
  const invite = first.toString();
  const field = (name: string) => new RegExp(`^${name}: .*$`, 'm').exec(invite)?.[0] ?? '';
  const headers = ['Via', 'From', 'To', 'Call-ID', 'CSeq'].map(field).join('\r\n');
  server.send(`SIP/2.0 503 Service Unavailable\r\n${headers}\r\nContent-Length: 0\r\n\r\n`, from.port, host);
  expect(await call.outcome).toMatchObject({ kind: 'rejected', status: 503 });
  server.close();
});
