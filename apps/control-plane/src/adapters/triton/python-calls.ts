// Reads calls written as Python, `[find(day="monday", limit=2)]`: what Llama 3.2 and the built-in tools of Llama 3 write. Literals only, nothing runs.
import type { WrittenCall } from './tool-format.ts';

/** Deeper than any tool's arguments. */
const DEPTH_MAX = 8;

/** The calls, or null when the text is anything but calls with named literals. */
export function pythonCalls(text: string): readonly WrittenCall[] | null {
  const reader = new PythonReader(text);
  try {
    return reader.calls();
  } catch (error) {
    if (error instanceof NotPython) return null;
    throw error;
  }
}

class NotPython extends Error {
  override readonly name = 'NotPython';
}

class PythonReader {
  readonly #text: string;
  #at = 0;

  constructor(text: string) {
    this.#text = text;
  }

  calls(): readonly WrittenCall[] {
    const isList = this.#take(/\[/y) !== null;
    const calls: WrittenCall[] = [];
    do calls.push(this.#call());
    while (this.#take(/[,;]/y) !== null && this.#peek(/[\p{L}_]/uy));
    if (isList) this.#need(/\]/y);
    if (this.#at < this.#text.trimEnd().length) throw new NotPython('there is more behind the calls');
    return calls;
  }

  #call(): WrittenCall {
    const name = this.#need(/[\p{L}_][\w.]{0,63}/uy);
    this.#need(/\(/y);
    const args: Record<string, unknown> = {};
    while (!this.#peek(/\)/y)) {
      const key = this.#need(/[\p{L}_]\w*/uy);
      this.#need(/=/y);
      args[key] = this.#value(0);
      if (this.#take(/,/y) === null) break;
    }
    this.#need(/\)/y);
    // Llama's built-in tools are methods: `brave_search.call(query="…")`.
    return { name: name.replace(/\.call$/, ''), argumentsJson: JSON.stringify(args) };
  }

  #value(depth: number): unknown {
    if (depth > DEPTH_MAX) throw new NotPython('nested too deep');
    const text = this.#take(/"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*'/sy);
    if (text !== null) return text.slice(1, -1).replaceAll(/\\(.)/gs, (_, escaped: string) => (escaped === 'n' ? '\n' : escaped));
    const number = this.#take(/-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?/y);
    if (number !== null) return Number(number);
    const word = this.#take(/True|False|None|true|false|null/y);
    if (word !== null) return { t: true, f: false, n: null }[word.charAt(0).toLowerCase()];
    if (this.#take(/\[/y) !== null) return this.#list(depth);
    this.#need(/\{/y);
    return this.#record(depth);
  }

  #list(depth: number): unknown[] {
    const values: unknown[] = [];
    while (!this.#peek(/\]/y)) {
      values.push(this.#value(depth + 1));
      if (this.#take(/,/y) === null) break;
    }
    this.#need(/\]/y);
    return values;
  }

  #record(depth: number): Record<string, unknown> {
    const record: Record<string, unknown> = {};
    while (!this.#peek(/\}/y)) {
      const key = this.#value(depth + 1);
      if (typeof key !== 'string') throw new NotPython('a key is not a text');
      this.#need(/:/y);
      record[key] = this.#value(depth + 1);
      if (this.#take(/,/y) === null) break;
    }
    this.#need(/\}/y);
    return record;
  }

  #need(pattern: RegExp): string {
    const found = this.#take(pattern);
    if (found === null) throw new NotPython(`no ${pattern.source} at ${this.#at}`);
    return found;
  }

  #peek(pattern: RegExp): boolean {
    const before = this.#at;
    const found = this.#take(pattern) !== null;
    this.#at = before;
    return found;
  }

  #take(pattern: RegExp): string | null {
    while (/\s/.test(this.#text.charAt(this.#at))) this.#at += 1;
    pattern.lastIndex = this.#at;
    const match = pattern.exec(this.#text);
    if (match === null) return null;
    this.#at = pattern.lastIndex;
    return match[0];
  }
}
