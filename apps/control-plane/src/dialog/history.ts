// What both sides remember of a conversation: short lists of turns, never changed in place.
import type { HistoryTurn } from './dialog.ts';

/** Turns kept; older ones are dropped. A turn every 5 s for half an hour is 360. */
export const HISTORY_TURNS_MAX = 400;

/** The history with one more turn; a turn without words adds nothing. */
export function appendTurn(history: readonly HistoryTurn[], turn: HistoryTurn): readonly HistoryTurn[] {
  const text = turn.text.trim();
  return text === '' ? history : [...history, { role: turn.role, text }].slice(-HISTORY_TURNS_MAX);
}

/** The latest whole turns that fit in so many tokens. A last turn that is longer by itself keeps its end: the question is there. */
export function windowOf(history: readonly HistoryTurn[], maxTokens: number, tokensOf: (text: string) => number): readonly HistoryTurn[] {
  let room = maxTokens;
  let from = history.length;
  for (let turn = history[from - 1]; turn !== undefined; turn = history[from - 1]) {
    const tokens = tokensOf(turn.text);
    if (tokens > room) break;
    room -= tokens;
    from -= 1;
  }
  const last = history.at(-1);
  if (from < history.length || last === undefined || maxTokens <= 0) return history.slice(from);
  const share = maxTokens / tokensOf(last.text);
  return [{ role: last.role, text: last.text.slice(-Math.floor(last.text.length * share)) }];
}
