/** What voice activity costs per 32 ms of one call when many calls run at once, and how much speech it finds in noise as loud as the speech. */
import { setTimeout as sleep } from 'node:timers/promises';
import { openSilero } from '@centralita/control-plane/adapters/silero/silero.ts';
import { framesOf } from '@centralita/control-plane/audio/frame.ts';
import { ulaw } from '@centralita/control-plane/audio/g711.ts';
import type { VoiceActivity } from '@centralita/control-plane/ports/voice-activity.ts';
import { silentLog } from '@centralita/control-plane/shared/log.ts';
import { runBench } from './harness.ts';
import { missedShortWords } from './short-words.ts';
import { hear, inNoise, labelledSpeech, measureLags, overLine, shares, WINDOW_SAMPLES } from './voice-activity-speech.ts';

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
  reaches: { cpu_us_per_frame: '<= 80', recall_white_0db_percent: '>= 90', short_words_missed_percent: '<= 1' },
  standIns: ['callers are espeak-ng voices; what is speech is decided by the energy before noise is added'],
  async run({ options, random, log, signal }) {
    const speech = await labelledSpeech();
    await using silero = await openSilero({ log: silentLog });
    const heardIn = async (what: string, pcm: Int16Array) => {
      const { recallPercent, falseAlarmPercent } = shares(await hear(silero, pcm), speech.labels);
      log(`${what}: recall ${recallPercent.toFixed(1)} %, false alarms ${falseAlarmPercent.toFixed(1)} %`);
      return recallPercent;
    };
    await heardIn('clean wideband speech', speech.pcm);
    await heardIn('clean telephone speech', overLine(speech.pcm, ulaw));
    const noisyRecallPercent = await heardIn('white noise at 0 dB', inNoise(speech.pcm, random));
    const lags = await measureLags(silero);
    log(
      `telephone speech, mean of ${lags.n}: told ${lags.onsetMs.toFixed(0)} ms after its onset, ${lags.offsetMs.toFixed(0)} ms past its end`,
    );
    const short = await missedShortWords(silero);
    log(`lone short words over the telephone: ${short.missed} of ${short.n} are no turn`);
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
    const figures = {
      cpu_us_per_frame: cpuUsPerFrame,
      recall_white_0db_percent: noisyRecallPercent,
      short_words_missed_percent: (100 * short.missed) / short.n,
    };
    return { n: cost.windows, figures };
  },
});
