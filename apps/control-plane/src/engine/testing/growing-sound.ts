// A reply that is still being made while it is played: it grows, and ends, when the test says so.
import { newId } from '#shared/id.ts';
import type { Playable, ReplyState } from '#engine/playable.ts';

export type GrowingSound = Playable & {
  /** So many samples more, each of this value. */
  grow(samples: number, sample?: number): void;
  become(state: ReplyState): void;
};

/** One without any sound yet. */
export function openGrowingSound(): GrowingSound {
  let pcm = new Int16Array(0);
  let state: ReplyState = { kind: 'making' };
  let changed = (): void => {};
  return {
    replyId: newId('reply'),
    get state() {
      return state;
    },
    read(from, into) {
      const part = pcm.subarray(from, from + into.length);
      into.set(part);
      return part.length;
    },
    onChange: (listener) => (changed = listener),
    grow(samples, sample = 7) {
      const longer = new Int16Array(pcm.length + samples).fill(sample);
      longer.set(pcm);
      pcm = longer;
      changed();
    },
    become(next) {
      state = next;
      changed();
    },
  };
}
