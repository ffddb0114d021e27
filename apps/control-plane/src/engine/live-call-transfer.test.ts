// Putting the caller through to a person.
import { expect, it } from 'vitest';
import { PROMPTS } from './testing/clinic-agent.ts';
import { NOTHING_OPEN, openEngineRig } from './testing/engine-rig.ts';

it('a caller who talks to a representative has a transferred call', async () => {
  await using rig = openEngineRig();
  const leg = await rig.greeted({ transfer: { outcome: { kind: 'bridged', talkedMs: 5_000 }, afterMs: 6_000 } });
  await rig.says(leg, 'a person please');
  await rig.clock.runUntil('the call ended', () => rig.journal.ends().length === 1);
  expect(leg.transfers).toEqual([{ organizationSlug: 'clinica', extension: '200' }]);
  expect(rig.said().at(-1)).toBe(`agent: ${PROMPTS.person}`);
  expect(rig.journal.notes().slice(-2)).toEqual(['transfer_started', 'transfer_ended']);
  expect(rig.journal.ends()[0]?.outcome).toBe('transferred');
  expect(rig.leftOpen([leg])).toEqual(NOTHING_OPEN);
});

for (const outcome of [{ kind: 'no_answer' }, { kind: 'busy' }, { kind: 'failed', cause: 'no route' }] as const) {
  it(`goes on with the caller when the transfer ends with ${outcome.kind}`, async () => {
    await using rig = openEngineRig();
    const leg = await rig.greeted({ transfer: { outcome, afterMs: 2_000 } });
    await rig.says(leg, 'a person please');
    await rig.agentDone();
    await rig.agentDone();
    expect(rig.said().at(-1)).toBe(`agent: ${PROMPTS.sorry} ${PROMPTS.more}`);
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
  const leg = await rig.greeted({ transfer: { outcome: { kind: 'bridged', talkedMs: 60_000 }, afterMs: 60_000, answersAfterMs: 2_000 } });
  await rig.says(leg, 'a person please');
  await rig.agentDone();
  await rig.clock.run(5_000);
  leg.callerHangsUp();
  await rig.clock.run(50);
  expect(rig.journal.notes().slice(-2)).toEqual(['transfer_started', 'transfer_ended']);
  expect(rig.journal.ends().map((end) => end.outcome)).toEqual(['transferred']);
  expect(rig.leftOpen([leg])).toEqual(NOTHING_OPEN);
});

it('our sound may be lost while two people talk: they go on', async () => {
  await using rig = openEngineRig();
  const leg = await rig.greeted({ transfer: { outcome: { kind: 'bridged', talkedMs: 8_000 }, afterMs: 10_000, answersAfterMs: 2_000 } });
  await rig.says(leg, 'a person please');
  await rig.agentDone();
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
