// Putting the caller through to a person.
import { expect, it } from 'vitest';
import { PROMPTS } from './testing/clinic-agent.ts';
import { NOTHING_OPEN, openEngineRig } from './testing/engine-rig.ts';
import type { EngineRig } from './testing/engine-rig.ts';

/** The notes of a transfer that came to a talk. */
const TALKED = ['transfer_started', 'transfer_answered', 'transfer_briefed', 'transfer_ended'];

it('a caller who talks to a representative has a transferred call', async () => {
  await using rig = openEngineRig();
  const leg = await rig.greeted({ transfer: { outcome: { kind: 'bridged', talkedMs: 5_000 }, afterMs: 1_000 } });
  await rig.says(leg, 'a person please');
  await rig.clock.runUntil('the call ended', () => rig.journal.ends().length === 1);
  expect(leg.transfers).toEqual([{ organizationSlug: 'clinica', extension: '200' }]);
  expect(rig.said().at(-1)).toBe(`agent: ${PROMPTS.person}`);
  expect(rig.journal.notes().slice(-4)).toEqual(TALKED);
  expect(rig.journal.ends()[0]?.outcome).toBe('transferred');
  expect(rig.leftOpen([leg])).toEqual(NOTHING_OPEN);
});

/** The fields of the last note of this name. */
function noteOf(rig: EngineRig, name: string): Readonly<Record<string, unknown>> | null {
  const notes = rig.journal.events.filter((event) => event.kind === 'note');
  return notes.findLast((note) => note.name === name)?.fields ?? null;
}

it('whoever answers is told who calls before the two talk, in the language and voice of the agent', async () => {
  await using rig = openEngineRig();
  const leg = await rig.greeted({ transfer: 'by_hand', callerNumber: '+34600123456' });
  const before = rig.textToSpeech.requests.length;
  await rig.says(leg, 'a person please');
  await rig.agentDone();
  await rig.clock.run(1_000);
  // While it rings: nobody waits for it then.
  const spoken = rig.textToSpeech.requests.slice(before + 1);
  expect(spoken.map(({ text }) => text).join(' ')).toBe(
    'A call for clinic. Number plus 3 4 6, 0 0 1, 2 3 4, 5 6. Press 1 to talk now, or 2 to send the call back.',
  );
  expect(new Set(spoken.map(({ language, voice }) => `${language} ${voice}`))).toEqual(new Set(['en ana']));
  leg.representative().answers();
  await rig.clock.runUntil('the two talk', () => rig.journal.notes().includes('transfer_briefed'));
  expect(noteOf(rig, 'transfer_briefed')).toMatchObject({ by: 'end' });
  expect(Number(noteOf(rig, 'transfer_briefed')?.['heardMs'])).toBeGreaterThan(4_000);
  leg.representative().hangsUp();
  await rig.clock.runUntil('the call ended', () => rig.journal.ends().length === 1);
  expect(rig.leftOpen([leg])).toEqual(NOTHING_OPEN);
});

it('a key of whoever answers connects them at once', async () => {
  await using rig = openEngineRig();
  const leg = await rig.greeted({ transfer: 'by_hand' });
  await rig.says(leg, 'a person please');
  await rig.agentDone();
  await rig.clock.run(1_000);
  leg.representative().answers();
  await rig.clock.run(500);
  leg.representative().presses('1');
  await rig.clock.run(50);
  expect(noteOf(rig, 'transfer_briefed')).toMatchObject({ by: 'key' });
  expect(Number(noteOf(rig, 'transfer_briefed')?.['heardMs'])).toBeLessThan(1_000);
});

it('a brief that cannot be spoken keeps nobody from the person: they are connected without it, and it is noted', async () => {
  await using rig = openEngineRig();
  const leg = await rig.greeted({ transfer: { outcome: { kind: 'bridged', talkedMs: 1_000 }, afterMs: 1_000 } });
  await rig.says(leg, 'a person please');
  rig.textToSpeech.voice.failures.push({ isRetryable: false, afterChunks: 0 });
  await rig.clock.runUntil('the call ended', () => rig.journal.ends().length === 1);
  expect(rig.journal.notes().slice(-5)).toEqual([
    'transfer_started',
    'model_failed',
    'transfer_answered',
    'transfer_briefed',
    'transfer_ended',
  ]);
  expect(noteOf(rig, 'model_failed')).toMatchObject({ of: 'transfer_brief' });
  expect(noteOf(rig, 'transfer_briefed')).toMatchObject({ by: 'nothing', heardMs: 0 });
  expect(rig.journal.ends()[0]?.outcome).toBe('transferred');
});

it('nothing of a brief is made on when nobody is there to hear it', async () => {
  await using rig = openEngineRig();
  const leg = await rig.greeted({ transfer: { outcome: { kind: 'no_answer' }, afterMs: 1_000 } });
  rig.textToSpeech.voice.nextAfterMs = 1_000;
  await rig.says(leg, 'a person please');
  await rig.clock.runUntil('it rang in vain', () => rig.journal.notes().includes('transfer_ended'));
  rig.textToSpeech.voice.nextAfterMs = 0;
  await rig.clock.runUntil('the agent speaks', () => rig.said().some((turn) => turn.includes(PROMPTS.sorry)));
  expect(rig.textToSpeech.open()).toBe(0);
});

