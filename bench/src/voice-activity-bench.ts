/** What voice activity costs per 32 ms of one call when many calls run at once, and how much speech it finds in noise as loud as the speech. */
import { setTimeout as sleep } from 'node:timers/promises';
import { openSilero } from '@centralita/control-plane/adapters/silero/silero.ts';
import { concatPcm, framesOf, rmsDbfs } from '@centralita/control-plane/audio/frame.ts';
import type { VoiceActivity } from '@centralita/control-plane/ports/voice-activity.ts';
import { silentLog } from '@centralita/control-plane/shared/log.ts';
import { synthesize } from '@centralita/e2e/speech.ts';
import { runBench } from './harness.ts';

const WINDOW_SAMPLES = 512;
/** A window is speech when it is within 30 dB of the mean level of the sentence: softer ones are the pauses between words. */
const SPEECH_RANGE_DB = 30;
const sentences = [
  { voice: 'es', text: 'Buenos días, quisiera pedir una cita con el doctor para el martes por la mañana.' },
  { voice: 'es', text: '¿A qué hora abren el sábado? Necesito recoger los resultados de mi análisis.' },
  { voice: 'es', text: 'No, gracias, prefiero hablar con una persona.' },
  { voice: 'en-us', text: 'Good morning, I would like to book an appointment for next Thursday afternoon.' },
  { voice: 'en-us', text: 'What time do you open on Monday? I need to pick up the results of my blood test.' },
  { voice: 'en-us', text: 'No, thank you, I would rather talk to a person.' },
];

type Labelled = { readonly pcm: Int16Array; readonly labels: readonly boolean[] };

/** All sentences with a second and a half of silence around each; `labels` says per window whether it is speech, from the energy before any noise. */
async function labelledSpeech(): Promise<Labelled> {
  const gap = new Int16Array(24_000);
  const parts: Int16Array[] = [gap];
  for (const sentence of sentences) parts.push(await synthesize({ ...sentence, hz: 16_000 }), gap);
  const pcm = concatPcm(parts);
  const threshold = speechLevelDbfs(pcm) - SPEECH_RANGE_DB;
  const labels = windowsOf(pcm).map((window) => rmsDbfs(window) > threshold);
  return { pcm, labels };
}

function windowsOf(pcm: Int16Array): Int16Array[] {
  return Array.from({ length: Math.floor(pcm.length / WINDOW_SAMPLES) }, (_, i) =>
    pcm.subarray(i * WINDOW_SAMPLES, (i + 1) * WINDOW_SAMPLES),
  );
}

/** Level of the parts that are not silence. */
function speechLevelDbfs(pcm: Int16Array): number {
  return rmsDbfs(concatPcm(windowsOf(pcm).filter((window) => rmsDbfs(window) > -50)));
}

/** The same speech in white noise of the same level: 0 dB. */
function inNoise(pcm: Int16Array, random: () => number): Int16Array {
  const peak = 32_768 * 10 ** (speechLevelDbfs(pcm) / 20) * Math.sqrt(3);
  return pcm.map((sample) => Math.max(-32_768, Math.min(32_767, Math.round(sample + (2 * random() - 1) * peak))));
}

async function probabilitiesOf(silero: VoiceActivity, pcm: Int16Array): Promise<number[]> {
  const heard: number[] = [];
  const stream = silero.openStream(({ probability }) => heard.push(probability));
  let samples = 0;
  for (const frame of framesOf(pcm)) {
    stream.push(frame, 0);
    samples += frame.length;
    while (heard.length < Math.floor(samples / WINDOW_SAMPLES)) await sleep(0);
  }
  stream.close();
  return heard;
}

function shares(probabilities: readonly number[], labels: readonly boolean[]): { recallPercent: number; falseAlarmPercent: number } {
  const percent = (want: boolean) => {
    const chosen = probabilities.filter((_, i) => labels[i] === want);
    return (100 * chosen.filter((probability) => probability >= 0.5).length) / chosen.length;
  };
  return { recallPercent: percent(true), falseAlarmPercent: percent(false) };
}

