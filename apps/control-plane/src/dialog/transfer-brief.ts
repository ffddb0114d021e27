// What a person who is rung for a caller is told before the two are connected. Text for a person's ears or eyes: nothing in it is read by a model.
import type { ExpertSlot, Flow } from '#ports/agent-profile.ts';
import { isSpanish } from '#shared/text-language.ts';
import { callerNameAmong, isCallerName } from './caller-name.ts';
import type { ConversationState } from './dialog.ts';
import { sayValue } from './spoken-value.ts';

/** The longest brief: 25 s of speech, while the caller hears ringing. */
export const BRIEF_CHARACTERS_MAX = 400;
/** Of one value: a free text may hold a whole complaint. */
const VALUE_CHARACTERS_MAX = 80;
/** Digits in a row that are a telephone number or a code, not a quantity. */
const SPELT_DIGITS = 7;

/** What is known of the call besides its conversation. */
export type BriefFacts = {
  readonly flow: Pick<Flow, 'nodes'>;
  /** The agent's name, which says whose telephone was called; null when it has none. */
  readonly agentName: string | null;
  readonly language: string;
  /** Null when it is withheld or there is none. */
  readonly callerNumber: string | null;
  /** As remembered from earlier calls; null when it is not. */
  readonly callerName: string | null;
  /** False for a chat: read instead of heard. */
  readonly isSpoken: boolean;
};

const texts = {
  es: {
    call: (agent: string | null) => (agent === null ? 'Tiene una llamada.' : `Llamada para ${agent}.`),
    chat: (agent: string | null) => (agent === null ? 'Tiene un chat.' : `Chat de ${agent}.`),
    caller: (name: string) => `De ${name}.`,
    number: (number: string) => `Número ${number}.`,
    withheld: 'Número oculto.',
    known: (values: string) => `Ya ha dicho: ${values}.`,
    plus: 'más',
    keys: 'Pulse 1 para hablar ya, o 2 para devolver la llamada.',
    requiredKey: 'Pulse 1 para atender la llamada, o 2 para devolverla.',
  },
  en: {
    call: (agent: string | null) => (agent === null ? 'You have a call.' : `A call for ${agent}.`),
    chat: (agent: string | null) => (agent === null ? 'You have a chat.' : `A chat for ${agent}.`),
    caller: (name: string) => `From ${name}.`,
    number: (number: string) => `Number ${number}.`,
    withheld: 'The number is withheld.',
    known: (values: string) => `Said so far: ${values}.`,
    plus: 'plus',
    keys: 'Press 1 to talk now, or 2 to send the call back.',
    requiredKey: 'Press 1 to take the call, or 2 to send it back.',
  },
} as const;

const textsFor = (language: string): (typeof texts)['es' | 'en'] => (isSpanish(language) ? texts.es : texts.en);

/** The brief of a transfer for which nobody wrote one: who calls, whom, and what was filled in. In the language of the call; others than Spanish in English. */
export function transferBrief(facts: BriefFacts, state: Pick<ConversationState, 'slots' | 'facts'>): string {
  const { agentName, language, callerNumber, isSpoken } = facts;
  const words = textsFor(language);
  const agent = agentName === null ? null : plainText(agentName, VALUE_CHARACTERS_MAX);
  // A telephone may call by a name in place of a number, such as `front-desk`.
  const isNumber = callerNumber !== null && /\d/.test(callerNumber);
  const named = isNumber ? null : callerNumber;
  const name = callerNameAmong(state.slots) ?? callerNameAmong(state.facts ?? {}) ?? facts.callerName ?? named;
  const number = !isNumber ? null : isSpoken ? spelt(callerNumber, language) : callerNumber;
  const values = valuesOf(facts, state.slots);
  const sentences = [
    isSpoken ? words.call(agent) : words.chat(agent),
    ...(name === null ? [] : [words.caller(plainText(name, VALUE_CHARACTERS_MAX))]),
    ...(number === null ? (isSpoken && name === null ? [words.withheld] : []) : [words.number(number)]),
    ...(values.length === 0 ? [] : [words.known(values.join(', '))]),
  ];
  return plainText(sentences.join(' '), BRIEF_CHARACTERS_MAX);
}

/** What is said to whoever answers: the brief, and which keys there are, which must be heard even where the brief is cut short. */
export type SpokenBrief = { readonly told: string; readonly keys: string };

/** `told` is empty when nothing is known. */
export function spokenBrief(brief: string | null, { language, requiresKey }: { language: string; requiresKey: boolean }): SpokenBrief {
  const { keys, requiredKey } = textsFor(language);
  const text = plainText(brief ?? '', BRIEF_CHARACTERS_MAX).replaceAll(new RegExp(`\\+?\\d{${SPELT_DIGITS},}`, 'g'), (number) =>
    spelt(number, language),
  );
  const told = text === '' || /[.!?…]$/.test(text) ? text : `${text}.`;
  return { told, keys: requiresKey ? requiredKey : keys };
}

/** Without controls, markup and characters that voices stumble over, on one line. */
export function plainText(text: string, charactersMax: number): string {
  return text
    .slice(0, charactersMax * 4)
    .normalize('NFKC')
    .replaceAll(/[\p{C}\p{Z}<>‹›[\]{}|\\^`*_#~]+/gu, ' ')
    .trim()
    .slice(0, charactersMax)
    .trim();
}

/** Digit by digit in threes, the last ones in twos rather than alone: no voice reads that as a quantity. */
function spelt(number: string, language: string): string {
  const digits = number.replaceAll(/\D/g, '');
  const groups = digits.match(/\d{3}(?!\d$)|\d{1,2}/g) ?? [];
  const spaced = groups.map((group) => group.split('').join(' ')).join(', ');
  return number.startsWith('+') ? `${textsFor(language).plus} ${spaced}` : spaced;
}

/** The slots as they are said, but for the name, which was said, and agreements, which are to what was just asked. */
function valuesOf({ flow, language, isSpoken }: BriefFacts, slots: ConversationState['slots']): readonly string[] {
  const typed = new Map(flow.nodes.flatMap(({ slots: own = [] }) => own.map((slot) => [slot.name, slot.type] as const)));
  const asked = new Set([...typed.keys(), ...flow.nodes.flatMap(({ slot }) => (slot === undefined ? [] : [slot.name]))]);
  return Object.entries(slots)
    .filter(([name, value]) => asked.has(name) && !isCallerName(name) && typed.get(name)?.kind !== 'yes_no' && value.trim() !== '')
    .map(([name, value]) => {
      const said = saidValue(typed.get(name), value, { language, isSpoken });
      // "4" alone could be anything.
      return typed.get(name)?.kind === 'number' ? `${name.replaceAll('_', ' ')} ${said}` : said;
    });
}

function saidValue(type: ExpertSlot['type'] | undefined, value: string, how: { language: string; isSpoken: boolean }): string {
  if (type?.kind === 'phone') return how.isSpoken ? spelt(value, how.language) : value;
  return plainText(sayValue(type, value, how.language), VALUE_CHARACTERS_MAX);
}
