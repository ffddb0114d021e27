// Turns what happens in a call into journal events: numbers the turns and translates monotonic times to wall time.
import type { CallEvent, CallOutcome, ConversationSnapshot, NoteName, TurnLatency, TurnRecord } from '#ports/call-event.ts';
import type { CallJournal } from '#ports/call-journal.ts';
import type { Clock } from '#shared/clock.ts';
import type { CallId } from '#shared/id.ts';
import type { OrgScope } from '#shared/org-scope.ts';
import { TAKEN_OVER } from './leg-end.ts';

type NoteFields = Readonly<Record<string, string | number | boolean | null>>;

/** A turn, in the engine's times. */
export type TurnFacts = {
  readonly role: 'caller' | 'agent';
  readonly text: string;
  readonly input?: 'speech' | 'dtmf';
  readonly startedAtMs: number;
  readonly endedAtMs: number;
  readonly heardMs?: number;
  readonly interrupted?: boolean;
  readonly latency?: TurnLatency;
  /** Where the conversation stands from now on, so that another process can go on with it. */
  readonly conversation?: ConversationSnapshot;
};

/** Writes one call into the journal. */
export type CallRecord = {
  answered(setupMs: number): void;
  turn(facts: TurnFacts): void;
  /** Where the conversation goes, before the turn that leads there is over. */
  moved(conversation: ConversationSnapshot): void;
  note(name: NoteName, fields?: NoteFields): void;
  /** Once; with `TAKEN_OVER` no end is written. */
  ended(outcome: CallOutcome, reason: string): void;
};

/** Opens the record of a call. Its first event, `call_started`, is recorded by the engine. */
export function openCallRecord(options: {
  callId: CallId;
  scope: OrgScope;
  journal: CallJournal;
  clock: Clock;
  startedAtMs: number;
  /** Turns that are written already, of a call that goes on here; default 0. */
  turns?: number;
}): CallRecord {
  const { callId, scope, journal, clock, startedAtMs, turns = 0 } = options;
  let seq = turns;
  const wall = (atMs: number): Date => new Date(clock.wallAt().getTime() - (clock.nowMs() - atMs));
  const record = (event: CallEvent): void => journal.record(event);
  const stamp = () => ({ callId, scope, at: clock.wallAt() });
  return {
    answered: (setupMs) => record({ ...stamp(), kind: 'call_answered', setupMs }),
    turn(facts) {
      const turn: TurnRecord = {
        seq: seq++,
        role: facts.role,
        text: facts.text,
        input: facts.input ?? null,
        startedAt: wall(facts.startedAtMs),
        endedAt: wall(facts.endedAtMs),
        heardMs: facts.heardMs ?? null,
        interrupted: facts.interrupted ?? false,
        latency: facts.latency ?? null,
      };
      record({ ...stamp(), kind: 'turn_recorded', turn, conversation: facts.conversation ?? null });
    },
    moved: (conversation) => record({ ...stamp(), kind: 'conversation_moved', turns: seq, conversation }),
    note: (name, fields = {}) => record({ ...stamp(), kind: 'note', name, fields }),
    ended(outcome, reason) {
      if (reason === TAKEN_OVER) return record({ ...stamp(), kind: 'call_let_go' });
      record({ ...stamp(), kind: 'call_ended', outcome, reason, durationMs: clock.nowMs() - startedAtMs });
    },
  };
}