type Feed = { readonly frames: readonly Int16Array[]; readonly seconds: number; readonly signal: AbortSignal };
type Push = (frame: Int16Array, atMs: number) => void;

/** Wake-ups of the feeding loop in each 20 ms: the frames of real calls do not come all at once either. */
const FEED_SLOTS = 5;

/** Feeds every call a frame each 20 ms in real time; answers the CPU time of all threads of this process in microseconds. */
async function feed(calls: readonly Push[], { frames, seconds, signal }: Feed): Promise<number> {
  const startedAt = performance.now();
  const cpu = process.cpuUsage();
  for (let tick = 0; tick < seconds * 50 * FEED_SLOTS; tick++) {
    signal.throwIfAborted();
    const dueAt = startedAt + (tick * 20) / FEED_SLOTS;
    if (performance.now() < dueAt) await sleep(Math.max(0, dueAt - performance.now()));
    for (let call = tick % FEED_SLOTS; call < calls.length; call += FEED_SLOTS) {
      // Each call is somewhere else in the speech, so that batches hold speech and silence alike.
      calls[call]?.(frames[(Math.floor(tick / FEED_SLOTS) + call * 37) % frames.length] as Int16Array, performance.now());
    }
  }
  await sleep(100);
  const spent = process.cpuUsage(cpu);
  return spent.user + spent.system;
}

/** CPU per window of `streams` calls, once compiled; the cost of the same loop feeding nobody is the bench's own and taken off. */
async function costOf(silero: VoiceActivity, streams: number, work: Feed) {
  let windows = 0;
  const calls = Array.from({ length: streams }, () => silero.openStream(() => windows++));
  const pushes = calls.map(
    (call): Push =>
      (frame, atMs) =>
        call.push(frame, atMs),
  );
  await feed(pushes, { ...work, seconds: Math.min(3, work.seconds) });
  windows = 0;
  const totalUs = await feed(pushes, work);
  for (const call of calls) call.close();
  const loopUs = await feed(
    pushes.map((): Push => () => undefined),
    work,
  );
  return { windows, totalUs, loopUs };
}

await runBench({
  name: 'voice-activity',
  defaults: { streams: 32, seconds: 10 },
  reaches: { cpu_us_per_frame: '<= 80', recall_white_0db_percent: '>= 90' },
  standIns: ['callers are espeak-ng voices; what is speech is decided by the energy before noise is added'],
  async run({ options, random, log, signal }) {
    const speech = await labelledSpeech();
    await using silero = await openSilero({ log: silentLog });
    const clean = shares(await probabilitiesOf(silero, speech.pcm), speech.labels);
    log(`clean speech: recall ${clean.recallPercent.toFixed(1)} %, false alarms ${clean.falseAlarmPercent.toFixed(1)} %`);
    const noisy = shares(await probabilitiesOf(silero, inNoise(speech.pcm, random)), speech.labels);
    log(`white noise at 0 dB: recall ${noisy.recallPercent.toFixed(1)} %, false alarms ${noisy.falseAlarmPercent.toFixed(1)} %`);
    log(`${options.streams} streams in real time for ${options.seconds} s, all threads of this process counted`);
    const work: Feed = { frames: [...framesOf(speech.pcm)], seconds: options.seconds, signal };
    const cost = await costOf(silero, options.streams, work);
    const expected = options.streams * Math.floor((options.seconds * 50 * 320) / WINDOW_SAMPLES);
    const perWindow = (us: number) => `${(us / cost.windows).toFixed(1)} us a window`;
    log(
      `${cost.windows} of ${expected} windows answered; ${perWindow(cost.totalUs)}, of which ${perWindow(cost.loopUs)} are the feeding loop`,
    );
    if (cost.windows < expected * 0.99)
      throw new Error(`only ${cost.windows} of ${expected} windows were answered: the machine did not keep up`);
    const cpuUsPerFrame = (cost.totalUs - cost.loopUs) / cost.windows;
    return { n: cost.windows, figures: { cpu_us_per_frame: cpuUsPerFrame, recall_white_0db_percent: noisy.recallPercent } };
  },
});
