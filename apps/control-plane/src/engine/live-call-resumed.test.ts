// A call that goes on in another process: as the same call, from where it stood.
import { expect, it } from 'vitest';
import type { SurvivingLeg } from '#ports/call-control.ts';
import type { OpenCall } from '#ports/open-calls.ts';
import { newId } from '#shared/id.ts';
import { PROMPTS } from './testing/clinic-agent.ts';
import { NOTHING_OPEN, openEngineRig, PARDON_SAMPLE } from './testing/engine-rig.ts';
import type { EngineRig } from './testing/engine-rig.ts';

/** Crashes in effect: a first engine takes the call to `upTo`, a second one goes on with what the first one's journal holds. */
async function crash(
  upTo: (rig: EngineRig) => Promise<void>,
  survived: Partial<SurvivingLeg> = {},
): Promise<{ call: OpenCall; said: readonly string[]; survivor: Omit<SurvivingLeg, 'leg'> }> {
  await using rig = openEngineRig();
  await upTo(rig);
  const { events } = rig.journal;
  const started = events.find((event) => event.kind === 'call_started');
  if (started?.kind !== 'call_started') throw new Error('no call began');
  const moves = events.flatMap((event) =>
    (event.kind === 'turn_recorded' || event.kind === 'conversation_moved') && event.conversation ? [event.conversation] : [],
  );
  const last = moves.at(-1);
  const turns = rig.journal.turns();
  const nextStep = (last?.nextStep ?? { kind: 'listen' }) as NonNullable<OpenCall['stand']>['nextStep'];
  const call: OpenCall = {
    callId: started.callId,
    scope: started.scope,
    legId: started.legId,
    dialledNumber: '100',
    callerNumber: '',
    startedAt: started.at,
    answeredAt: started.at,
    turns: turns.length,
    stand: last === undefined ? null : { state: last.state, nextStep, isAnswerHeard: turns.at(-1)?.role !== 'caller' },
  };
  return { call, said: rig.said(), survivor: { isAnswered: true, gapMs: 900, hasApologised: true, talk: null, ...survived } };
}

async function resume(rig: EngineRig, { call, survivor }: Awaited<ReturnType<typeof crash>>) {
  const leg = rig.silentLeg();
  const route = rig.route();
  void rig.engine.resume({ survivor: { ...survivor, leg }, call: { ...call, scope: route.scope }, route });
  await rig.clock.run(200);
  return leg;
}

it('goes on in the node where it stood, as the same call, its turns numbered on', async () => {
  const crashed = await crash(async (rig) => {
    const leg = await rig.greeted();
    await rig.says(leg, 'opening hours');
    await rig.agentDone();
  });
  await using rig = openEngineRig();
  const leg = await resume(rig, crashed);
  expect(leg.progress()).toBe('ringing');
  expect(rig.said()).toEqual([]);
  await rig.says(leg, 'that is all');
  await rig.agentDone();
  const turns = rig.journal.turns();
  expect(turns.map(({ seq }) => seq)).toEqual([3, 4]);
  expect(rig.journal.events.map(({ callId }) => callId).every((callId) => callId === crashed.call.callId)).toBe(true);
  expect(rig.journal.events.map(({ kind }) => kind)).not.toContain('call_started');
  await rig.clock.run(1_000);
  expect(rig.journal.ends()).toMatchObject([{ outcome: 'completed' }]);
  expect(rig.leftOpen([leg])).toEqual(NOTHING_OPEN);
});

it('knows what was understood before the answer to it was heard to its end', async () => {
  const crashed = await crash(async (rig) => {
    const leg = await rig.greeted();
    await rig.says(leg, 'opening hours');
    await rig.clock.run(300);
    expect(rig.journal.turns().at(-1)?.role).toBe('caller');
  });
  expect(crashed.call.stand?.isAnswerHeard).toBe(false);
  expect(crashed.call.stand?.state['node']).not.toBe('greeting');
});

it('asks pardon when the silence was long or the answer was cut off, unless somebody did already', async () => {
  const upTo = async (rig: EngineRig) => void (await rig.greeted());
  const heard = async (survived: Partial<SurvivingLeg>) => {
    const crashed = await crash(upTo, survived);
    await using rig = openEngineRig();
    const leg = await resume(rig, crashed);
    return leg.media().heard.some(({ sample }) => sample === PARDON_SAMPLE);
  };
  expect(await heard({ gapMs: 2_000, hasApologised: false })).toBe(true);
  expect(await heard({ gapMs: null, hasApologised: false })).toBe(true);
  expect(await heard({ gapMs: 900, hasApologised: false })).toBe(false);
  expect(await heard({ gapMs: 5_000, hasApologised: true })).toBe(false);
});

it('rings the representative that the caller was promised', async () => {
  const crashed = await crash(async (rig) => {
    const leg = await rig.greeted({ transfer: { outcome: { kind: 'no_answer' }, afterMs: 60_000 } });
    await rig.says(leg, 'a person');
    await rig.agentDone();
    await rig.clock.run(500);
    expect(leg.transfers).toHaveLength(1);
  });
  await using rig = openEngineRig();
  const leg = await resume(rig, crashed);
  expect(leg.transfers).toHaveLength(1);
});

it('leaves two people talking alone until one hangs up', async () => {
  const crashed = await crash(async (rig) => void (await rig.greeted()));
  const over = Promise.withResolvers<void>();
  await using rig = openEngineRig();
  const leg = await resume(rig, { ...crashed, survivor: { ...crashed.survivor, talk: async () => await over.promise } });
  await rig.clock.run(5_000);
  expect([leg.hasOpenMedia(), rig.journal.ends()]).toEqual([false, []]);
  over.resolve();
  await rig.clock.run(100);
  expect(rig.journal.ends()).toMatchObject([{ callId: crashed.call.callId, outcome: 'transferred' }]);
});

it('greets a caller whose call had not said anything yet', async () => {
  await using rig = openEngineRig();
  const call: OpenCall = {
    callId: newId('call'),
    scope: rig.route().scope,
    legId: 'leg',
    dialledNumber: '100',
    callerNumber: '',
    startedAt: rig.clock.wallAt(),
    answeredAt: null,
    turns: 0,
    stand: null,
  };
  const leg = await resume(rig, { call, said: [], survivor: { isAnswered: false, gapMs: null, hasApologised: false, talk: null } });
  expect(leg.progress()).toBe('answered');
  await rig.agentDone();
  expect(rig.said()).toEqual([`agent: ${PROMPTS.greeting}`]);
});

it('writes no end of a call that another process took over', async () => {
  await using rig = openEngineRig();
  const leg = await rig.greeted();
  leg.ends('taken_over', 'another control plane');
  await rig.clock.run(100);
  expect(rig.journal.ends()).toEqual([]);
  expect(rig.journal.events.at(-1)?.kind).toBe('call_let_go');
  expect(rig.leftOpen([leg])).toEqual(NOTHING_OPEN);
});
