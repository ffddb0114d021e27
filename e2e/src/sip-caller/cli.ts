// One call from the command line: say, press, listen, record, and tell what happened as one line of JSON. Exit 0 when it was answered, 3 when not.
import { setTimeout as sleep } from 'node:timers/promises';
import { writeWav } from '#e2e/wav.ts';
import type { Received } from './rtp-timeline.ts';
import { AUDIBLE_DBFS } from './rtp-timeline.ts';
import { parseScript, soundOf, usage } from './script.ts';
import type { Script } from './script.ts';
import type { SipCall, SipOutcome } from './sip-call.ts';
import { openSipCaller } from './sip-caller.ts';

/** Times are milliseconds after the answer; `setupMs` is from INVITE to answer. */
type Report = {
  readonly number: string;
  readonly outcome: SipOutcome['kind'];
  readonly status: number | null;
  readonly setupMs: number | null;
  readonly endedBy: string;
  readonly firstAudioMs: number | null;
  readonly lastAudioMs: number | null;
  readonly audibleMs: number;
  readonly packets: number;
  /** When the recording's first sample came. */
  readonly recordingStartMs: number | null;
  readonly said: readonly { readonly what: string; readonly startMs: number; readonly endMs: number }[];
};

async function play(call: SipCall, script: Script, answeredAt: number): Promise<Report['said']> {
  // Made before the clock runs: a voice that starts late would move everything behind it.
  const acts = await Promise.all(script.acts.map(async (act) => ({ act, pcm: act.kind === 'key' ? null : await soundOf(act) })));
  const said: { what: string; startMs: number; endMs: number }[] = [];
  for (const { act, pcm } of acts) {
    await Promise.race([sleep(Math.max(0, answeredAt + act.atMs - performance.now()), undefined, { ref: false }), call.ended]);
    if (call.state === 'ended') break;
    const spoken = await (act.kind === 'key' ? call.sendDtmf(act.digit) : call.say(pcm as Int16Array)).catch(() => null);
    const what = act.kind === 'text' ? act.text : act.kind === 'file' ? act.path : act.digit;
    if (spoken) said.push({ what, startMs: spoken.startedAt - answeredAt, endMs: spoken.endedAt - answeredAt });
  }
  return said;
}

async function run(script: Script): Promise<Report> {
  const password = process.env['SIP_PASSWORD'];
  await using caller = await openSipCaller({
    server: script.server,
    codec: script.codec,
    ...(script.username === null ? {} : { username: script.username }),
    ...(password === undefined ? {} : { password }),
  });
  const ringing = new AbortController();
  const giveUp = setTimeout(() => ringing.abort(), script.ringSeconds * 1_000);
  const call = await caller.call(script.number, { signal: ringing.signal });
  const outcome = await call.outcome;
  clearTimeout(giveUp);
  const answeredAt = outcome.atMs;
  const said = outcome.kind === 'answered' ? await play(call, script, answeredAt) : [];
  if (outcome.kind === 'answered') {
    const restMs = Math.max(0, answeredAt + script.seconds * 1_000 - performance.now());
    await Promise.race([sleep(restMs, undefined, { ref: false }), call.ended]);
  }
  const { kind: endedBy } = await call.hangUp();
  const received = call.received();
  if (script.recordPath !== null) await writeWav(script.recordPath, { pcm: received.pcm, hz: 8_000, channels: 1 });
  return {
    number: script.number,
    outcome: outcome.kind,
    status: outcome.kind === 'rejected' ? outcome.status : null,
    setupMs: outcome.kind === 'answered' ? outcome.atMs - call.startedAt : null,
    endedBy,
    ...heard(call, received, answeredAt),
    said,
  };
}

function heard(call: SipCall, received: Received, answeredAt: number) {
  const since = (at: number | null) => (at === null ? null : at - answeredAt);
  return {
    firstAudioMs: since(call.firstAudioAt()),
    lastAudioMs: since(call.lastAudioAt()),
    audibleMs: received.levelDbfs.filter((level) => level >= AUDIBLE_DBFS).length * 20,
    packets: received.arrivedAt.length,
    recordingStartMs: since(received.startedAt),
  };
}

try {
  const report = await run(parseScript(process.argv.slice(2)));
  console.log(JSON.stringify(report, (_, value: unknown) => (typeof value === 'number' ? Math.round(value * 10) / 10 : value)));
  process.exitCode = report.outcome === 'answered' ? 0 : 3;
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  console.error(usage);
  process.exitCode = 1;
}
