import { expect, it } from 'vitest';
import type { CallEvent } from '#ports/call-event.ts';
import { newId } from '#shared/id.ts';
import { silentLog } from '#shared/log.ts';
import { mintOrgScope } from '#shared/org-scope.ts';
import { openFailureAudit } from './failure-audit.ts';

const scope = mintOrgScope(newId('organization'));
const at = new Date('2026-11-22T10:00:00Z');
const callId = newId('call');
type Note = Extract<CallEvent, { kind: 'note' }>;
const note = (name: Note['name'], fields: Note['fields']): Note => ({ kind: 'note', scope, callId, at, name, fields });
const state = (from: string, to: string, afterMs: number | null) =>
  note('failure_state', { from, to, component: 'speech_to_text', afterMs });
const retried = note('model_retried', { component: 'speech_to_text' });
const ended: CallEvent = { kind: 'call_ended', scope, callId, at, outcome: 'completed', reason: 'goodbye', durationMs: 1 };

/** What the audit log has of these events. */
async function entriesOf(events: readonly CallEvent[]): Promise<unknown[]> {
  const entries: unknown[] = [];
  const database = { inAppliance: async (_scope: unknown, work: (queries: unknown) => Promise<unknown>) => await work(null) };
  const audit = { append: async (_queries: unknown, _by: unknown, entry: unknown) => void entries.push(entry) };
  const log = openFailureAudit({ database: database as never, audit: audit as never, log: silentLog });
  for (const event of events) log.observe(event);
  await log[Symbol.asyncDispose]();
  return entries;
}

const entry = (action: string, from: string, afterMs: number | null) => ({
  action,
  resource: callId,
  details: { component: 'speech_to_text', from, afterMs },
});

it('every state that a failed try leads to is an entry with its time, also when the caller is answered in the end', async () => {
  const mended = [retried, state('steady', 'bridging', null), state('bridging', 'steady', 900)];
  const lost = [
    retried,
    state('steady', 'bridging', null),
    state('bridging', 'apologising', 2_000),
    state('apologising', 'closing', 3_000),
  ];
  expect(await entriesOf([...mended, ...lost])).toEqual([
    entry('call.bridging_begun', 'steady', null),
    entry('call.recovered_after_failure', 'bridging', 900),
    entry('call.bridging_begun', 'steady', null),
    entry('call.apology_begun', 'bridging', 2_000),
    entry('call.closed_after_failure', 'apologising', 3_000),
  ]);
});

it('waits for a model that is only slow are none, nor is what a call failed with that is over', async () => {
  const slow = [state('steady', 'bridging', null), state('bridging', 'steady', 900)];
  expect(await entriesOf([...slow, retried, ended, ...slow])).toEqual([]);
});
