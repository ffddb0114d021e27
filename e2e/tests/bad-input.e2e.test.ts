import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { ulaw } from '@centralita/control-plane/audio/g711.ts';
import { formatSdp } from '@centralita/sip-caller/sdp.ts';
import { formatSip } from '@centralita/sip-caller/sip-message.ts';
import type { SipHeaders } from '@centralita/sip-caller/sip-message.ts';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { endedCall } from '#e2e/call-journal.ts';
import { textAt } from '#e2e/flow-texts.ts';
import { expectNothingLeft } from '#e2e/leftovers.ts';
import { RIG_NUMBERS } from '#e2e/rig-seed.ts';
import { testBasePort } from '#e2e/rig-ports.ts';
import { openRig } from '#e2e/rig.ts';
import type { Rig } from '#e2e/rig.ts';
import { mutatedSip } from '#e2e/sip-mutation.ts';
import { demoSpanish, openTestLines, people } from '#e2e/test-lines.ts';

let rig: Rig;
beforeAll(async () => {
  rig = await openRig({ name: 'bad-input', basePort: testBasePort() });
});
afterAll(() => rig[Symbol.asyncDispose]());
afterEach(() => expectNothingLeft(rig, { withinMs: TRANSACTION_MS }));

/** A damaged INVITE that Asterisk accepts is never acknowledged: its transaction lives for 64 times T1, its last BYE as long again. */
const TRANSACTION_MS = 75_000;

/** Sends the damaged messages, a hundred a second, half of them for a number with an agent behind it. */
async function sendDamagedSip(count: number): Promise<void> {
  const socket = createSocket('udp4');
  socket.bind(0, '127.0.0.1');
  await once(socket, 'listening');
  const from = { host: '127.0.0.1', port: socket.address().port };
  const server = `127.0.0.1:${rig.ports.sip}`;
  for (const dialled of [RIG_NUMBERS.unknown, RIG_NUMBERS.demoEnglish]) {
    for (const bytes of mutatedSip({ seed: Number(dialled), count: count / 2, server, dialled, from })) {
      socket.send(bytes, rig.ports.sip, '127.0.0.1');
      await sleep(10);
    }
  }
  socket.close();
}

describe('a call goes on', () => {
  test('while four hundred malformed SIP messages arrive', async () => {
    await using lines = openTestLines(rig);
    const { pid } = rig.controlPlane;
    const uptime = await rig.asterisk('core show uptime seconds');
    const caller = await lines.dial(people.spanish);
    expect((await caller.hear()).text).toBe(textAt(demoSpanish, 'greeting'));
    const sent = sendDamagedSip(400);
    await caller.say('horario de atención');
    expect((await caller.hear()).text).toBe(textAt(demoSpanish, 'hours'));
    await sent;
    await caller.say('quiero una cita');
    expect((await caller.hear()).text).toBe(textAt(demoSpanish, 'booking_day'));
    await caller.call.hangUp();
    expect(await endedCall(rig, people.spanish.number)).toMatchObject({ outcome: 'caller_hung_up' });
    expect([rig.controlPlane.pid, rig.controlPlane.isRunning()]).toEqual([pid, true]);
    const secondsUp = (text: string): number => Number(/System uptime: (\d+)/.exec(text)?.[1]);
    expect(secondsUp(await rig.asterisk('core show uptime seconds'))).toBeGreaterThan(secondsUp(uptime));
  });

  test('when the control connection to Asterisk is cut in the middle of it', async () => {
    await using lines = openTestLines(rig);
    const caller = await lines.dial(people.spanish);
    expect((await caller.hear()).text).toBe(textAt(demoSpanish, 'greeting'));
    const before = await rig.asterisk('ari show websocket sessions');
    await rig.asterisk('ari shutdown websocket sessions');
    await caller.say('horario de atención');
    expect((await caller.hear()).text).toBe(textAt(demoSpanish, 'hours'));
    expect(await rig.asterisk('ari show websocket sessions')).not.toBe(before);
    // Keys travel over the control connection alone: they prove that it is back.
    await caller.call.sendDtmf('2');
    expect((await caller.hear()).text).toBe(textAt(demoSpanish, 'booking_day'));
    await caller.call.hangUp();
    expect(await endedCall(rig, people.spanish.number)).toMatchObject({ outcome: 'caller_hung_up' });
  });
});

test('a caller who hangs up while the control connection is cut leaves nothing behind', async () => {
  await using lines = openTestLines(rig);
  const caller = await lines.dial(people.spanish);
  await caller.hearBeginning();
  const cut = rig.asterisk('ari shutdown websocket sessions');
  await caller.call.hangUp();
  await cut;
  expect((await endedCall(rig, people.spanish.number)).outcome).toMatch(/^(caller_hung_up|failed)$/);
});

test('a call whose Call-ID is no text is refused, and hides no other channel from the control plane', async () => {
  const socket = createSocket('udp4').bind(0, '127.0.0.1');
  await once(socket, 'listening');
  const { port } = socket.address();
  const headers: SipHeaders = [
    ['Via', `SIP/2.0/UDP 127.0.0.1:${port};rport;branch=z9hG4bK-unreadable`],
    ['Max-Forwards', '70'],
    ['From', '<sip:unreadable@127.0.0.1>;tag=unreadable'],
    ['To', `<sip:${RIG_NUMBERS.demoEnglish}@127.0.0.1>`],
    ['Call-ID', 'CALL-ID'],
    ['CSeq', '1 INVITE'],
    ['Contact', `<sip:unreadable@127.0.0.1:${port}>`],
    ['Content-Type', 'application/sdp'],
  ];
  const uri = `sip:${RIG_NUMBERS.demoEnglish}@127.0.0.1:${rig.ports.sip}`;
  const body = formatSdp({ host: '127.0.0.1', port: port + 2, codecs: [ulaw] });
  const whole = formatSip({ kind: 'request', method: 'INVITE', uri, headers, body }).toString('latin1');
  const answers: string[] = [];
  socket.on('message', (answer) => answers.push(answer.toString('latin1').split('\r\n', 1)[0] ?? ''));
  socket.send(Buffer.from(whole.replace('CALL-ID', 'b\xff\xe9@'), 'latin1'), rig.ports.sip, '127.0.0.1');
  await expect.poll(() => answers).toContain('SIP/2.0 403 Forbidden');
  socket.close();
});
