/** What the callers of benchmarks say: short sentences whose end is known to the sample, independently of any voice activity of ours. */
import { synthesize } from '@centralita/sip-caller/speech.ts';

/** Softer than this is silence: 40 dB below full scale, 20 dB below the voice. */
export const AUDIBLE_SAMPLE = 328;

const sentences = [
  'quiero pedir una cita para mañana',
  'a qué hora abren el sábado',
  'necesito hablar con la doctora',
  'me gustaría cambiar mi cita',
];

/** A sentence without the silence around it; 8 kHz PCM16. */
export async function callerSentences(): Promise<readonly Int16Array[]> {
  return await Promise.all(sentences.map(async (text) => trimmed(await synthesize({ text, voice: 'es', wordsPerMinute: 170 }))));
}

/** From the first to the last audible sample. */
function trimmed(pcm: Int16Array): Int16Array {
  const isAudible = (sample: number): boolean => Math.abs(sample) >= AUDIBLE_SAMPLE;
  const from = pcm.findIndex(isAudible);
  if (from === -1) throw new Error('the synthesised sentence is silent');
  return pcm.slice(from, pcm.findLastIndex(isAudible) + 1);
}
