// "Mm-hm" that does not take the floor, and the agent's own words coming back.
import { plainWords } from '#shared/plain-words.ts';
import { FALSE_BARGE_IN_MS } from './limits.ts';

/** What listeners say to show that they listen. Normalised as `normalise` does it. */
const BACKCHANNELS: Readonly<Record<string, ReadonlySet<string>>> = {
  es: new Set(
    [
      'aja',
      'ajá',
      'mm',
      'mmm',
      'mm hm',
      'mhm',
      'uhum',
      'eh',
      'ah',
      'oh',
      'ya',
      'ya ya',
      'claro',
      'vale',
      'ok',
      'okay',
      'si si',
      'bueno',
    ].map(normalise),
  ),
  en: new Set(
    ['uh huh', 'mm', 'mmm', 'mm hm', 'mhm', 'hm', 'ah', 'oh', 'ok', 'okay', 'right', 'i see', 'sure', 'yeah yeah'].map(normalise),
  ),
};

/** What two texts are compared by. */
function normalise(text: string): string {
  return plainWords(text).join(' ');
}

/** Whether the words only say "go on". `language` is a tag such as `es-MX`. */
export function isBackchannel(text: string, language: string): boolean {
  const words = BACKCHANNELS[language.slice(0, 2)];
  return words?.has(normalise(text)) ?? false;
}

/** From this many words on, a repetition of the agent's own words is its echo and not chance. */
const ECHO_MIN_WORDS = 3;

/** Whether the caller's words are what the agent was just saying: its own voice through a loudspeaker. */
export function isEcho(callerText: string, agentText: string): boolean {
  const caller = normalise(callerText);
  if (caller.split(' ').length < ECHO_MIN_WORDS) return false;
  return ` ${normalise(agentText)} `.includes(` ${caller} `);
}

/** What was taken for an interruption. `speechMs` is its length, `agentText` what the agent was saying. */
export type Interruption = { readonly text: string; readonly speechMs: number; readonly agentText: string; readonly language: string };

/** Why an interruption was none, so that the agent goes on where it was; null when it was one. */
export function notAnInterruption(interruption: Interruption): 'echo_ignored' | 'false_barge_in' | null {
  const { text, speechMs, agentText, language } = interruption;
  if (isEcho(text, agentText)) return 'echo_ignored';
  const isCough = text === '' && speechMs < FALSE_BARGE_IN_MS;
  return isCough || isBackchannel(text, language) ? 'false_barge_in' : null;
}
