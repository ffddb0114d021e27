// The engine's only output: what happened in a call, in order, as data.
import type { CallId } from '#shared/id.ts';
import type { OrgScope } from '#shared/org-scope.ts';
import type { MeasuredLeg } from './call-control.ts';

/** How a call ended technically. */
export type CallOutcome =
  | 'completed'
  | 'caller_hung_up'
  | 'transferred'
  | 'no_input'
  | 'max_duration'
  | 'failed'
  | 'rejected_unknown_number'
  | 'rejected_at_capacity'
  /** This server takes none: it stops, or what waits for the database leaves no room for more. Another one may. */
  | 'rejected_not_ready'
  /** Held until there was room, and hung up before. */
  | 'abandoned_waiting'
  /** New calls are refused on all servers: the global stop. */
  | 'rejected_stopped';

/** Milliseconds that each stage of an agent's turn took; null where the turn had no such stage. */
export type TurnLatency = {
  /** End of the caller's speech until the turn was the agent's. */
  readonly endpointMs: number | null;
  readonly speechToTextMs: number | null;
  /** From the transcript until the first text of the reply. */
  readonly replyMs: number | null;
  /** From the first sentence's text until its first sound. */
  readonly textToSpeechMs: number | null;
  /** From the commit of the turn until the first frame of the reply was sent. */
  readonly firstFrameMs: number | null;
  /** From the caller's last sound until the answer's first went out on the line: the whole silence, as the telephone system told us of it. */
  readonly gapMs: number | null;
};

/** A turn that is over. */
export type TurnRecord = {
  readonly seq: number;
  readonly role: 'caller' | 'agent';
  /** What was said; of the agent: only what was heard. Personal data. */
  readonly text: string;
  /** How the caller's turn came in. */
  readonly input: 'speech' | 'dtmf' | null;
  readonly startedAt: Date;
  readonly endedAt: Date;
  /** Of the agent: how much of the reply's sound was heard, ms. */
  readonly heardMs: number | null;
  readonly interrupted: boolean;
  readonly latency: TurnLatency | null;
};

/** How well a party's side was carried, with the score that an ear would give it. Null: the party's telephone did not report it. */
export type LegMeasurement = {
  readonly leg: MeasuredLeg;
  readonly codec: string;
  readonly packetsReceived: number;
  readonly packetsSent: number;
  readonly receivedLossRatio: number;
  readonly sentLossRatio: number | null;
  readonly receivedJitterMs: number;
  readonly sentJitterMs: number | null;
  readonly roundTripMs: number | null;
  /** Mean opinion score by the E-model, 1 to 4.5. */
  readonly receivedMos: number;
  readonly sentMos: number | null;
};

/** Where the conversation stands after a turn and how the turn came about: plain JSON, whose form is the dialog's business. Personal data. */
export type ConversationSnapshot = {
  readonly state: Readonly<Record<string, unknown>>;
  /** Null where the agent did not answer. */
  readonly trace: Readonly<Record<string, unknown>> | null;
  /** What the turn leads to, as long as it was not done; absent: to listening. */
  readonly nextStep?: Readonly<Record<string, unknown>>;
};

type At = { readonly callId: CallId; readonly at: Date };

/** Something that happened. `scope` is null only for a number that nobody owns. */
export type CallEvent =
  | (At & {
      readonly kind: 'call_started';
      readonly scope: OrgScope;
      readonly agentId: string;
      readonly legId: string;
      readonly dialledNumber: string;
      readonly callerNumber: string;
      readonly recordingPath: string | null;
    })
  | (At & {
      readonly kind: 'call_rejected';
      readonly scope: OrgScope | null;
      readonly dialledNumber: string;
      readonly callerNumber: string;
      readonly outcome: CallOutcome;
    })
  | (At & { readonly kind: 'call_answered'; readonly scope: OrgScope; readonly setupMs: number })
  | (At & {
      readonly kind: 'turn_recorded';
      readonly scope: OrgScope;
      readonly turn: TurnRecord;
      /** Null or absent for a turn after which the conversation stands where it stood. */
      readonly conversation?: ConversationSnapshot | null;
    })
  /**
   * Where a turn leads, known before the answer was heard to its end: a process that dies meanwhile must not forget what was understood.
   * `turns` counts the turns recorded so far.
   */
  | (At & {
      readonly kind: 'conversation_moved';
      readonly scope: OrgScope;
      readonly turns: number;
      readonly conversation: ConversationSnapshot;
    })
  /** A call of a process that died goes on here. Not kept: its row is there. */
  | (At & {
      readonly kind: 'call_resumed';
      readonly scope: OrgScope;
      readonly agentId: string;
      readonly dialledNumber: string;
      readonly callerNumber: string;
      readonly startedAt: Date;
      readonly answeredAt: Date | null;
      readonly turns: number;
      /** How long the caller heard nothing; null when nobody measured it. */
      readonly gapMs: number | null;
    })
  /** Another process goes on with the call. Not kept: its end is that one's to write. */
  | (At & { readonly kind: 'call_let_go'; readonly scope: OrgScope })
  | (At & {
      readonly kind: 'note';
      readonly scope: OrgScope;
      readonly name: NoteName;
      readonly fields: Readonly<Record<string, string | number | boolean | null>>;
    })
  /** Comes with the end of a call, before or behind `call_ended`. */
  | (At & { readonly kind: 'leg_measured'; readonly scope: OrgScope; readonly measurement: LegMeasurement })
  | (At & {
      readonly kind: 'call_ended';
      readonly scope: OrgScope;
      readonly outcome: CallOutcome;
      readonly reason: string;
      readonly durationMs: number;
    });

/** Smaller happenings, kept for reading a call afterwards. */
export type NoteName =
  | 'barge_in'
  | 'false_barge_in'
  | 'backchannel'
  | 'echo_ignored'
  | 'candidate_discarded'
  | 'not_understood'
  | 'no_input'
  | 'dtmf'
  | 'node_entered'
  | 'tool_called'
  /** Of a caller who was held: `position` in his organization's line, `waitedMs` so far, `heard`: to its end. Written when the wait is over. */
  | 'position_told'
  | 'transfer_started'
  | 'transfer_answered'
  | 'transfer_briefed'
  | 'transfer_declined'
  | 'transfer_ended'
  /** A try of a model failed and another one follows. */
  | 'model_retried'
  | 'model_failed'
  | 'filler_played'
  /** The call's failure policy went from one state to another: `from`, `to`, `component`, `afterMs`. */
  | 'failure_state'
  | 'apology_played'
  | 'media_lost'
  /** The sound was built again; `gapMs` is how long there was none. */
  | 'media_reattached'
  /** The call went on in another process; `gapMs` is how long the caller heard nothing, null when nobody measured it. */
  | 'call_resumed'
  | 'queue_shed'
  | 'underrun';
