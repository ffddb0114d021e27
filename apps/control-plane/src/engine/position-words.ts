// What a caller who is held is told of his place in the line.
import type { AgentProfile } from '#ports/agent-profile.ts';
import type { Speech } from '#ports/text-to-speech.ts';
import { isSpanish } from '#shared/text-language.ts';

const texts = {
  es: {
    busy: 'Todas nuestras líneas están ocupadas.',
    thanks: 'Gracias por esperar.',
    position: (position: number) => `Es usted el número ${position} de la espera.`,
  },
  en: {
    busy: 'All our lines are busy.',
    thanks: 'Thank you for waiting.',
    position: (position: number) => `You are number ${position} in line.`,
  },
} as const;

/** In the agent's language and voice. Of others than Spanish and English there are no words: the line is told in English then, in English's own voice. */
export function positionWords(
  position: number,
  { agent, isFirst }: { readonly agent: Pick<AgentProfile, 'language' | 'voice' | 'speed'>; readonly isFirst: boolean },
): Speech {
  const { language, voice, speed } = agent;
  const words = isSpanish(language) ? texts.es : texts.en;
  const text = `${isFirst ? words.busy : words.thanks} ${words.position(position)}`;
  const hasWords = isSpanish(language) || /^en(-|$)/i.test(language);
  return hasWords ? { text, language, voice, speed } : { text, language: 'en', voice: '', speed };
}
