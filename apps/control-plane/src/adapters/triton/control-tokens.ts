// Takes control tokens out of what people, documents and tools say: none of them may open another role's turn or call a tool.
import { CONTROL_TOKENS } from '#shared/control-tokens.ts';

/** `text` without control tokens. Removed until none is left: taking one out may close the gap around another. */
export function plainText(text: string): string {
  return withoutPattern(text, CONTROL_TOKENS);
}

/** The same, for a model whose folder names more tokens. */
export function plainTextWithout(tokens: readonly string[]): (text: string) => string {
  if (tokens.length === 0) return plainText;
  const named = tokens.map((token) => token.replaceAll(/[.*+?^${}()|[\]\\]/g, String.raw`\$&`));
  // The folder's first: `<<user>>` goes whole, where the list would take `<user>` out of it.
  const pattern = new RegExp([...named, CONTROL_TOKENS.source].join('|'), CONTROL_TOKENS.flags);
  return (text) => withoutPattern(text, pattern);
}

function withoutPattern(text: string, pattern: RegExp): string {
  for (let before = text; ;) {
    const after = before.replaceAll(pattern, '');
    if (after === before) return after;
    before = after;
  }
}
