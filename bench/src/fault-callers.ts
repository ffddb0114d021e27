/** Faults of callers and of the sound between them and us. */
import { spawn } from 'node:child_process';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { mutatedSip } from '@centralita/e2e/sip-mutation.ts';
import { RIG_NUMBERS } from '@centralita/e2e/rig-seed.ts';
import { callersOwnEnd, fault, must } from './fault.ts';
import type { Fault } from './fault.ts';
import { faultAgents } from './fault-agents.ts';
import { converse, endedAs, greeted, callUp, heard, hungUp, noted, press, quiet, say } from './fault-talk.ts';
import type { FaultWorld } from './fault-world.ts';

/** The series of an end, and the line that tells it. */
const ended = (outcome: string): RegExp => new RegExp(`^centralita_calls_total\\{outcome="${outcome}"\\}`);
const saysEnd = (outcome: string): RegExp => new RegExp(`"outcome":"${outcome}".*"msg":"how a call ended"`);
/** A trunk's endpoint waits 30 s without a packet. */
const VANISHED_MS = 45_000;
const refused = /^centralita_calls_rejected_total/;

/** A damaged INVITE that Asterisk accepts is never acknowledged: its transaction lives for 64 times T1, its last BYE as long again. */
const TRANSACTION_MS = 75_000;

const endings: Fault[] = [
  fault({
    name: 'caller-gives-up-while-ringing',
    row: 34,
    fault: 'CANCEL races the answer',
    injection: 'five callers hang up within 0 to 120 ms of dialling',
    expected: 'no call is left, whichever came first',
    // Two that were over at once: the call after them may be short as well.
    metric: { series: /^centralita_call_seconds_bucket\{le="5",outcome="caller_hung_up"\}/, atLeast: 2 },
    cause: /"outcome":"caller_hung_up","reason":"hung up .*"durationMs":\d{1,3},"msg":"how a call ended"/,
    async inject(world, trial) {
      for (let index = 0; index < 5; index++) {
        const call = await world.place(trial, 'model');
        await sleep(index * 30);
        await call.hangUp();
      }
    },
    async expect(world, trial) {
      await converse(world, await greeted(world, trial, 'model'));
    },
  }),
  fault({
    name: 'caller-hangs-up-in-the-greeting',
    row: 34,
    fault: 'BYE in the middle of the first sentence',
    injection: 'BYE 100 ms after the first sound',
    expected: 'the call ends as the caller’s own end',
    metric: ended('caller_hung_up'),
    cause: /"outcome":"caller_hung_up".*"durationMs":[1-4]?\d{1,3},"msg":"how a call ended"/,
    async inject(world, trial) {
      const call = await callUp(world, trial, 'keys');
      await heard(call, call.startedAt);
      await sleep(100);
      await call.hangUp();
    },
    expect: (_world, trial) => endedAs(trial, 'caller_hung_up'),
  }),
  fault({
    name: 'caller-hangs-up-while-we-think',
    row: 34,
    fault: 'BYE while models are asked',
    injection: 'models that take 2 s, BYE 700 ms after the caller’s last word',
    expected: 'what was asked is cancelled, the call ends as the caller’s own end',
    metric: /^centralita_inference_request_seconds_count\{role="language_model",code="cancelled"\}/,
    cause: saysEnd('caller_hung_up'),
    async inject(world, trial) {
      const call = await greeted(world, trial, 'model');
      await world.models.misbehave('language_model', { kind: 'late', ms: 2_000 });
      await say(world, call);
      await sleep(700);
      await call.hangUp();
    },
    expect: (_world, trial) => endedAs(trial, 'caller_hung_up'),
  }),
  fault({
    name: 'caller-is-silent',
    row: 37,
    fault: 'nobody speaks',
    injection: 'a caller who says nothing at all',
    expected: 'asked again, then a goodbye and the end',
    metric: ended('no_input'),
    cause: saysEnd('no_input'),
    async inject(world, trial) {
      const call = await greeted(world, trial, 'silent');
      await hungUp(call, 20_000);
    },
    expect: (_world, trial) => endedAs(trial, 'no_input'),
  }),
  fault({
    name: 'caller-never-stops',
    row: 37,
    fault: 'a call without end',
    injection: 'an agent whose calls may last 10 s, a caller who goes on',
    expected: 'ended at the limit',
    metric: ended('max_duration'),
    cause: saysEnd('max_duration'),
    async inject(world, trial) {
      const call = await callUp(world, trial, 'short');
      void call.say(new Int16Array(8_000 * 16).map((_, index) => ((index * 37) % 4_000) - 2_000)).catch(() => undefined);
      await hungUp(call, 25_000);
    },
    expect: (_world, trial) => endedAs(trial, 'max_duration'),
  }),
  fault({
    name: 'caller-is-never-understood',
    row: 4,
    fault: 'speech to text gives nothing usable',
    injection: 'texts without a meaning in the flow, three times',
    expected: 'asked again up to the limit, then a goodbye',
    metric: /^centralita_call_notes_total\{name="not_understood"\}/,
    cause: /"note":"not_understood"/,
    async inject(world, trial) {
      const call = await greeted(world, trial, 'impatient');
      for (let turn = 0; turn < 3 && call.state === 'answered'; turn++) await converse(world, call, turn).catch(() => undefined);
      await hungUp(call, 10_000);
    },
    expect: (_world, trial) => endedAs(trial, 'completed'),
  }),
  fault({
    name: 'caller-vanishes',
    row: 29,
    fault: 'a telephone dies in the call',
    injection: 'SIGKILL of the process of the telephone: no BYE, no packet',
    expected: 'hung up after the time without packets, the row closed',
    limitMs: 90_000,
    metric: ended('(caller_hung_up|failed)'),
    cause: /RTP timeout|lack of audio RTP/i,
    async inject(world, trial) {
      const child = spawn(
        process.execPath,
        [join(import.meta.dirname, 'fault-caller-cli.ts'), String(world.rig.ports.sip), faultAgents.model[0]],
        {
          stdio: ['ignore', 'pipe', 'inherit'],
        },
      );
      const answered = once(child.stdout, 'data');
      await answered;
      await trial.until('the call is live', async () => (await trial.calls()).length > 0);
      child.kill('SIGKILL');
      await once(child, 'exit');
    },
    expect: (_world, trial) => endedAs(trial, /caller_hung_up|failed/, VANISHED_MS),
  }),
];

