// A caller who hangs up, in every phase of a call: one end in the journal, nothing left open.
import { expect, it } from 'vitest';
import type { ScriptedCallLeg } from '#ports/testing/scripted-call-leg.ts';
import { PROMPTS } from './testing/clinic-agent.ts';
import { NOTHING_OPEN, openEngineRig } from './testing/engine-rig.ts';
import type { EngineRig } from './testing/engine-rig.ts';

/** Brings a call into a phase. */
type Phase = { name: string; outcome?: string; enter: (rig: EngineRig) => Promise<ScriptedCallLeg> };

const phases: readonly Phase[] = [
  {
    name: 'the sound is being built',
    async enter(rig) {
      const leg = rig.ring({ openMediaAfterMs: 500 });
      await rig.clock.run(100);
      return leg;
    },
  },
  {
    name: 'it is greeted',
    async enter(rig) {
      const leg = rig.ring();
      await rig.clock.run(600);
      return leg;
    },
  },
  { name: 'the floor is open', enter: async (rig) => await rig.greeted() },
  {
    name: 'it speaks',
    async enter(rig) {
      const leg = await rig.greeted();
      leg.media().callerSpeaks(2_000);
      await rig.clock.run(500);
      return leg;
    },
  },
  {
    name: 'its words are being understood',
    async enter(rig) {
      const leg = await rig.greeted();
      rig.speechToText.willAnswer({ says: 'opening hours', afterMs: 2_000 });
      leg.media().callerSpeaks(800);
      await rig.clock.run(1_500);
      expect(rig.speechToText.requests).toHaveLength(1);
      return leg;
    },
  },
  {
    name: 'the first sound of the answer is being made',
    async enter(rig) {
      const leg = await rig.greeted();
      rig.textToSpeech.voice.firstAfterMs = 2_000;
      await rig.says(leg, 'opening hours');
      expect(rig.textToSpeech.open()).toBe(1);
      return leg;
    },
  },
  {
    name: 'a guess waits for the commit',
    async enter(rig) {
      const leg = await rig.greeted();
      rig.speechToText.willAnswer({ says: 'opening hours' });
      leg.media().callerSpeaks(800);
      await rig.clock.run(800 + 350);
      return leg;
    },
  },
  {
    name: 'it is answered',
    async enter(rig) {
      const leg = await rig.greeted();
      rig.textToSpeech.voice.nextAfterMs = 90;
      await rig.says(leg, 'opening hours');
      return leg;
    },
  },
  {
    name: 'a representative is rung',
    async enter(rig) {
      const leg = await rig.greeted({ transfer: { outcome: { kind: 'no_answer' }, afterMs: 10_000 } });
      await rig.says(leg, 'a person');
      await rig.agentDone();
      await rig.clock.run(100);
      expect(leg.transfers).toHaveLength(1);
      return leg;
    },
  },
  {
    name: 'the goodbye was said',
    outcome: 'completed',
    async enter(rig) {
      const leg = await rig.greeted();
      await rig.says(leg, 'that is all');
      await rig.agentDone();
      return leg;
    },
  },
  {
    name: 'the apology is heard',
    outcome: 'failed',
    async enter(rig) {
      rig.textToSpeech.voice.failures.push({ isRetryable: false, afterChunks: 0 });
      const leg = rig.ring();
      await rig.clock.run(200);
      return leg;
    },
  },
];

for (const { name, outcome = 'caller_hung_up', enter } of phases) {
  it(`a caller may hang up while ${name}`, async () => {
    await using rig = openEngineRig();
    const leg = await enter(rig);
    leg.callerHangsUp();
    await rig.clock.run(50);
    expect(rig.leftOpen([leg])).toEqual(NOTHING_OPEN);
    await rig.clock.run(3_000);
    expect(rig.journal.ends().map((end) => end.outcome)).toEqual([outcome]);
    expect(rig.journal.events.at(-1)?.kind).toBe('call_ended');
  });
}

it('what was being said when the caller hung up is in the journal as far as it was heard', async () => {
  await using rig = openEngineRig();
  const leg = rig.ring();
  await rig.clock.run(1_050);
  leg.callerHangsUp();
  await rig.clock.run(50);
  const [greeting] = rig.journal.turns();
  expect(greeting).toMatchObject({ role: 'agent', interrupted: true });
  // Marks are about 200 ms apart.
  expect(greeting?.heardMs).toBeGreaterThanOrEqual(800);
  expect(greeting?.heardMs).toBeLessThanOrEqual(1_050);
  expect(PROMPTS.greeting.slice(0, 20).startsWith(greeting?.text ?? 'nothing')).toBe(true);
  expect(greeting?.text.length).toBeGreaterThan(10);
});

it('a caller who hangs up in the pause of an interruption leaves the interrupted turn in the journal', async () => {
  await using rig = openEngineRig();
  const leg = rig.ring();
  await rig.clock.run(1_000);
  rig.speechToText.willAnswer({ says: 'opening hours' });
  leg.media().callerSpeaks(600);
  await rig.clock.run(700);
  leg.callerHangsUp();
  await rig.clock.run(50);
  expect(rig.journal.turns()).toMatchObject([{ role: 'agent', interrupted: true }]);
  expect(rig.leftOpen([leg])).toEqual(NOTHING_OPEN);
});
