// Text that somebody else wrote (a document, another system) as a model may be shown it: cleaned, cut, and fenced as data.

/** Tokens by which chat templates and tool formats mark who speaks; in a text they are an attempt to speak as somebody else. */
const MODEL_TOKENS =
  /<\|[^|<>]{0,64}\|>|<\/?(?:s|bos|eos|pad|unk|start_of_turn|end_of_turn|think|tools?|tool_calls?|tool_response|function(?:_call)?|system|user|assistant)>|\[\/?(?:INST|SYSTEM_PROMPT|TOOL_CALLS|TOOL_RESULTS|AVAILABLE_TOOLS)\]|<<\/?SYS>>/gi;
/** Controls, and characters that nobody sees: zero width, direction, language tags, halves of characters. */
const UNSEEN = /[\p{Cc}\p{Cf}\p{Cs}\p{Co}\u2028\u2029]/gu;

/** The text without controls and model tokens, on one line, at most so many characters. Angle brackets become others, so that it cannot end its fence. */
export function cleanText(text: string, charactersMax: number): string {
  // A space for each: removal would let the parts around it join to a new token. Cut first: nobody's text makes us scan megabytes.
  const plain = text
    .slice(0, charactersMax * 4)
    .replaceAll(UNSEEN, ' ')
    .normalize('NFKC')
    .replaceAll(MODEL_TOKENS, ' ');
  return plain.replaceAll('<', '‹').replaceAll('>', '›').replaceAll(/\s+/g, ' ').trim().slice(0, charactersMax);
}

/** The text inside a fence that names where it is from. */
export function quotedText(kind: string, source: string, text: string): string {
  return `<${kind} source="${source.replaceAll('"', "'")}">\n${text}\n</${kind}>`;
}
