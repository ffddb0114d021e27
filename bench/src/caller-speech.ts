/** What the callers of benchmarks say: short sentences whose end is known to the sample, independently of any voice activity of ours. */
import { silenceBefore, soundUntil } from '@centralita/control-plane/audio/audible-sound.ts';
import { synthesize } from '@centralita/sip-caller/speech.ts';

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
  const from = silenceBefore(pcm);
  const to = soundUntil(pcm);
  if (from === null || to === null) throw new Error('the synthesised sentence is silent');
  return pcm.slice(from, to);
}
