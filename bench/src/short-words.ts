// Lone short words on a telephone line, through voice activity and turn detection: a caller who says "sí" must not wait for an answer.
import { concatPcm, durationMs, framesOf } from '@centralita/control-plane/audio/frame.ts';
import { alaw, ulaw } from '@centralita/control-plane/audio/g711.ts';
import { resample } from '@centralita/control-plane/audio/resample.ts';
import { LineLoudness } from '@centralita/control-plane/engine/line-loudness.ts';
import { initialDetectorState, stepDetector } from '@centralita/control-plane/engine/turn-detector.ts';
import type { VoiceActivity } from '@centralita/control-plane/ports/voice-activity.ts';
import { synthesize } from '@centralita/sip-caller/speech.ts';
import { hear } from './voice-activity-speech.ts';

const WORDS: Readonly<Record<string, readonly string[]>> = {
  es: ['sí', 'no', 'vale', 'dos'],
  'es-419': ['sí', 'no'],
  'en-us': ['yes', 'no'],
};
/** What the same caller said before. After it and the digital silences between, the model alone misses 9 of 128 words; without it none. */
const SAID_BEFORE = ['quiero una cita', 'el martes', 'a las diez'];
const LINE_HZ = 8_000;
/** Silence of the caller's line while the agent speaks: its greeting, then each of its questions. */
const GREETING_SAMPLES = 10 * LINE_HZ;
const QUESTION_SAMPLES = 4.5 * LINE_HZ;
/** Places of the word against the model's windows of 256 samples: an odd step visits all of them. */
const POSITIONS = 16;
const POSITION_STEP_SAMPLES = 33;
/** Questions before the word are longer by turns. */
const LONGER_SAMPLES = [0, 2 * LINE_HZ];
const settings = { candidatePauseMs: 250, commitPauseMs: 500, bargeIn: true, bargeInSpeechMs: 300 };

/** How many of `n` lone words ended in no turn of the caller. */
export type ShortWords = { readonly n: number; readonly missed: number };

/** Says each word at each position over both laws of G.711, as the fourth turn of a call. */
export async function missedShortWords(voiceActivity: VoiceActivity): Promise<ShortWords> {
  const missed: boolean[] = [];
  for (const [voice, words] of Object.entries(WORDS)) {
    const call: Int16Array[] = [new Int16Array(GREETING_SAMPLES)];
    for (const text of SAID_BEFORE) call.push(await say(text, voice), new Int16Array(QUESTION_SAMPLES));
    for (const text of words) {
      const word = await say(text, voice);
      for (let position = 0; position < POSITIONS; position++) {
        const more = new Int16Array((LONGER_SAMPLES[position % 2] as number) + position * POSITION_STEP_SAMPLES);
        const line = overLine(concatPcm([...call, more, word, new Int16Array(LINE_HZ)]), position % 4 < 2 ? alaw : ulaw);
        missed.push((await countTurns(voiceActivity, line)) <= SAID_BEFORE.length);
      }
    }
  }
  return { n: missed.length, missed: missed.filter(Boolean).length };
}

function say(text: string, voice: string): Promise<Int16Array> {
  return synthesize({ text, voice, wordsPerMinute: 150, hz: LINE_HZ });
}

function overLine(pcm: Int16Array, law: typeof alaw): Int16Array {
  const codes = new Uint8Array(pcm.length);
  law.encode(pcm, codes);
  law.decode(codes, pcm);
  return resample(pcm, { fromHz: LINE_HZ, toHz: 16_000 });
}

async function countTurns(voiceActivity: VoiceActivity, pcm: Int16Array): Promise<number> {
  const voices = await hear(voiceActivity, pcm);
  const loudness = new LineLoudness();
  let state = initialDetectorState;
  let turns = 0;
  let samples = 0;
  for (const frame of framesOf(pcm)) {
    samples += frame.length;
    const atMs = durationMs(pcm.subarray(0, samples));
    loudness.push(frame, atMs);
    for (const voice of voices.filter((each) => each.atMs === atMs)) {
      const step = stepDetector(state, { kind: 'voice', ...voice, standsOut: loudness.stoodOut(atMs) }, settings);
      state = step.state;
      turns += step.events.filter(({ kind }) => kind === 'turn_ended').length;
    }
  }
  return turns;
}
