// The silence before each answer, as it is on a call's recording. Our own times only say which sound is which turn; the gap itself is the recording's. Pure.
import type { Stretch } from '#audio/audible-sound.ts';
import type { RecordedSound } from './recorded-sound.ts';

/** A turn, as the journal has it; ms on any clock. */
export type TimedTurn = {
  readonly seq: number;
  readonly role: 'caller' | 'agent';
  readonly input: 'speech' | 'dtmf' | null;
  readonly startedAtMs: number;
  readonly endedAtMs: number;
};

/** The silence that the agent's turn `seq` ended. */
export type HeardGap = { readonly seq: number; readonly heardGapMs: number };

/** An answer begins at most so much before or behind the time that the journal has for it: its first sound may be preceded by silence of the voice's own. */
const ONSET_BEFORE_MS = 250;
const ONSET_BEHIND_MS = 1_500;
/** Beginnings that are tried when the recording's clock is laid over the journal's. */
const TRIED_SOUNDS = 6;
const TRIED_TURNS = 3;

/** The gaps before answers to something that was said; none for an answer that cannot be told apart, or during which the caller still talked. */
export function heardGaps(turns: readonly TimedTurn[], { caller, agent }: Pick<RecordedSound, 'caller' | 'agent'>): HeardGap[] {
  const spoken = turns.filter(({ role }) => role === 'agent');
  const offsetMs = clockOffset(spoken, agent);
  if (offsetMs === null) return [];
  return turns.flatMap((turn, index) => {
    const before = turns[index - 1];
    if (turn.role !== 'agent' || before?.role !== 'caller' || before.input !== 'speech') return [];
    const onset = onsetOf(turn, { agent, offsetMs });
    if (onset === null) return [];
    const last = caller[firstAfter(caller, onset.startMs) - 1];
    // Sound of before his turn is not its end: what he said then was too soft to be found.
    if (!last || last.endMs > onset.startMs || last.endMs < before.startedAtMs + offsetMs - ONSET_BEFORE_MS) return [];
    return [{ seq: turn.seq, heardGapMs: onset.startMs - last.endMs }];
  });
}

/** What is added to the journal's times to get the recording's: of the beginnings that could be the first answers', the one that explains the most turns, and those best. */
function clockOffset(spoken: readonly TimedTurn[], agent: readonly Stretch[]): number | null {
  let best: { readonly offsetMs: number; readonly found: number; readonly strayMs: number } | null = null;
  for (const turn of spoken.slice(0, TRIED_TURNS))
    for (const sound of agent.slice(0, TRIED_SOUNDS)) {
      const offsetMs = sound.startMs - turn.startedAtMs;
      const strays = spoken.flatMap((each) => {
        const onset = onsetOf(each, { agent, offsetMs });
        return onset === null ? [] : [Math.abs(onset.startMs - each.startedAtMs - offsetMs)];
      });
      const tried = { offsetMs, found: strays.length, strayMs: strays.reduce((sum, ms) => sum + ms, 0) };
      if (best === null || tried.found > best.found || (tried.found === best.found && tried.strayMs < best.strayMs)) best = tried;
    }
  return best?.offsetMs ?? null;
}

function onsetOf(turn: TimedTurn, { agent, offsetMs }: { agent: readonly Stretch[]; offsetMs: number }): Stretch | null {
  const expectedMs = turn.startedAtMs + offsetMs;
  const onset = agent[firstAfter(agent, expectedMs - ONSET_BEFORE_MS)];
  return onset && onset.startMs <= expectedMs + ONSET_BEHIND_MS ? onset : null;
}

/** Index of the first stretch that begins at or after `atMs`. */
function firstAfter(stretches: readonly Stretch[], atMs: number): number {
  let low = 0;
  let high = stretches.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((stretches[middle] as Stretch).startMs < atMs) low = middle + 1;
    else high = middle;
  }
  return low;
}
