// A call whose agent does things: when a tool with an effect runs, and what becomes of it when the caller speaks again.
import { afterEach, expect, it, vi } from 'vitest';
import { z } from 'zod';
import type { Tool, ToolOutcome } from '#dialog/tools/tool.ts';
import type { AgentProfile } from '#ports/agent-profile.ts';
import type { LanguageModel, ModelPart } from '#ports/language-model.ts';
import { clinicAgent } from './testing/clinic-agent.ts';
import { openEngineRig, routeTo, SPOKEN_MS } from './testing/engine-rig.ts';

afterEach(() => void vi.useRealTimers());

const agent: AgentProfile = {
  ...clinicAgent(),
  responder: { kind: 'language_model', prompt: 'You are a clinic.', maxOutputTokens: 100, temperature: 0 },
};

/** A model that books at every first question of a turn, and says so at the second. */
const bookingModel: LanguageModel = {
  async *stream({ messages }): AsyncGenerator<ModelPart> {
    if (messages.at(-1)?.role === 'tool') yield { kind: 'text_delta', textDelta: 'It is booked. ' };
    else yield { kind: 'tool_call', call: { id: 'abcdefghi', name: 'book', argumentsJson: '{"day":"monday"}' } };
    yield { kind: 'finish', reason: 'stop', inputTokens: 1, outputTokens: 1 };
  },
};

function openBookingRig(outcome: () => Promise<ToolOutcome>) {
  const ranAtMs: number[] = [];
  const tool: Tool = {
    name: 'book',
    description: 'Books',
    effect: 'write',
    arguments: z.strictObject({ day: z.string() }),
    budgetMs: 5_000,
    run: async () => {
      ranAtMs.push(rig.clock.nowMs());
      return await outcome();
    },
  };
  const rig = openEngineRig({ languageModel: bookingModel, findTools: async () => [tool], routes: { 100: routeTo(agent) } });
  return { rig, ranAtMs };
}

it('a booking runs once the turn is the agent’s, once, and is noted', async () => {
  const { rig, ranAtMs } = openBookingRig(async () => ({ kind: 'done', text: 'ok' }));
  await using _ = rig;
  const leg = await rig.greeted();
  const spokeAtMs = rig.clock.nowMs();
  await rig.says(leg, 'book monday for me');
  await rig.agentDone();
  expect(ranAtMs).toHaveLength(1);
  // A frame or two of rounding; the guess began at the candidate pause, 250 ms earlier.
  expect((ranAtMs[0] ?? 0) - spokeAtMs).toBeGreaterThan(SPOKEN_MS + agent.conversation.commitPauseMs - 50);
  expect(rig.said().at(-1)).toBe('agent: It is booked.');
  expect(rig.journal.notes()).toContain('tool_called');
});

it('a caller who goes on before the turn is over has booked nothing', async () => {
  const { rig, ranAtMs } = openBookingRig(async () => ({ kind: 'done', text: 'ok' }));
  await using _ = rig;
  const leg = await rig.greeted();
  rig.speechToText.willAnswer({ says: 'book monday' });
  leg.media().callerSpeaks(SPOKEN_MS);
  // Past the candidate pause of 250 ms, before the commit at 500 ms.
  await rig.clock.run(SPOKEN_MS + 400);
  leg.media().callerSpeaks(SPOKEN_MS);
  await rig.clock.run(200);
  expect(ranAtMs).toEqual([]);
});

it('a caller who speaks while the booking is made cannot take it back, and hears what became of it', async () => {
  const outcome = Promise.withResolvers<ToolOutcome>();
  const { rig, ranAtMs } = openBookingRig(() => outcome.promise);
  await using _ = rig;
  const leg = await rig.greeted();
  await rig.says(leg, 'book monday for me');
  await rig.clock.runUntil('it books', () => ranAtMs.length === 1);
  leg.media().callerSpeaks(200);
  await rig.clock.run(300);
  outcome.resolve({ kind: 'done', text: 'ok' });
  await rig.agentDone();
  expect(ranAtMs).toHaveLength(1);
  expect(rig.said().join(' ')).toContain('It is booked.');
});

it('an agent whose tools cannot be found still talks', async () => {
  const talking: LanguageModel = {
    async *stream({ tools }): AsyncGenerator<ModelPart> {
      yield { kind: 'text_delta', textDelta: tools === undefined ? 'I can only talk. ' : 'I have tools. ' };
      yield { kind: 'finish', reason: 'stop', inputTokens: 1, outputTokens: 1 };
    },
  };
  const findTools = () => Promise.reject(new Error('the database is away'));
  await using rig = openEngineRig({ languageModel: talking, findTools, routes: { 100: routeTo(agent) } });
  const leg = await rig.greeted();
  await rig.says(leg, 'what can you do');
  await rig.agentDone();
  expect(rig.said().at(-1)).toBe('agent: I can only talk.');
});
