import { beforeAll, expect, test } from 'vitest';
import type { Transcription } from '#speech/transcription.ts';
import { catalogForTests, espeakForTests, spokenForTests } from '#testing/espeak-on-this-machine.ts';
import { resample, telephoneLine, whiteNoise } from '#testing/telephone-line.ts';
import { createPhraseRecogniser } from './phrase-recogniser.ts';

const recognise = createPhraseRecogniser({
  command: espeakForTests,
  catalog: await catalogForTests(),
  signal: new AbortController().signal,
});
const spanish = [
  'sí',
  'no',
  'quiero pedir una cita',
  'quiero cancelar mi cita',
  'el lunes por la mañana',
  'a qué hora abren',
  'hablar con una persona',
  'adiós',
];
const english = [
  'yes',
  'no',
  'I want to make an appointment',
  'what are your opening hours',
  'on Monday morning',
  'talk to a person',
  'goodbye',
];

async function transcribe(samples: Int16Array, language: string, hints: readonly string[]): Promise<Transcription> {
  const outcome = await recognise({ samples, language, hints });
  if (outcome.kind !== 'transcribed') throw new Error(`not transcribed: ${outcome.reason}`);
  return outcome;
}

/** A caller whose voice, pitch and speed no template has, over a G.711 line with noise. */
async function caller(text: string, voice: string): Promise<Int16Array> {
  const { samples, sampleRateHz } = await spokenForTests({ text, voice, wordsPerMinute: 168, pitch: 58 });
  return telephoneLine(samples, sampleRateHz, { noiseDb: 25, seed: 7 });
}

let appointment: Int16Array;
let elsewhere: Int16Array;
beforeAll(async () => {
  appointment = await caller('quiero pedir una cita', 'es-419+f1');
  elsewhere = await caller('hoy hace mucho calor en la ciudad', 'es-419+f1');
});

test.each([
  ['es-419+f1', 'es', spanish],
  ['es+m7', 'es-MX', spanish],
  ['en-us+f1', 'en', english],
  ['en-gb+m7', 'en-US', english],
] as const)('voice %s, unlike every template, is understood on a telephone line', async (voice, language, hints) => {
  for (const phrase of hints) {
    const { text, confidence, noSpeechProbability } = await transcribe(await caller(phrase, voice), language, hints);
    expect(text).toBe(phrase);
    expect(confidence).toBeGreaterThan(0.5);
    expect(noSpeechProbability).toBe(0);
  }
});

test('sentences that were not expected are answered with nothing', async () => {
  for (const sentence of [
    'mi perro se ha comido un zapato',
    'cuánto cuesta una radiografía',
    'la ventana está abierta',
    'compré tres kilos de naranjas',
  ]) {
    const { text } = await transcribe(await caller(sentence, 'es+m7'), 'es', spanish);
    expect({ sentence, text }).toEqual({ sentence, text: '' });
  }
});

const half = (samples: Int16Array) => Int16Array.from(resample(Float64Array.from(samples), 8_000, 16_000));
const double = (samples: Int16Array) => Int16Array.from(resample(Float64Array.from(samples), 32_000, 16_000));
const everyOther = (left: Int16Array, right: Int16Array) =>
  Int16Array.from({ length: left.length * 2 }, (_, at) => (at % 2 === 0 ? left : right)[at >> 1] ?? 0);

test.each<[string, () => Int16Array]>([
  ['backwards', () => appointment.toReversed()],
  ['at half the sample rate', () => half(appointment)],
  ['at twice the sample rate', () => double(appointment)],
  ['as interleaved stereo with a silent side', () => everyOther(appointment, new Int16Array(appointment.length))],
  ['as interleaved stereo with another voice', () => everyOther(appointment, elsewhere)],
  ['as the other channel of the call', () => elsewhere],
  ['with its bytes swapped', () => Int16Array.from(appointment, (sample) => ((sample & 0xff) << 8) | ((sample >> 8) & 0xff))],
])('the same phrase %s is answered with nothing: the answer depends on the audio', async (_fault, broken) => {
  expect((await transcribe(appointment, 'es', spanish)).text).toBe('quiero pedir una cita');
  expect((await transcribe(broken(), 'es', spanish)).text).toBe('');
});

test('silence, noise, a tone and no audio at all are not speech', async () => {
  const tone = Int16Array.from({ length: 24_000 }, (_, at) => 8_000 * Math.sin((2 * Math.PI * 425 * at) / 16_000));
  for (const samples of [new Int16Array(0), new Int16Array(16_000), whiteNoise(1.5, 3), whiteNoise(1, 4, 200), tone]) {
    expect(await transcribe(samples, 'es', spanish)).toEqual({ kind: 'transcribed', text: '', confidence: 0, noSpeechProbability: 1 });
  }
});

test('speech without hints is heard as speech and not understood', async () => {
  expect(await transcribe(appointment, 'es', [])).toMatchObject({ text: '', confidence: 0, noSpeechProbability: 0 });
});

test('a phrase given twice among the hints does not compete with itself', async () => {
  expect((await transcribe(appointment, 'es', [...spanish, ...spanish])).text).toBe('quiero pedir una cita');
});

test('a language that espeak-ng does not speak is refused by name', async () => {
  expect(await recognise({ samples: appointment, language: 'tlh', hints: spanish })).toMatchObject({
    kind: 'refused',
    reason: expect.stringContaining('"tlh"') as string,
  });
});
