// A journal that a test can read.
import type { CallEvent, NoteName, TurnRecord } from '#ports/call-event.ts';
import type { CallJournal } from '#ports/call-journal.ts';

/** The journal and what is in it. */
export type MemoryJournal = CallJournal & {
  readonly events: readonly CallEvent[];
  /** All turns in order. */
  turns(): readonly TurnRecord[];
  /** Names of all notes in order. */
  notes(): readonly NoteName[];
  /** The ends of calls in order. */
  ends(): readonly Extract<CallEvent, { kind: 'call_ended' }>[];
};

/** Opens an empty journal. */
export function openMemoryJournal(): MemoryJournal {
  const events: CallEvent[] = [];
  return {
    events,
    record: (event) => void events.push(event),
    isNearlyFull: () => false,
    flush: async () => {},
    turns: () => events.flatMap((event) => (event.kind === 'turn_recorded' ? [event.turn] : [])),
    notes: () => events.flatMap((event) => (event.kind === 'note' ? [event.name] : [])),
    ends: () => events.flatMap((event) => (event.kind === 'call_ended' ? [event] : [])),
  };
}
