import { expect, test } from 'vitest';
import { catalogForTests, espeakForTests, spokenForTests } from '#testing/espeak-on-this-machine.ts';
import { splitAtPauses } from './pause-split.ts';
import { speakPhrases } from './phrase-speaker.ts';
import type { Cepstra } from './cepstra.ts';
import { rankPhrases, type PhraseTemplates } from './phrase-ranking.ts';
import { speechFeatures } from './speech-features.ts';

await catalogForTests();
const speaker = { command: espeakForTests, signal: new AbortController().signal };
const phrases = ['sí', 'quiero pedir una cita', 'a las once', 'sí, por favor', 'tres < cuatro & <break time="9s"/>'];

test.each(['es', 'es-419+f2', 'es+f4', 'es-419+m3'])('voice %s says every phrase in its place, as it would alone', async (voice) => {
  const together = await speakPhrases(speaker, { voice, wordsPerMinute: 160 }, phrases);
  expect(together).toHaveLength(phrases.length);
  const alone: PhraseTemplates[] = [];
  for (const phrase of phrases) {
    const { samples, sampleRateHz } = await spokenForTests({ text: phrase, voice, wordsPerMinute: 160 });
    alone.push({ phrase, voices: [featuresOf(samples, sampleRateHz)] });
  }
  const found = together.map(({ samples, sampleRateHz }) => rankPhrases(featuresOf(samples, sampleRateHz), alone));
  expect(found.map(({ phrase }) => phrase)).toEqual(phrases);
  expect(Math.max(...found.map(({ distance }) => distance))).toBeLessThan(2.5);
});

function featuresOf(samples: Int16Array, sampleRateHz: number): Cepstra {
  const features = speechFeatures(samples, sampleRateHz);
  if (features === null) throw new Error('not heard as speech');
  return features;
}

test('a phrase that makes no sound leaves the others in their places', async () => {
  const spoken = await speakPhrases(speaker, { voice: 'es', wordsPerMinute: 160 }, ['hola', '-', 'adiós']);
  expect(spoken.map(({ samples }) => samples.length > 4_000)).toEqual([true, false, true]);
});

test('sound is cut at long pauses only', () => {
  const sound = (length: number) => Array.from({ length }, (_, at) => (at % 2 === 0 ? 900 : -900));
  const quiet = (length: number) => Array.from({ length }, () => 3);
  const samples = Int16Array.from([...quiet(50), ...sound(100), ...quiet(300), ...sound(40), ...quiet(900), ...sound(70), ...quiet(1_000)]);
  expect(splitAtPauses(samples, 1_000).map((piece) => piece.length)).toEqual([50 + 440 + 200, 200 + 70 + 200]);
  expect(splitAtPauses(new Int16Array(5_000), 1_000)).toEqual([]);
});
