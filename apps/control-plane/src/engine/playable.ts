// Sound that playout can take: a reply in the making, or a prepared announcement.
import { newId } from '#shared/id.ts';
import type { ReplyId } from '#shared/id.ts';

/** Where a sound's making stands. `made`: no more will come. */
export type ReplyState = { readonly kind: 'making' } | { readonly kind: 'made' } | { readonly kind: 'failed'; readonly error: unknown };

/** Mono PCM16 at 16 kHz that may still grow. */
export type Playable = {
  readonly replyId: ReplyId;
  readonly state: ReplyState;
  /** Copies sound from sample `from` on into `into`; returns how many samples there were. */
  read(from: number, into: Int16Array): number;
  /** `listener` is called when sound was added or the state changed. One listener; the last one wins. */
  onChange(listener: () => void): void;
};

/** A prepared sound. */
export function fixedSound(pcm: Int16Array): Playable {
  return {
    replyId: newId('reply'),
    state: { kind: 'made' },
    read(from, into) {
      const part = pcm.subarray(from, from + into.length);
      into.set(part);
      return part.length;
    },
    onChange() {},
  };
}
