// Reads the calls of tools out of what a model wrote: every family has a format of its own, and small models keep to it only nearly.
import { pythonCalls } from './python-calls.ts';
import type { WrittenCall } from './tool-format.ts';

/** The calls in the text between a format's markers; never none: what cannot be read is one call with that text as its arguments. */
export function callsIn(text: string): readonly WrittenCall[] {
  const body = text.trim();
  const calls = jsonCalls(body) ?? namedCalls(body) ?? pythonCalls(body);
  if (calls !== null && calls.length > 0) return calls;
  return [{ name: /"name"\s*:\s*"([^"]{1,64})"/.exec(body)?.[1] ?? '', argumentsJson: body }];
}

/** Objects with a name, alone, in a list, or one behind the other with `;` or white space between. */
function jsonCalls(body: string): readonly WrittenCall[] | null {
  const pieces = body.startsWith('[') ? objectsIn(body.slice(1, body.endsWith(']') ? -1 : undefined)) : objectsIn(body);
  if (pieces === null) return null;
  const calls: WrittenCall[] = [];
  for (const piece of pieces) {
    const call = callOf(piece);
    if (call === null) return null;
    calls.push(call);
  }
  return calls;
}

function callOf(value: unknown): WrittenCall | null {
  if (typeof value !== 'object' || value === null) return null;
  const written = value as Record<string, unknown>;
  const inner = written['function'];
  if (typeof inner === 'object' && inner !== null) return callOf(inner);
  const name = written['name'] ?? inner;
  if (typeof name !== 'string') return null;
  return { name, argumentsJson: jsonOf(written['arguments'] ?? written['parameters'] ?? {}) };
}

/** Some models write the arguments as a string that holds JSON. */
function jsonOf(value: unknown): string {
  return typeof value === 'string' ? value : JSON.stringify(value);
}

/** Mistral's newer form: a name, then `[ARGS]` or nothing, then the arguments; several with `[TOOL_CALLS]` between them. */
function namedCalls(body: string): readonly WrittenCall[] | null {
  const calls: WrittenCall[] = [];
  for (const piece of body.split('[TOOL_CALLS]')) {
    if (piece.trim() === '') continue;
    const match = /^\s*([\w.-]{1,64})\s*(?:\[CALL_ID\]\w*)?\s*(?:\[ARGS\])?\s*(\{.*)$/s.exec(piece);
    const [, name, args] = match ?? [];
    if (name === undefined || args === undefined) return null;
    calls.push({ name, argumentsJson: args.trim() });
  }
  return calls;
}

/** Top-level JSON objects; null when there is anything else between them or one is broken. */
function objectsIn(text: string): readonly unknown[] | null {
  const objects: unknown[] = [];
  let from = 0;
  for (;;) {
    const gap = /[\s,;]*/y;
    gap.lastIndex = from;
    gap.exec(text);
    from = gap.lastIndex;
    if (from >= text.length) return objects;
    const end = objectEnd(text, from);
    if (end === -1) return null;
    try {
      objects.push(JSON.parse(text.slice(from, end)));
    } catch {
      return null;
    }
    from = end;
  }
}

/** Index behind the object that begins at `from`, or -1. */
function objectEnd(text: string, from: number): number {
  if (text[from] !== '{') return -1;
  let depth = 0;
  let isString = false;
  for (let at = from; at < text.length; at++) {
    const character = text[at];
    if (isString) {
      if (character === '\\') at += 1;
      else if (character === '"') isString = false;
    } else if (character === '"') isString = true;
    else if (character === '{') depth += 1;
    else if (character === '}' && --depth === 0) return at + 1;
  }
  return -1;
}
