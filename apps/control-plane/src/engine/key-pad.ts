// Keys become an answer: at once when no longer code can follow, else after a pause in which the next key may come.
import { INTER_KEY_MS } from './limits.ts';

/** Keys that answer together, and when the first and the last of them were pressed. */
export type KeyedAnswer = { readonly digits: string; readonly startedAtMs: number; readonly endedAtMs: number };

/** The caller's keypad. Holds no timer: `due` is asked at each tick, so keys that arrive together are one answer. */
export class KeyPad {
  #keyed: KeyedAnswer | null = null;
  #dueAtMs = 0;

  /** Keys that wait for their answer. */
  get digits(): string {
    return this.#keyed?.digits ?? '';
  }

  /** Adds a key. `isCodeOpen` is told the keys so far and says whether one more may complete a longer code. */
  press(digit: string, atMs: number, isCodeOpen: (digits: string) => boolean): void {
    const digits = this.digits + digit;
    this.#keyed = { digits, startedAtMs: this.#keyed?.startedAtMs ?? atMs, endedAtMs: atMs };
    this.#dueAtMs = isCodeOpen(digits) ? atMs + INTER_KEY_MS : atMs;
  }

  /** Takes the keys whose time has come; null when there are none. */
  due(atMs: number): KeyedAnswer | null {
    if (this.#keyed === null || atMs < this.#dueAtMs) return null;
    const keyed = this.#keyed;
    this.#keyed = null;
    return keyed;
  }

  /** The floor went another way: keys of an unfinished code mean nothing any more. */
  forget(): void {
    this.#keyed = null;
  }
}
