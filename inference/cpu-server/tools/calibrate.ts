// Measures the phrases engine: what it accepts of voices it has not heard, what it refuses, and how long it takes. Prints the README's table.
import { rankPhrases, type PhraseMatch, type PhraseTemplates } from '#phrases/phrase-ranking.ts';
import { speechFeatures } from '#phrases/speech-features.ts';
import { createTemplateStore } from '#phrases/template-store.ts';
import { SPEECH_RATE_HZ } from '#speech/transcription.ts';
import { catalogForTests, espeakForTests, spokenForTests } from '#testing/espeak-on-this-machine.ts';
import { telephoneLine, whiteNoise } from '#testing/telephone-line.ts';
import { callers, faults, type CallerVoice } from './calibration-audio.ts';
import { phraseSets, type PhraseSet } from './phrase-sets.ts';

/** How many utterances of one condition were answered rightly, with a wrong phrase, and with nothing. */
interface Tally {
  right: number;
  wrong: number;
  empty: number;
}

const source = { command: espeakForTests, catalog: await catalogForTests(), signal: new AbortController().signal };
const tallies = new Map<string, Tally>();
const tookMs: number[] = [];
const wrong: string[] = [];
let seed = 0;

function recognise(samples: Int16Array, templates: readonly PhraseTemplates[]): PhraseMatch | null {
  const startedAt = performance.now();
  const speech = speechFeatures(samples, SPEECH_RATE_HZ);
  const match = speech === null ? null : rankPhrases(speech, templates);
  tookMs.push(performance.now() - startedAt);
  return match;
}

function count(condition: string, said: string | null, match: PhraseMatch | null): void {
  const tally = tallies.get(condition) ?? { right: 0, wrong: 0, empty: 0 };
  tallies.set(condition, tally);
  if (match === null || match.phrase === null) tally.empty += 1;
  else if (match.phrase === said) tally.right += 1;
  else {
    tally.wrong += 1;
    wrong.push(
      `${condition}: ${said ?? 'other'} -> ${match.phrase} (distance ${match.distance.toFixed(2)}, margin ${match.margin.toFixed(2)})`,
    );
  }
}

async function heard(caller: CallerVoice, text: string, noiseDb: number): Promise<Int16Array> {
  const { samples, sampleRateHz } = await spokenForTests({ ...caller, text });
  return telephoneLine(samples, sampleRateHz, { noiseDb, seed: (seed += 1) });
}

async function measureCaller(set: PhraseSet, caller: CallerVoice, templates: readonly PhraseTemplates[]): Promise<void> {
  const { language, hints, others } = set;
  for (const [at, hint] of hints.entries()) {
    const line = await heard(caller, hint, 30);
    count(`${language}: expected phrase, noise 30 dB below`, hint, recognise(line, templates));
    count(`${language}: expected phrase, noise 15 dB below`, hint, recognise(await heard(caller, hint, 15), templates));
    const other = await heard(caller, others[at % others.length] ?? '', 30);
    for (const [fault, apply] of Object.entries(faults)) count(`${language}: ${fault}`, null, recognise(apply(line, other), templates));
  }
  for (const sentence of others) count(`${language}: unexpected sentence`, null, recognise(await heard(caller, sentence, 30), templates));
}

for (const set of phraseSets) {
  const startedAt = performance.now();
  const templates = (await createTemplateStore(source).templatesFor(set.language, set.hints)) ?? [];
  console.log(`${set.language}: templates of ${templates.length} phrases made in ${Math.round(performance.now() - startedAt)} ms`);
  for (const caller of callers[set.language] ?? []) await measureCaller(set, caller, templates);
  for (let at = 0; at < 40; at += 1) {
    count(`${set.language}: white noise`, null, recognise(whiteNoise(0.5 + at * 0.05, at), templates));
    count(`${set.language}: silence`, null, recognise(new Int16Array(8_000 + at * 800), templates));
  }
}

console.log(wrong.join('\n'));
console.log('\n| condition | utterances | right | a wrong phrase | empty |\n| --- | --- | --- | --- | --- |');
for (const [condition, tally] of tallies) {
  const all = tally.right + tally.wrong + tally.empty;
  const percent = (part: number) => `${((100 * part) / all).toFixed(1)} %`;
  console.log(`| ${condition} | ${all} | ${percent(tally.right)} | ${percent(tally.wrong)} | ${percent(tally.empty)} |`);
}
const ranked = tookMs.toSorted((a, b) => a - b);
const quantile = (share: number) => ranked[Math.floor(share * (ranked.length - 1))]?.toFixed(1);
console.log(`\nrecognition with templates ready: p50 ${quantile(0.5)} ms, p99 ${quantile(0.99)} ms over ${ranked.length} utterances`);
