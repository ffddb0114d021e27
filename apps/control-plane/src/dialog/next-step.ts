// What a turn leads to besides words: for the channel, and for the journal. Apart from the dialog, because tools say it too.
import type { NoteName } from '#ports/call-event.ts';

/** What the channel does once the text was spoken or sent. */
export type NextStep =
  | { readonly kind: 'listen' }
  | { readonly kind: 'transfer'; readonly destination: string; readonly ringMs: number }
  | { readonly kind: 'end_call' };

/** Something worth keeping in the journal. */
export type DialogNote = { readonly name: NoteName; readonly fields: Readonly<Record<string, string | number | boolean | null>> };
