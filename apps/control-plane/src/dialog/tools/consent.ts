// Whether a caller's words are a yes, judged by rule and never by a model: what costs money or destroys something hangs on it.
import { plainWords } from '#shared/plain-words.ts';
import { findLongestPhrase, withoutMatch } from '#dialog/phrase-match.ts';

/** `unclear` counts as no for whoever waits for a yes, save that the question may be asked once more. */
export type Consent = 'yes' | 'no' | 'unclear';

/** Idioms that hold a "no" and mean yes, looked for before the refusals. */
const YES_WITH_NO = phrases('como no, no hay problema, no hay inconveniente, sin problema, no problem, why not, no worries');

const YES = [
  ...phrases('si, sip, claro, claro que si, por supuesto, desde luego, de acuerdo, esta bien, correcto, es correcto, exacto, exactamente'),
  ...phrases('asi es, eso es, adelante, hazlo, hagalo, hagale, dale, vale, va, sale, listo, perfecto, confirmo, lo confirmo, la confirmo'),
  ...phrases('confirmado, acepto, lo acepto, me parece bien, me parece perfecto, ok, okay, okey, afirmativo'),
  ...phrases('yes, yeah, yep, yup, sure, of course, absolutely, definitely, certainly, go ahead, please do, do it, correct, fine, perfect'),
  ...phrases('that s right, that s correct, that is right, that is correct, that s fine, that is fine, sounds good, alright, all right'),
  ...phrases('great, right, i confirm, i agree, i accept, yes i do, confirmed'),
];

const NO = [
  ...phrases('no, nop, nel, nunca, jamas, tampoco, negativo, espera, espere, esperame, espereme, detente, alto, pare, dejelo, dejalo'),
  ...phrases('olvidalo, olvidelo, ya no'),
  ...phrases(
    'not, nope, nah, never, don t, dont, do not, doesn t, won t, can t, cannot, wait, stop, hold on, forget it, cancel that, not yet',
  ),
];

/** Words that add nothing to a yes. Anything else beside it may be a condition, a change or a question. */
const NEUTRAL = new Set([
  ...phrases('eh, ah, mm, mmm, um, uh, ay, oh, bueno, pues, entonces, por, favor, gracias, muchas, muy, amable, senor, senora, senorita'),
  ...phrases('joven, confirme, confirma, confirmela, confirmelo, reserve, reservela, reservelo, reservalo, reservala, cancele, cancelela'),
  ...phrases('cancelelo, cancelala, cancelalo, agendela, agendelo, agendala, agendalo, hagamoslo'),
  ...phrases('well, so, please, thanks, thank, you, very, much, sir, madam, ma, am, miss, book, it, confirm, that'),
]);

/**
 * Judges an answer to "shall I do it?". Anything that refuses is a no, even beside a yes ("sí, no, espere"). A yes must be the whole answer, save
 * for politeness: "sí, pero el martes", "si hay otra hora" and "yes, how much is it?" are unclear, because they ask for something else.
 */
export function consentOf(callerWords: string): Consent {
  const words = withoutPhrases(plainWords(callerWords), YES_WITH_NO);
  if (findLongestPhrase(words.rest, NO) !== null) return 'no';
  const yes = withoutPhrases(words.rest, YES);
  if (!words.found && !yes.found) return 'unclear';
  if (/[?¿]/.test(callerWords)) return 'unclear';
  return yes.rest.every((word) => word === '' || NEUTRAL.has(word)) ? 'yes' : 'unclear';
}

/** The words that none of the phrases covers. */
function withoutPhrases(words: readonly string[], known: readonly string[]): { rest: readonly string[]; found: boolean } {
  let rest = words;
  for (;;) {
    const match = findLongestPhrase(rest, known);
    if (match === null) return { rest, found: rest !== words };
    rest = withoutMatch(rest, match);
  }
}

function phrases(list: string): string[] {
  return list.split(', ');
}
