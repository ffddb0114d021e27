// What a turn leads to besides words: for the channel, and for the journal. Apart from the dialog, because tools say it too.
import type { NoteName } from '#ports/call-event.ts';

/** Putting the caller through to a person. */
export type TransferStep = {
  readonly kind: 'transfer';
  /** A representative's extension. */
  readonly destination: string;
  readonly ringMs: number;
  /** Whether whoever answers must press a key before the caller is connected: then no answering machine gets one. */
  readonly requiresKey: boolean;
  /** What whoever answers is told first: who calls, what was settled. Text for a person, at most `BRIEF_CHARACTERS_MAX`; null when nothing is known. Personal data. */
  readonly brief: string | null;
};

/** What the channel does once the text was spoken or sent. */
export type NextStep = { readonly kind: 'listen' } | TransferStep | { readonly kind: 'end_call' };

/** Something worth keeping in the journal. */
export type DialogNote = { readonly name: NoteName; readonly fields: Readonly<Record<string, string | number | boolean | null>> };
