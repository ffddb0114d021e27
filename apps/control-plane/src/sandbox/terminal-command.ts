/** What a line typed in the sandbox means. */

/** A parsed line. */
export type TerminalCommand =
  | { readonly kind: 'say'; readonly text: string }
  | { readonly kind: 'dtmf'; readonly digits: string }
  | { readonly kind: 'call_agent'; readonly language: string }
  | { readonly kind: 'hang_up' }
  /** At the representative's telephone, while it rings. */
  | { readonly kind: 'pick_up' }
  | { readonly kind: 'decline' }
  | { readonly kind: 'quit' }
  | { readonly kind: 'help' }
  | { readonly kind: 'nothing' }
  | { readonly kind: 'refused'; readonly reason: string };

export const terminalHelp = [
  'Type what the caller says and press Enter; type while the agent speaks to interrupt it.',
  '  /dtmf 5        press keys          /hangup     hang up',
  '  /agent es|en   call that agent     /quit       leave',
  "  /answer        pick up the representative's telephone when it rings; /decline does not",
].join('\n');

/** Parses one line; `languages` are those that have an agent. */
export function parseTerminalCommand(line: string, languages: readonly string[]): TerminalCommand {
  const text = line.trim();
  if (text === '') return { kind: 'nothing' };
  if (!text.startsWith('/')) return { kind: 'say', text };
  const [name, argument = ''] = text.slice(1).split(/\s+/, 2);
  switch (name) {
    case 'dtmf':
      return /^[0-9*#]{1,20}$/.test(argument)
        ? { kind: 'dtmf', digits: argument }
        : { kind: 'refused', reason: '/dtmf takes 1 to 20 of 0-9 * #' };
    case 'agent':
      return languages.includes(argument)
        ? { kind: 'call_agent', language: argument }
        : { kind: 'refused', reason: `/agent takes one of ${languages.join(', ')}` };
    case 'answer':
      return { kind: 'pick_up' };
    case 'decline':
      return { kind: 'decline' };
    case 'hangup':
      return { kind: 'hang_up' };
    case 'quit':
    case 'exit':
      return { kind: 'quit' };
    case 'help':
      return { kind: 'help' };
    default:
      return { kind: 'refused', reason: `/${name} is not a command; /help lists them` };
  }
}
