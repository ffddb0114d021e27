// What both sides remember of a conversation: short lists of turns, never changed in place.
import type { HistoryTurn } from './dialog.ts';

/** Turns kept; older ones are dropped. A turn every 5 s for half an hour is 360. */
export const HISTORY_TURNS_MAX = 400;

/** The history with one more turn; a turn without words adds nothing. */
export function appendTurn(history: readonly HistoryTurn[], turn: HistoryTurn): readonly HistoryTurn[] {
  const text = turn.text.trim();
  return text === '' ? history : [...history, { role: turn.role, text }].slice(-HISTORY_TURNS_MAX);
}

/** The latest whole turns that fit in so many characters. A last turn that is longer by itself keeps its end: the question is there. */
export function windowOf(history: readonly HistoryTurn[], maxCharacters: number): readonly HistoryTurn[] {
  let room = maxCharacters;
  let from = history.length;
  while (from > 0 && (history[from - 1]?.text.length ?? 0) <= room) {
    from -= 1;
    room -= history[from]?.text.length ?? 0;
  }
  const last = history.at(-1);
  if (from === history.length && last !== undefined && maxCharacters > 0)
    return [{ role: last.role, text: last.text.slice(-maxCharacters) }];
  return history.slice(from);
}