const noise: Fault[] = [
  fault({
    name: 'keys-in-a-flood',
    row: 35,
    fault: 'a key pressed again and again, and all of them at once',
    injection: '30 keys without a pause between them, in a question for one',
    expected: 'the call goes on and answers the next key',
    metric: { series: /^centralita_call_notes_total\{name="dtmf"\}/, atLeast: 20 },
    cause: /"note":"dtmf","digit":"[*#]"/,
    async inject(world, trial) {
      const call = await greeted(world, trial, 'keys');
      await Promise.all('123456789*0#123456789*0#147258'.split('').map((digit) => call.sendDtmf(digit)));
      return call;
    },
    async expect(_world, _trial, call) {
      await sleep(1_500);
      must(call.state === 'answered', `the call is ${call.state}`);
      await quiet(call);
      await press(call, '5');
    },
  }),
  fault({
    name: 'sound-from-a-stranger',
    row: 28,
    fault: 'RTP from a foreign source',
    injection: '600 packets of noise from another port to every RTP port in use',
    expected: 'discarded: the caller’s own sentence is understood and answered',
    ...callersOwnEnd,
    async inject(world, trial) {
      const call = await greeted(world, trial, 'model');
      await sprayRtp(await rtpPortsInUse(world));
      return call;
    },
    async expect(world, trial, call) {
      await converse(world, call);
      const said = (await trial.turns()).filter(({ role }) => role === 'caller');
      must(said.length <= 1, `${said.length} turns of the caller: the stranger was listened to`);
    },
  }),
  fault({
    name: 'malformed-sip',
    row: 32,
    fault: 'SIP and SDP that no telephone sends',
    injection: '300 damaged messages beside a live call',
    expected: 'no crash, the call goes on',
    metric: refused,
    cause: /call refused/,
    limitMs: 60_000,
    settleMs: TRANSACTION_MS,
    async inject(world, trial) {
      const call = await greeted(world, trial, 'model');
      const sent = sendDamaged(world, 300);
      await converse(world, call);
      await sent;
      return call;
    },
    expect: (world, _trial, call) => converse(world, call, 1),
  }),
  fault({
    name: 'registrations-are-guessed',
    row: 31,
    fault: 'REGISTER brute force',
    injection: '1,500 REGISTERs in 3 s beside a live call',
    expected: 'each is refused; the call is answered as ever',
    metric: callersOwnEnd.metric,
    cause: /No matching endpoint|Failed to authenticate|AOR '' not found/i,
    async inject(world, trial) {
      const call = await greeted(world, trial, 'model');
      const flood = registerFlood(world, 1_500);
      await converse(world, call);
      await flood;
      return call;
    },
    expect: (world, _trial, call) => converse(world, call, 1),
  }),
  fault({
    name: 'nobody-answers-a-transfer',
    row: 36,
    fault: 'the telephone that a call is sent to is not there',
    injection: 'a transfer to an extension that is not registered',
    expected: 'the agent takes the caller back and says so',
    metric: /^centralita_call_notes_total\{name="transfer_ended"\}/,
    cause: /"note":"transfer_ended","outcome":"(no_answer|busy|failed)"/,
    async inject(world, trial) {
      const call = await greeted(world, trial, 'transfer');
      await press(call, '0');
      return call;
    },
    async expect(world, trial, call) {
      await noted(trial, 'transfer_ended');
      must(call.state === 'answered', `the call is ${call.state}`);
      await converse(world, call);
    },
  }),
];

