/** The turns of the bench of durability: calls as the engine would tell them to the journal, one after the other on each of many lines. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { CallJournalStore } from '@centralita/control-plane/features/calls/call-journal-store.ts';
import type { AppendLog } from '@centralita/control-plane/ports/append-log.ts';
import type { TurnRecord } from '@centralita/control-plane/ports/call-event.ts';
import { newId } from '@centralita/control-plane/shared/id.ts';
import type { CallId } from '@centralita/control-plane/shared/id.ts';
import type { OrgScope } from '@centralita/control-plane/shared/org-scope.ts';
import type { SaidTurn } from './durable-count.ts';

/** What one line talks into. */
export type Line = {
  readonly journal: CallJournalStore;
  readonly spool: AppendLog;
  readonly scope: OrgScope;
  readonly agentId: string;
  readonly random: () => number;
  readonly signal: AbortSignal;
  /** Whether everybody hangs up: no turn more is said. */
  readonly isOver: () => boolean;
  /** Told of each turn that the journal took on. */
  readonly onAcknowledged: (turn: SaidTurn) => void;
  /** Told of each call that ended, with the number of its turns. */
  readonly onEnded: (callId: CallId, turns: number) => void;
};

/** A call has at most as many; the shortest has one. */
const MAX_TURNS = 40;
/** Longest pause between two turns of a call: as many calls as the bench has lines then say a few thousand turns in a second. */
const MAX_PAUSE_MS = 20;
/** How soon a caller who was refused because the journal is nearly full tries again. */
const REFUSED_MS = 100;
/** In the call's own time: a turn every two seconds, as people talk. */
const TURN_MS = 2_000;
const WORDS = ['cita', 'mañana', 'doctor', 'hora', 'nombre', 'gracias', 'teléfono', 'martes', 'consulta', 'urgente', 'precio', 'confirmo'];

/** Call after call until everybody hangs up. The journal's own rule keeps it from overflowing: none begins while it is nearly full. */
export async function talk(line: Line): Promise<void> {
  while (!line.isOver()) {
    if (line.journal.isNearlyFull()) await sleep(REFUSED_MS, undefined, { signal: line.signal });
    else await holdCall(line);
  }
}

async function holdCall(line: Line): Promise<void> {
  const { journal, scope, agentId, random, signal } = line;
  const callId = newId('call');
  const startedAtMs = Date.now();
  const call = { scope, callId };
  const at = new Date(startedAtMs);
  const numbers = { dialledNumber: '900100200', callerNumber: '+34600000000' };
  journal.record({ kind: 'call_started', ...call, at, agentId, legId: `leg-${callId}`, ...numbers, recordingPath: null });
  journal.record({ kind: 'call_answered', ...call, at, setupMs: 40 });
  const length = 1 + Math.floor(random() * MAX_TURNS);
  let seq = 0;
  for (; seq < length && !line.isOver(); seq++) {
    const turn = turnOf(callId, seq, { startedAtMs, random });
    if (await isAcknowledged(line, callId, turn))
      line.onAcknowledged({ callId, seq, role: turn.role, text: turn.text, startedAtMs: turn.startedAt.getTime() });
    await sleep(random() * MAX_PAUSE_MS, undefined, { signal });
  }
  const end = { at: new Date(startedAtMs + seq * TURN_MS), outcome: 'caller_hung_up', reason: 'Q.850 16' } as const;
  journal.record({ kind: 'call_ended', ...call, ...end, durationMs: seq * TURN_MS });
  line.onEnded(callId, seq);
}

/**
 * A turn counts as acknowledged when the journal neither dropped it nor kept it in memory alone, and the spool settled that it is written: by fsync as
 * long as the database is known to be away, into the operating system otherwise, which neither a dead PostgreSQL nor a dead control plane touches.
 * `record` is synchronous: what its counters gain is this very turn.
 */
async function isAcknowledged({ journal, spool, scope }: Line, callId: CallId, turn: TurnRecord): Promise<boolean> {
  const refused = (): number => journal.dropped() + journal.unspooled();
  const before = refused();
  const conversation = { state: { step: turn.seq, slots: { last: turn.text } }, trace: turn.role === 'agent' ? { node: 'ask' } : null };
  journal.record({ kind: 'turn_recorded', scope, callId, at: turn.endedAt, turn, conversation });
  const isTaken = refused() === before;
  await spool.flush();
  return isTaken;
}

function turnOf(callId: CallId, seq: number, { startedAtMs, random }: { startedAtMs: number; random: () => number }): TurnRecord {
  const isAgent = seq % 2 === 0;
  const words = Array.from({ length: 3 + Math.floor(random() * 10) }, () => WORDS[Math.floor(random() * WORDS.length)]);
  const from = startedAtMs + seq * TURN_MS;
  return {
    seq,
    role: isAgent ? 'agent' : 'caller',
    text: `${callId} ${seq}: ${words.join(' ')}`,
    input: isAgent ? null : 'speech',
    startedAt: new Date(from),
    endedAt: new Date(from + TURN_MS / 2),
    heardMs: isAgent ? TURN_MS / 2 : null,
    interrupted: false,
    latency: isAgent ? { endpointMs: 400, speechToTextMs: 80, replyMs: 60, textToSpeechMs: 90, firstFrameMs: 3, gapMs: 640 } : null,
  };
}