it('a caller who hangs up while somebody is told of the call has hung up', async () => {
  await using rig = openEngineRig();
  const leg = await rig.greeted({ transfer: 'by_hand' });
  await rig.says(leg, 'a person please');
  await rig.agentDone();
  await rig.clock.run(500);
  leg.representative().answers();
  await rig.clock.run(1_000);
  leg.callerHangsUp();
  await rig.clock.run(50);
  expect(rig.journal.ends().map((end) => end.outcome)).toEqual(['caller_hung_up']);
  expect(rig.journal.notes().slice(-3)).toEqual(['transfer_started', 'transfer_answered', 'transfer_ended']);
  expect(rig.leftOpen([leg])).toEqual(NOTHING_OPEN);
});

for (const outcome of [
  { kind: 'no_answer' },
  { kind: 'busy' },
  { kind: 'failed', cause: 'no route' },
  { kind: 'declined', by: 'refused' },
  { kind: 'declined', by: 'key' },
  { kind: 'declined', by: 'hung_up' },
] as const) {
  it(`goes on with the caller when the transfer ends with ${Object.values(outcome).join(' ')}`, async () => {
    await using rig = openEngineRig();
    const leg = await rig.greeted({ transfer: { outcome, afterMs: 2_000 } });
    await rig.says(leg, 'a person please');
    await rig.agentDone();
    await rig.agentDone();
    expect(rig.said().at(-1)).toBe(`agent: ${PROMPTS.sorry} ${PROMPTS.more}`);
    expect(noteOf(rig, 'transfer_ended')).toEqual({ outcome: outcome.kind });
    expect(noteOf(rig, 'transfer_declined')).toEqual(outcome.kind === 'declined' ? { by: outcome.by } : null);
    await rig.says(leg, 'that is all');
    await rig.agentDone();
    await rig.clock.run(500);
    expect(rig.journal.ends()[0]?.outcome).toBe('completed');
  });
}

it('takes neither speech nor keys while a representative is rung, and cannot be talked out of ringing', async () => {
  await using rig = openEngineRig();
  const leg = await rig.greeted({ transfer: { outcome: { kind: 'no_answer' }, afterMs: 4_000 } });
  await rig.says(leg, 'a person please');
  leg.media().callerSpeaks(600);
  await rig.agentDone();
  expect(leg.transfers).toEqual([{ organizationSlug: 'clinica', extension: '200' }]);
  leg.press('1');
  leg.media().callerSpeaks(800);
  await rig.agentDone();
  expect(rig.speechToText.requests).toHaveLength(1);
  expect(rig.said().at(-1)).toBe(`agent: ${PROMPTS.sorry} ${PROMPTS.more}`);
});

it('two misunderstandings in a row put the caller through', async () => {
  await using rig = openEngineRig();
  const leg = await rig.greeted({ transfer: { outcome: { kind: 'bridged', talkedMs: 100 }, afterMs: 1_000 } });
  await rig.says(leg, 'mumble');
  await rig.agentDone();
  await rig.says(leg, 'mumble');
  await rig.clock.runUntil('the call ended', () => rig.journal.ends().length === 1);
  expect(leg.transfers).toEqual([{ organizationSlug: 'clinica', extension: '200' }]);
  expect(rig.journal.notes().filter((name) => name === 'not_understood')).toHaveLength(2);
});

it('a caller who hangs up first after the talk has a transferred call too', async () => {
  await using rig = openEngineRig();
  const leg = await rig.greeted({ transfer: { outcome: { kind: 'bridged', talkedMs: 60_000 }, afterMs: 2_000 } });
  await rig.says(leg, 'a person please');
  await rig.clock.runUntil('the two talk', () => rig.journal.notes().includes('transfer_briefed'));
  await rig.clock.run(5_000);
  leg.callerHangsUp();
  await rig.clock.run(50);
  expect(rig.journal.notes().slice(-4)).toEqual(TALKED);
  expect(rig.journal.ends().map((end) => end.outcome)).toEqual(['transferred']);
  expect(rig.leftOpen([leg])).toEqual(NOTHING_OPEN);
});

it('our sound may be lost while two people talk: they go on', async () => {
  await using rig = openEngineRig();
  const leg = await rig.greeted({ transfer: { outcome: { kind: 'bridged', talkedMs: 8_000 }, afterMs: 2_000 } });
  await rig.says(leg, 'a person please');
  await rig.clock.runUntil('the two talk', () => rig.journal.notes().includes('transfer_briefed'));
  await rig.clock.run(4_000);
  leg.media().end('lost');
  await rig.clock.run(3_000);
  expect(rig.journal.ends()).toEqual([]);
  await rig.clock.runUntil('the call ended', () => rig.journal.ends().length === 1);
  expect(rig.journal.ends()[0]?.outcome).toBe('transferred');
});

it('without sound there is no going on when nobody answers: the call ends with its reason', async () => {
  await using rig = openEngineRig();
  const leg = await rig.greeted({ transfer: { outcome: { kind: 'no_answer' }, afterMs: 4_000 } });
  await rig.says(leg, 'a person please');
  await rig.agentDone();
  leg.media().end('lost');
  await rig.clock.runUntil('the call ended', () => rig.journal.ends().length === 1);
  expect(rig.journal.notes().slice(-2)).toEqual(['media_lost', 'transfer_ended']);
  expect(rig.journal.ends()[0]).toMatchObject({ outcome: 'failed', reason: 'media_lost' });
  expect(rig.leftOpen([leg])).toEqual(NOTHING_OPEN);
});
