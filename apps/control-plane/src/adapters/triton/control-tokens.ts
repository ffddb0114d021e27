// Takes control tokens out of what people, documents and tools say: none of them may open another role's turn or call a tool.

/** Control tokens of the templates in use: `<|…|>` of Qwen, Llama 3 and Phi, `[…]` of Mistral, Hermes' tags, the ends of Llama 2 and Gemma. */
const controlToken =
  /<\|[^|>]{0,40}\|>|<\/?(?:tool_call|tool_response|tools|think|start_of_turn|end_of_turn)>|<\/?s>|<bos>|<eos>|<<\/?SYS>>|\[\/?(?:INST|TOOL_CALLS|TOOL_RESULTS|AVAILABLE_TOOLS|TOOL_CONTENT|SYSTEM_PROMPT|ARGS|CALL_ID|THINK)\]/g;

/** `text` without control tokens. Removed until none is left: taking one out may close the gap around another. */
export function plainText(text: string): string {
  return withoutPattern(text, controlToken);
}

/** The same, for a model whose folder names more tokens. */
export function plainTextWithout(tokens: readonly string[]): (text: string) => string {
  if (tokens.length === 0) return plainText;
  const named = tokens.map((token) => token.replaceAll(/[.*+?^${}()|[\]\\]/g, String.raw`\$&`));
  const pattern = new RegExp(`${controlToken.source}|${named.join('|')}`, 'g');
  return (text) => withoutPattern(text, pattern);
}

function withoutPattern(text: string, pattern: RegExp): string {
  for (let before = text; ;) {
    const after = before.replaceAll(pattern, '');
    if (after === before) return after;
    before = after;
  }
}
