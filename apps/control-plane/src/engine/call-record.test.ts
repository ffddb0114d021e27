import { expect, it } from 'vitest';
import { openManualClock } from '#ports/testing/manual-clock.ts';
import { openMemoryJournal } from '#ports/testing/memory-journal.ts';
import { newId } from '#shared/id.ts';
import { mintOrgScope } from '#shared/org-scope.ts';
import { openCallRecord } from './call-record.ts';

function open() {
  const clock = openManualClock();
  const journal = openMemoryJournal();
  const callId = newId('call');
  const scope = mintOrgScope(newId('organization'));
  return { clock, journal, callId, scope, record: openCallRecord({ callId, scope, journal, clock, startedAtMs: clock.nowMs() }) };
}

it('numbers turns from zero, whoever speaks', () => {
  const { journal, record } = open();
  for (const role of ['agent', 'caller', 'agent'] as const) record.turn({ role, text: role, startedAtMs: 1_000, endedAtMs: 1_000 });
  expect(journal.turns().map((turn) => turn.seq)).toEqual([0, 1, 2]);
});

it('tells when something was by the wall clock, although it was measured by the monotonic one', async () => {
  const { clock, journal, record } = open();
  const startedAt = clock.wallAt();
  await clock.run(5_000);
  record.turn({ role: 'caller', text: 'hello', startedAtMs: 1_000, endedAtMs: 3_000 });
  const [turn] = journal.turns();
  expect(turn?.startedAt).toEqual(startedAt);
  expect(turn?.endedAt.getTime()).toBe(startedAt.getTime() + 2_000);
});

it('each event names its call, its organization and its time', async () => {
  const { clock, journal, record, callId, scope } = open();
  record.answered(80);
  record.note('dtmf', { digit: '1' });
  await clock.run(1_000);
  record.ended('completed', 'the agent said goodbye');
  for (const event of journal.events) expect(event).toMatchObject({ callId, scope });
  expect(journal.events.at(-1)).toMatchObject({ kind: 'call_ended', outcome: 'completed', durationMs: 1_000, at: clock.wallAt() });
});

it('what a turn does not have is null, not missing', () => {
  const { journal, record } = open();
  record.turn({ role: 'agent', text: '', startedAtMs: 1_000, endedAtMs: 1_000 });
  expect(journal.turns()[0]).toMatchObject({ input: null, heardMs: null, interrupted: false, latency: null });
});
