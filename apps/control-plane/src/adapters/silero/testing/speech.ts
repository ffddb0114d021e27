// Sounds for the tests of voice activity. `speech.ulaw` is 6.7 s of espeak-ng 1.51 at 16 kHz in µ-law: half a second of silence,
// "Buenos días, quiero pedir una cita para el martes." (voice es), half a second, "What time do you open on Monday?" (en-us), half a second.
import { readFileSync } from 'node:fs';
import { rmsDbfs } from '#audio/frame.ts';
import { ulaw } from '#audio/g711.ts';
import { resample } from '#audio/resample.ts';

/** The two sentences at 16 kHz. */
export function recordedSpeech(): Int16Array {
  const codes = readFileSync(new URL('./speech.ulaw', import.meta.url));
  const pcm = new Int16Array(codes.length);
  ulaw.decode(codes, pcm);
  return pcm;
}

/** The same as a telephone carries it: 8 kHz, µ-law. */
export function overTelephone(pcm: Int16Array): Int16Array {
  const narrow = resample(pcm, { fromHz: 16_000, toHz: 8_000 });
  const codes = new Uint8Array(narrow.length);
  ulaw.encode(narrow, codes);
  ulaw.decode(codes, narrow);
  return resample(narrow, { fromHz: 8_000, toHz: 16_000 });
}

/** White noise of the given level. The generator is a fixed congruence, so every run hears the same. */
export function whiteNoise(samples: number, dbfs: number): Int16Array {
  let seed = 7;
  const peak = 32_768 * 10 ** (dbfs / 20) * Math.sqrt(3);
  return Int16Array.from({ length: samples }, () => {
    seed = (Math.imul(seed, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.round((seed / 2 ** 31 - 1) * peak);
  });
}

/** The DTMF digit 5: 770 Hz and 1,336 Hz. */
export function dtmfFive(samples: number): Int16Array {
  const angle = (hz: number, i: number) => Math.sin((2 * Math.PI * hz * i) / 16_000);
  return Int16Array.from({ length: samples }, (_, i) => Math.round(4_000 * (angle(770, i) + angle(1_336, i))));
}

/** Per window of 512 samples: does it hold sound within 35 dB of the loudest speech? */
export function energyLabels(pcm: Int16Array): boolean[] {
  return Array.from({ length: Math.floor(pcm.length / 512) }, (_, i) => rmsDbfs(pcm.subarray(i * 512, (i + 1) * 512)) > -45);
}