export const callerFaults: readonly Fault[] = [...endings, ...noise];

/** Ports of Asterisk's range that somebody listens on, from the kernel's own table. */
async function rtpPortsInUse(world: FaultWorld): Promise<readonly number[]> {
  const rows = (await readFile('/proc/net/udp', 'utf8')).split('\n').slice(1);
  const ports = rows.map((row) => Number.parseInt(row.trim().split(/\s+/)[1]?.split(':')[1] ?? '0', 16));
  return ports.filter((port) => port >= world.rig.ports.rtpFirst && port <= world.rig.ports.rtpLast && port % 2 === 0);
}

async function sprayRtp(ports: readonly number[]): Promise<void> {
  must(ports.length > 0, 'no RTP port is in use');
  const socket = createSocket('udp4');
  for (let index = 0; index < 600; index++) {
    const packet = Buffer.alloc(172, index % 2 === 0 ? 0x20 : 0xa0);
    packet.writeUInt8(0x80, 0);
    packet.writeUInt8(0, 1);
    packet.writeUInt16BE(index, 2);
    packet.writeUInt32BE(index * 160, 4);
    packet.writeUInt32BE(0x0bad_cafe, 8);
    for (const port of ports) socket.send(packet, port, '127.0.0.1');
    if (index % 20 === 0) await sleep(20);
  }
  socket.close();
}

/** Half of it for a number that nobody owns. */
async function sendDamaged(world: FaultWorld, count: number): Promise<void> {
  const socket = createSocket('udp4').bind(0, '127.0.0.1');
  await once(socket, 'listening');
  const from = { host: '127.0.0.1', port: socket.address().port };
  const server = `127.0.0.1:${world.rig.ports.sip}`;
  for (const dialled of [RIG_NUMBERS.unknown, faultAgents.memory[0]]) {
    for (const bytes of mutatedSip({ seed: Number(dialled), count: count / 2, server, dialled, from })) {
      socket.send(bytes, world.rig.ports.sip, '127.0.0.1');
      await sleep(5);
    }
  }
  socket.close();
}

async function registerFlood(world: FaultWorld, count: number): Promise<void> {
  const socket = createSocket('udp4').bind(0, '127.0.0.1');
  await once(socket, 'listening');
  const { port } = socket.address();
  const server = `127.0.0.1:${world.rig.ports.sip}`;
  for (let index = 0; index < count; index++) {
    const user = `guess${index % 50}`;
    const lines = [
      `REGISTER sip:${server} SIP/2.0`,
      `Via: SIP/2.0/UDP 127.0.0.1:${port};branch=z9hG4bKguess${index}`,
      'Max-Forwards: 70',
      `From: <sip:${user}@${server}>;tag=${index}`,
      `To: <sip:${user}@${server}>`,
      `Call-ID: guess-${index}`,
      'CSeq: 1 REGISTER',
      `Contact: <sip:${user}@127.0.0.1:${port}>`,
      `Authorization: Digest username="${user}", realm="asterisk", nonce="1/abc", uri="sip:${server}", response="${'0'.repeat(32)}"`,
      'Content-Length: 0',
    ];
    socket.send(`${lines.join('\r\n')}\r\n\r\n`, world.rig.ports.sip, '127.0.0.1');
    if (index % 50 === 49) await sleep(100);
  }
  socket.close();
}
