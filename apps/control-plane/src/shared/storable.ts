// What a model or a tool wrote may hold characters that PostgreSQL refuses: without them, one odd character costs a character and not the turn.

/** JSON spells U+0000 and halves of surrogate pairs as escapes: a text without them needs no second look. */
export const SUSPICIOUS_ESCAPE = /\\u(?:0000|d[89a-f])/i;

/** The same plain JSON with every text storable: without U+0000, a lone surrogate as U+FFFD. What needs no change is returned as it is. */
export function storable<Value>(value: Value): Value {
  const text = JSON.stringify(value);
  if (!SUSPICIOUS_ESCAPE.test(text)) return value;
  const clean = (_key: string, part: unknown): unknown => (typeof part === 'string' ? part.replaceAll('\u0000', '').toWellFormed() : part);
  return JSON.parse(text, clean) as Value;
}
