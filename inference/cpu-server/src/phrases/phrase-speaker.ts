// Speaks many phrases with one espeak-ng: starting the program costs ten times as much as speaking a phrase.
import { speak, type EspeakCommand, type EspeakRequest } from '#espeak/espeak-process.ts';
import { PAUSE_MS, splitAtPauses } from './pause-split.ts';

/** A voice that says phrases. */
export type PhraseVoice = Pick<EspeakRequest, 'voice' | 'wordsPerMinute'>;

/** How phrases are spoken. */
export interface PhraseSpeaker {
  readonly command: EspeakCommand;
  readonly signal: AbortSignal;
}

/** One recording of a phrase; empty when it makes no sound. */
export interface SpokenPhrase {
  readonly samples: Int16Array;
  readonly sampleRateHz: number;
}

/** Says every phrase, in order. */
export async function speakPhrases(speaker: PhraseSpeaker, voice: PhraseVoice, phrases: readonly string[]): Promise<SpokenPhrase[]> {
  if (phrases.length > 1) {
    const whole = await spoken(speaker, { ...voice, text: markup(phrases), isMarkup: true });
    const pieces = splitAtPauses(whole.samples, whole.sampleRateHz);
    if (pieces.length === phrases.length) return pieces.map((samples) => ({ samples, sampleRateHz: whole.sampleRateHz }));
  }
  // A silent phrase, or one with a long pause inside: there is no telling which piece is which.
  const each: SpokenPhrase[] = [];
  for (const text of phrases) each.push(await spoken(speaker, { ...voice, text }));
  return each;
}

function markup(phrases: readonly string[]): string {
  const escaped = phrases.map((phrase) => phrase.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;'));
  return `<speak>${escaped.map((phrase) => `<p>${phrase}</p><break time="${PAUSE_MS}ms"/>`).join('')}</speak>`;
}

async function spoken({ command, signal }: PhraseSpeaker, request: EspeakRequest): Promise<SpokenPhrase> {
  const pieces: Int16Array[] = [];
  let rateHz = 0;
  for await (const { samples, sampleRateHz } of speak(command, request, signal)) {
    pieces.push(samples);
    rateHz = sampleRateHz;
  }
  const joined = new Int16Array(pieces.reduce((total, piece) => total + piece.length, 0));
  let at = 0;
  for (const piece of pieces) {
    joined.set(piece, at);
    at += piece.length;
  }
  return { samples: joined, sampleRateHz: rateHz };
}
