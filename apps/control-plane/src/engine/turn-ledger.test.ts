import { expect, it } from 'vitest';
import { openDialog } from '#dialog/agent-turn.ts';
import { openManualClock } from '#ports/testing/manual-clock.ts';
import { openMemoryJournal } from '#ports/testing/memory-journal.ts';
import { openScriptedTextToSpeech } from '#ports/testing/scripted-text-to-speech.ts';
import { newId } from '#shared/id.ts';
import { mintOrgScope } from '#shared/org-scope.ts';
import type { AgentTurn } from './call-phase.ts';
import { openCallRecord } from './call-record.ts';
import { Reply } from './reply.ts';
import { clinicAgent, PROMPTS } from './testing/clinic-agent.ts';
import { TurnLedger } from './turn-ledger.ts';

async function open() {
  const clock = openManualClock();
  const journal = openMemoryJournal();
  const agent = clinicAgent();
  const dialog = openDialog(agent, { languageModel: null });
  const scope = mintOrgScope(newId('organization'));
  const record = openCallRecord({ callId: newId('call'), scope, journal, clock, startedAtMs: clock.nowMs() });
  const ledger = new TurnLedger({ dialog, record, clock });
  const { signal } = new AbortController();
  const prepare = () => dialog.prepare(ledger.state, { kind: 'said', text: 'opening hours', confidence: 1 }, { signal });
  const reply = new Reply({
    replyId: newId('reply'),
    prepare,
    textToSpeech: openScriptedTextToSpeech(),
    agent,
    clock,
    signal,
    onTryFailed() {},
  });
  reply.release();
  const startedAtMs = clock.nowMs();
  await clock.run(1_000);
  const said = { text: 'opening hours', input: 'speech', speechToTextMs: 80 } as const;
  const callerTurn = {
    ...said,
    startedAtMs: startedAtMs - 1_500,
    endedAtMs: startedAtMs - 500,
    soundEndedAtMs: startedAtMs - 510,
    committedAtMs: startedAtMs,
  };
  const turn: AgentTurn = { reply, from: ledger.state, callerTurn, committedAtMs: startedAtMs, startedAtMs, heardAtMs: startedAtMs + 15 };
  return { clock, journal, ledger, turn };
}

const SECOND = 16_000;

it('writes both sides of a turn with their times, and moves the conversation on', async () => {
  const { journal, ledger, turn } = await open();
  ledger.writeCaller(turn);
  ledger.writeAgent(turn, { heardSamples: Number.POSITIVE_INFINITY, interrupted: false });
  const [caller, agent] = journal.turns();
  expect(caller).toMatchObject({ seq: 0, role: 'caller', text: 'opening hours', input: 'speech', heardMs: null });
  expect((caller?.endedAt.getTime() ?? 0) - (caller?.startedAt.getTime() ?? 0)).toBe(1_000);
  const text = `${PROMPTS.hours} ${PROMPTS.more}`;
  expect(agent).toMatchObject({ seq: 1, role: 'agent', text, heardMs: (text.length - 1) * 50, interrupted: false });
  expect((agent?.endedAt.getTime() ?? 0) - (agent?.startedAt.getTime() ?? 0)).toBe(1_000);
  expect(agent?.latency).toMatchObject({ endpointMs: 500, speechToTextMs: 80, firstFrameMs: 0, gapMs: 525 });
  expect(ledger.state.node).toBe('more');
  expect(ledger.state.history.map((each) => each.role)).toEqual(['caller', 'agent']);
});

it('while an interruption is in doubt nothing is written, and the conversation holds only what was heard', async () => {
  const { journal, ledger, turn } = await open();
  ledger.cutOff(turn, SECOND);
  expect(journal.turns()).toEqual([]);
  expect(ledger.state.history.at(-1)).toEqual({ role: 'agent', text: 'We open at nine in' });
});

it('an interruption that was none leaves no trace', async () => {
  const { journal, ledger, turn } = await open();
  const before = ledger.state;
  ledger.cutOff(turn, SECOND);
  ledger.takeBack();
  ledger.settleCut();
  expect(ledger.state).toEqual(before);
  expect(journal.events).toEqual([]);
});

it('an interruption that was one is written once, with what was heard', async () => {
  const { journal, ledger, turn } = await open();
  ledger.cutOff(turn, SECOND);
  ledger.settleCut();
  ledger.settleCut();
  expect(journal.turns()).toMatchObject([{ role: 'agent', text: 'We open at nine in', heardMs: 1_000, interrupted: true }]);
  expect(ledger.state.history.at(-1)?.text).toBe('We open at nine in');
});

it('of a reply that nobody heard only the caller stays', async () => {
  const { journal, ledger, turn } = await open();
  ledger.cutOff({ ...turn, startedAtMs: null }, 0);
  expect(journal.notes()).toEqual(['node_entered', 'node_entered']);
  expect(journal.turns()).toMatchObject([{ role: 'caller', text: 'opening hours' }]);
  expect(ledger.state.history).toEqual([{ role: 'caller', text: 'opening hours' }]);
});
