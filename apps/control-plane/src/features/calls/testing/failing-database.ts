// What tests of the journal share: its limits, two events, and a database that fails when it is told to.
import type { CallEvent } from '#ports/call-event.ts';
import { newId } from '#shared/id.ts';
import { mintOrgScope } from '#shared/org-scope.ts';
import type { CallEventWriter, QueuedEvent } from '#features/calls/call-event-writer.ts';
import { defaultJournalLimits } from '#features/calls/call-journal-store.ts';

export const scope = mintOrgScope(newId('organization'));
export const callId = newId('call');
export const limits = { ...defaultJournalLimits, gatherMs: 5, retryFromMs: 5, retryToMs: 20, closeMs: 60, maxBatch: 10 };

export function note(order: number): CallEvent {
  return { kind: 'note', scope, callId, at: new Date(0), name: 'dtmf', fields: { order } };
}

export function ended(): CallEvent {
  return { kind: 'call_ended', scope, callId, at: new Date(0), outcome: 'completed', reason: 'goodbye', durationMs: 1 };
}

/** A database that keeps what is written, and fails as long as `failure` says so. */
export function failingDatabase() {
  const written: QueuedEvent[] = [];
  const database = {
    failure: null as ((batch: readonly QueuedEvent[]) => Error | null) | null,
    tries: 0,
    batches: [] as number[],
    orders: () => written.map(({ event }) => (event.kind === 'note' ? event.fields['order'] : event.kind)),
  };
  const write: CallEventWriter = async (batch) => {
    database.tries += 1;
    const error = database.failure?.(batch);
    if (error) throw error;
    database.batches.push(batch.length);
    written.push(...batch);
  };
  return { database, write };
}

export const connectionLost = () => Object.assign(new Error('connect ECONNREFUSED'), { code: 'ECONNREFUSED' });
