// The calls that have no end in the journal: what a process that starts after a crash goes on with, or closes.
import type { CallId } from '#shared/id.ts';
import type { OrgScope } from '#shared/org-scope.ts';

/** What a conversation leads to next. */
export type OpenCallStep =
  | { readonly kind: 'listen' }
  | {
      readonly kind: 'transfer';
      readonly destination: string;
      readonly ringMs: number;
      readonly requiresKey: boolean;
      readonly brief: string | null;
    }
  | { readonly kind: 'end_call' };

/** Where a call's conversation stood at its last word in the journal. Personal data. */
export type OpenCallStand = {
  /** The dialog's own state, plain JSON. */
  readonly state: Readonly<Record<string, unknown>>;
  readonly nextStep: OpenCallStep;
  /** False when the caller's last turn has no answer in the journal: it was being made or said. */
  readonly isAnswerHeard: boolean;
};

/** A call without an end. */
export type OpenCall = {
  readonly callId: CallId;
  readonly scope: OrgScope;
  readonly legId: string | null;
  readonly dialledNumber: string;
  /** Personal data. */
  readonly callerNumber: string;
  readonly startedAt: Date;
  readonly answeredAt: Date | null;
  /** Turns that are written: the number of the next one. */
  readonly turns: number;
  /** Null when nothing was said yet. */
  readonly stand: OpenCallStand | null;
};

/** The calls of this server that are open. */
export type OpenCalls = {
  /** Rejects while the database is away. */
  list(): Promise<readonly OpenCall[]>;
};
