// The callers of the voice activity bench, what of their sound is speech, and how late voice activity notices its beginning and end.
import { concatPcm, durationMs, framesOf, rmsDbfs } from '@centralita/control-plane/audio/frame.ts';
import { alaw, ulaw } from '@centralita/control-plane/audio/g711.ts';
import { resample } from '@centralita/control-plane/audio/resample.ts';
import type { VoiceActivity, VoiceProbability } from '@centralita/control-plane/ports/voice-activity.ts';
import { synthesize } from '@centralita/sip-caller/speech.ts';

/** Samples of a window at the rate of our frames: 32 ms. */
export const WINDOW_SAMPLES = 512;
/** Sound is speech when it is within 30 dB of the mean level of the sentences: what is softer are the pauses between words. */
const SPEECH_RANGE_DB = 30;
/** Borders of a sentence are found to 5 ms. */
const BORDER_SAMPLES = 80;
/** Each sentence is heard at so many positions against the windows and frames, an odd number of samples apart. */
const POSITIONS = 8;
const POSITION_STEP_SAMPLES = 67;
const sentences = [
  { voice: 'es', text: 'Buenos días, quisiera pedir una cita con el doctor para el martes por la mañana.' },
  { voice: 'es', text: '¿A qué hora abren el sábado? Necesito recoger los resultados de mi análisis.' },
  { voice: 'es', text: 'No, gracias, prefiero hablar con una persona.' },
  { voice: 'en-us', text: 'Good morning, I would like to book an appointment for next Thursday afternoon.' },
  { voice: 'en-us', text: 'What time do you open on Monday? I need to pick up the results of my blood test.' },
  { voice: 'en-us', text: 'No, thank you, I would rather talk to a person.' },
];

/** Sound, and whether each window of it is speech. */
export type LabelledSpeech = { readonly pcm: Int16Array; readonly labels: readonly boolean[] };

/** All sentences with a second and a half of silence around each; the labels are from the energy before any noise. */
export async function labelledSpeech(): Promise<LabelledSpeech> {
  const gap = new Int16Array(24_000);
  const parts: Int16Array[] = [gap];
  for (const sentence of sentences) parts.push(await synthesize({ ...sentence, hz: 16_000 }), gap);
  const pcm = concatPcm(parts);
  const threshold = speechLevelDbfs(pcm) - SPEECH_RANGE_DB;
  const labels = piecesOf(pcm, WINDOW_SAMPLES).map((window) => rmsDbfs(window) > threshold);
  return { pcm, labels };
}

function piecesOf(pcm: Int16Array, samples: number): Int16Array[] {
  return Array.from({ length: Math.floor(pcm.length / samples) }, (_, i) => pcm.subarray(i * samples, (i + 1) * samples));
}

/** Level of the parts that are not silence. */
function speechLevelDbfs(pcm: Int16Array): number {
  return rmsDbfs(concatPcm(piecesOf(pcm, WINDOW_SAMPLES).filter((window) => rmsDbfs(window) > -50)));
}

/** The same speech in white noise of the same level: 0 dB. */
export function inNoise(pcm: Int16Array, random: () => number): Int16Array {
  const peak = 32_768 * 10 ** (speechLevelDbfs(pcm) / 20) * Math.sqrt(3);
  return pcm.map((sample) => Math.max(-32_768, Math.min(32_767, Math.round(sample + (2 * random() - 1) * peak))));
}

/** The same as a telephone line carries it. */
export function overLine(pcm: Int16Array, law: typeof alaw): Int16Array {
  const narrow = resample(pcm, { fromHz: 16_000, toHz: 8_000 });
  const codes = new Uint8Array(narrow.length);
  law.encode(narrow, codes);
  law.decode(codes, narrow);
  return resample(narrow, { fromHz: 8_000, toHz: 16_000 });
}

/** The answer for each window; `atMs` counts from the start of the sound, and a frame arrives when its last sample has been spoken. */
export async function hear(voiceActivity: VoiceActivity, pcm: Int16Array): Promise<VoiceProbability[]> {
  const heard: VoiceProbability[] = [];
  let answered: (() => void) | null = null;
  const stream = voiceActivity.openStream((voice) => {
    heard.push(voice);
    answered?.();
  });
  let samples = 0;
  for (const frame of framesOf(pcm)) {
    samples += frame.length;
    stream.push(frame, durationMs(pcm.subarray(0, samples)));
    const { promise, resolve } = Promise.withResolvers<void>();
    answered = resolve;
    if (heard.length < Math.floor(samples / WINDOW_SAMPLES)) await promise;
  }
  stream.close();
  return heard;
}

/** How much of the speech is heard as such, and how much of the rest. */
export function shares(
  heard: readonly VoiceProbability[],
  labels: readonly boolean[],
): { recallPercent: number; falseAlarmPercent: number } {
  const percent = (want: boolean) => {
    const chosen = heard.filter((_, i) => labels[i] === want);
    return (100 * chosen.filter((voice) => voice.probability >= 0.5).length) / chosen.length;
  };
  return { recallPercent: percent(true), falseAlarmPercent: percent(false) };
}

/** Mean milliseconds over `n` sentences. */
export type Lags = { readonly n: number; readonly onsetMs: number; readonly offsetMs: number };

/**
 * How late the turn detector is told, over both laws of G.711: from the first sound to the arrival of the first window above its threshold (0.5), and from
 * the last sound to that of the last window with which it lets speech go on (0.35).
 */
export async function measureLags(voiceActivity: VoiceActivity): Promise<Lags> {
  const lags: { onsetMs: number; offsetMs: number }[] = [];
  for (const sentence of sentences) {
    const said = await synthesize({ ...sentence, hz: 16_000 });
    const positions = Array.from({ length: POSITIONS }, (_, i) =>
      concatPcm([new Int16Array(16_000 + i * POSITION_STEP_SAMPLES), said, new Int16Array(16_000)]),
    );
    const rounds = positions.flatMap((pcm) => [alaw, ulaw].map(async (law) => lagsOf(await hear(voiceActivity, overLine(pcm, law)), pcm)));
    lags.push(...(await Promise.all(rounds)));
  }
  const mean = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;
  return { n: lags.length, onsetMs: mean(lags.map((lag) => lag.onsetMs)), offsetMs: mean(lags.map((lag) => lag.offsetMs)) };
}

function lagsOf(heard: readonly VoiceProbability[], pcm: Int16Array): { onsetMs: number; offsetMs: number } {
  const threshold = speechLevelDbfs(pcm) - SPEECH_RANGE_DB;
  const isLoud = piecesOf(pcm, BORDER_SAMPLES).map((piece) => rmsDbfs(piece) > threshold);
  const borderMs = (BORDER_SAMPLES * 1_000) / 16_000;
  const first = heard.find((voice) => voice.probability >= 0.5);
  const last = heard.findLast((voice) => voice.probability >= 0.35);
  if (!first || !last) throw new Error('voice activity heard no speech in a sentence on a clean telephone line');
  return { onsetMs: first.atMs - isLoud.indexOf(true) * borderMs, offsetMs: last.atMs - (isLoud.lastIndexOf(true) + 1) * borderMs };
}
