// Covers what a caller would hear as silence while a model thinks, writes a call and answers anew: each wait is short, their sum is not.
import { within } from '#shared/waiting.ts';

/** Until the first words of a turn, in all: silence has a limit of 2 s, and a voice needs half a second to begin. */
const COVER_AFTER_MS = 1_300;
/** Of that, what is waited after the turn is the agent's: until then the caller may go on, and is told nothing. */
const COMMITTED_MS = 500;
/** After others, which take a second or two to say. More than between the fillers of a tool that goes on, so that both are not said together. */
const COVER_AGAIN_MS = 2_600;

/** What is said: `first` where nothing was, then the others, each once. */
export type Cover = { readonly first: string; readonly more: readonly string[]; readonly committed: Promise<void> };

/** The words as they come, and the cover where they do not. Returns what `words` does. */
export async function* withCoveredSilence<End>(
  words: AsyncIterator<string, End, undefined>,
  { first, more, committed }: Cover,
): AsyncGenerator<string, End, undefined> {
  const fillers = [...more];
  let coming = words.next();
  try {
    let next = await firstWithin(coming, committed);
    if (next === 'late') yield `${first} `;
    for (;;) {
      while (next === 'late') {
        next = await within(coming, COVER_AGAIN_MS);
        const filler = next === 'late' ? fillers.shift() : undefined;
        if (filler !== undefined) yield `${filler} `;
        else if (next === 'late') next = { value: await coming };
      }
      if (next.value.done === true) return next.value.value;
      yield next.value.value;
      coming = words.next();
      next = 'late';
    }
  } finally {
    // Not waited for: who stops reading is not kept by a model that stalls.
    void words.return?.();
  }
}

async function firstWithin<Value>(coming: Promise<Value>, committed: Promise<void>): Promise<{ readonly value: Value } | 'late'> {
  const soon = await within(coming, COVER_AFTER_MS - COMMITTED_MS);
  if (soon !== 'late') return soon;
  await Promise.race([coming, committed]);
  return await within(coming, COMMITTED_MS);
}
