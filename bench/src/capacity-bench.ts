/**
 * Whether the product knows what it bears: it estimates its capacity from a few calls, and the estimate is compared with the load at which callers really
 * wait; and whether the calls that it takes are answered as fast when a fifth more want in.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import type { InferenceTiming } from '@centralita/control-plane/sandbox/inference-request.ts';
import type { SipCall } from '@centralita/sip-caller/sip-call.ts';
import { BENCH_NUMBER, modelTimes, openBenchRig } from './bench-rig.ts';
import type { BenchRig } from './bench-rig.ts';
import { hangUpAll } from './call-load.ts';
import { callerSentences } from './caller-speech.ts';
import { runBench } from './harness.ts';
import { callsAtLateShare } from './load-limit.ts';
import type { LoadedRequest } from './load-limit.ts';
import { percentile } from './percentile.ts';

/** Which model is slow, how long it works on a request, and on how many at once. */
const profiles = [
  { name: 'speech to text', role: 'speech_to_text', serviceMs: 350, models: { speechToTextMs: 350, speechToTextSlots: 2 } },
  // An agent waits a second for the model's first words: with the wait that is looked for they must come within it, or nobody is left who waits so long.
  { name: 'language model', role: 'language_model', serviceMs: 300, models: { firstDeltaMs: 300, languageModelSlots: 2 } },
  { name: 'text to speech', role: 'text_to_speech', serviceMs: 300, models: { textToSpeechMs: 300, textToSpeechSlots: 2 } },
] as const;
type Profile = (typeof profiles)[number];

/** The product's own limit: a wait for a model that 95 % of requests may have. */
const QUEUE_LIMIT_MS = 500;
/** No limit while the load is raised beyond what the product would take. */
const NO_LIMIT_MS = 60_000;
/** Calls of the calibration, each level for as long as six of the product's samples: about 240 requests, whose number in a sample varies by a tenth of theirs. */
const CALIBRATION_CALLS = [0, 4, 8, 12];
const CALIBRATION_MS = 61_000;
/** The load beyond the calibration grows by a call in this time, from this share of the estimate to this much beyond it: at 1.4 times nobody is answered any more. */
const STEP_MS = 10_000;
const RAMP_FROM = 0.65;
const RAMP_BEYOND = 1.25;
/** So often, with callers called anew: late requests come in clusters, and one ramp in a machine's bad minute had 25 late of 219 at loads above which 1 of 260 was. */
const RAMPS = 2;
/** A wait that so many requests have is too long for the product. */
const LATE_SHARE = 0.05;
/** So many loads share a line of the log. */
const TOLD_CALLS = 5;
const MOST_CALLS = 80;
const SETTLE_MS = 30_000;
const OVERLOAD = 1.2;
const OVERLOAD_MS = 60_000;
/** Callers come a second apart, and who is refused tries again so much later. */
const SPACED_MS = 1_000;
const RETRY_MS = 5_000;
/** From the end of a caller's answer to his next sentence: 1.2 s and a random time of 1 s on average. Callers do not speak in step. */
const LEAST_PAUSE_MS = 1_200;
const MEAN_PAUSE_MS = 1_000;
const ANSWER_MS = 2_400;

/** A caller who speaks now and then until the signal aborts or the call ends. */
async function chat(
  call: SipCall,
  { sentences, random, signal }: { sentences: readonly Int16Array[]; random: () => number; signal: AbortSignal },
): Promise<void> {
  let isOver = false;
  void call.ended.then(() => (isOver = true));
  await sleep(1_000 + random() * 3_000, undefined, { signal }).catch(() => undefined);
  while (!isOver && !signal.aborted) {
    const sentence = sentences[Math.floor(random() * sentences.length)] as Int16Array;
    const spoken = await call.say(sentence).catch(() => null);
    if (spoken === null) return;
    const pauseMs = ANSWER_MS + LEAST_PAUSE_MS - Math.log(1 - random()) * MEAN_PAUSE_MS;
    await sleep(pauseMs, undefined, { signal }).catch(() => undefined);
  }
}

type Talk = { readonly sentences: readonly Int16Array[]; readonly random: () => number; readonly signal: AbortSignal };

/** Places calls that talk at once; those that are refused are left out. */
async function place(bench: BenchRig, count: number, talk: Talk): Promise<SipCall[]> {
  const placed: SipCall[] = [];
  for (let index = 0; index < count; index++) {
    const call = await bench.caller.call(BENCH_NUMBER, { signal: talk.signal, record: false });
    const outcome = await call.outcome;
    if (outcome.kind !== 'answered') continue;
    placed.push(call);
    void chat(call, talk);
  }
  return placed;
}

type Capacity = {
  readonly estimatedCalls: number | null;
  readonly binds: string;
  readonly costs: readonly { resource: string; calls: number }[];
};

/** Adds calls level by level and asks the product what it makes of them. */
async function calibrate(bench: BenchRig, talk: Talk): Promise<{ readonly calls: SipCall[]; readonly estimate: Capacity }> {
  const calls: SipCall[] = [];
  for (const level of CALIBRATION_CALLS) {
    calls.push(...(await place(bench, level - calls.length, talk)));
    await sleep(CALIBRATION_MS, undefined, { signal: talk.signal });
  }
  return { calls, estimate: (await bench.rig.admin('/admin/capacity')) as Capacity };
}

type LoadRange = { readonly from: number; readonly upTo: number; readonly talk: Talk };

/** The slow model's requests of all ramps over these loads. */
async function rampUp(bench: BenchRig, profile: Profile, { from, upTo, talk }: LoadRange): Promise<LoadedRequest[]> {
  const requests: LoadedRequest[] = [];
  for (let pass = 0; pass < RAMPS; pass++) {
    const calls = await place(bench, from, talk);
    // They were all called at once: after half a minute they no longer speak in step.
    await sleep(SETTLE_MS, undefined, { signal: talk.signal });
    requests.push(...(await ramp(bench, profile, { calls, upTo, talk })));
    await hangUpAll(calls);
  }
  return requests;
}

/** Raises the load call by call; the slow model's requests by how many calls were up. */
async function ramp(bench: BenchRig, profile: Profile, options: { calls: SipCall[]; upTo: number; talk: Talk }): Promise<LoadedRequest[]> {
  const { calls, upTo, talk } = options;
  const changes = [{ atMs: 0, calls: calls.length }];
  await bench.standIn.takeTimings();
  while (calls.length < upTo) {
    const added = await place(bench, 1, talk);
    if (added.length === 0)
      throw new Error(`call ${calls.length + 1} of ${upTo} was refused, though nothing but ${MOST_CALLS} calls limits them here`);
    calls.push(...added);
    changes.push({ atMs: performance.timeOrigin + performance.now(), calls: calls.length });
    await sleep(STEP_MS, undefined, { signal: talk.signal });
  }
  const asked = (await bench.standIn.takeTimings()).filter(({ role }) => role === profile.role);
  return asked.flatMap((timing) => {
    const waitMs = waitOf(timing, profile.serviceMs);
    const calls = changes.findLast(({ atMs }) => atMs <= timing.receivedAt)?.calls ?? 0;
    return waitMs === null ? [] : [{ calls, isLate: waitMs > QUEUE_LIMIT_MS }];
  });
}

/**
 * What a request waited before its model took it. One that nobody waited for to its end waited as long at least: it says something only where that is
 * too long already, and else is left out (null). Without those given up only those would be left who did not wait long.
 */
function waitOf({ receivedAt, firstReplyAt, endedAt }: InferenceTiming, serviceMs: number): number | null {
  if (firstReplyAt !== null) return firstReplyAt - receivedAt - serviceMs;
  const waitedMs = endedAt - receivedAt - serviceMs;
  return waitedMs > QUEUE_LIMIT_MS ? waitedMs : null;
}

/** Lines such as `20 to 24 calls: 6 of 98 requests late`. */
function lateByLoad(requests: readonly LoadedRequest[]): string[] {
  const loads = Map.groupBy(requests, ({ calls }) => Math.floor(calls / TOLD_CALLS) * TOLD_CALLS);
  return [...loads]
    .toSorted(([a], [b]) => a - b)
    .map(([from, some]) => {
      const late = some.filter(({ isLate }) => isLate).length;
      return `${from} to ${from + TOLD_CALLS - 1} calls: ${late} of ${some.length} requests late`;
    });
}

type Overloaded = {
  /** The silence before answers, p95, with as many calls as estimated, and while a fifth more want in. */
  readonly fullP95Ms: number;
  readonly overloadedP95Ms: number;
  readonly accepted: number;
  readonly wanted: number;
};

/** The same callers throughout: what changes is that more want in, and who is refused tries again. */
async function overload(bench: BenchRig, estimated: number, talk: Talk): Promise<Overloaded> {
  const since = new Date();
  const over = new AbortController();
  const talking = { ...talk, signal: AbortSignal.any([talk.signal, over.signal]) };
  const calls: SipCall[] = [];
  for (let index = 0; index < estimated; index++) {
    calls.push(...(await place(bench, 1, talking)));
    await sleep(SPACED_MS, undefined, { signal: talk.signal });
  }
  await sleep(SETTLE_MS, undefined, { signal: talk.signal });
  const fullFrom = new Date();
  await sleep(OVERLOAD_MS, undefined, { signal: talk.signal });
  const overloadedFrom = new Date();
  const wanted = Math.ceil(estimated * OVERLOAD);
  for (let tries = 0; tries < OVERLOAD_MS / RETRY_MS; tries++) {
    calls.push(...(await place(bench, wanted - calls.length, talking)));
    await sleep(RETRY_MS, undefined, { signal: talk.signal });
  }
  over.abort();
  await hangUpAll(calls);
  const said = (await bench.journal.endedSince(since, { signal: talk.signal })).flatMap(({ turns }) => turns);
  const p95 = (from: Date, to: Date) =>
    percentile(
      said.flatMap(({ gapMs, startedAt }) => (gapMs !== null && startedAt >= from && startedAt < to ? [gapMs] : [])),
      95,
    );
  return { fullP95Ms: p95(fullFrom, overloadedFrom), overloadedP95Ms: p95(overloadedFrom, new Date()), accepted: calls.length, wanted };
}

async function measureProfile(profile: Profile, { log, talk }: { log: (message: string) => void; talk: Talk }) {
  const settings = {
    ADMISSION_BY_ESTIMATE: '0',
    ADMISSION_GAP_P95_MS: String(NO_LIMIT_MS),
    ADMISSION_QUEUE_P95_MS: String(QUEUE_LIMIT_MS),
    [`${profile.role.toUpperCase()}_SLOTS`]: String(Object.values(profile.models)[1]),
  };
  await using bench = await openBenchRig({
    name: 'capacity',
    maxConcurrentCalls: MOST_CALLS,
    models: { ...modelTimes, ...profile.models },
    settings,
  });
  const over = new AbortController();
  const talking = { ...talk, signal: AbortSignal.any([talk.signal, over.signal]) };
  const { calls, estimate } = await calibrate(bench, talking);
  const estimated = estimate.costs.find(({ resource }) => resource === profile.role)?.calls;
  log(`${profile.name}: ${JSON.stringify(estimate.costs)}, binds ${estimate.binds}`);
  if (estimated === undefined)
    throw new Error(`no cost of ${profile.role} was found in four minutes of ${CALIBRATION_CALLS.join(', ')} calls`);
  await hangUpAll(calls);
  // The estimate is for the product's limit; it must not refuse the calls that show where that limit is met.
  await bench.rig.controlPlane.stop('SIGTERM', 10_000);
  await bench.rig.startControlPlane('ready', { ADMISSION_QUEUE_P95_MS: String(NO_LIMIT_MS) });
  const loads = { from: Math.floor(estimated * RAMP_FROM), upTo: Math.ceil(estimated * RAMP_BEYOND) };
  const requests = await rampUp(bench, profile, { ...loads, talk: talking });
  over.abort();
  for (const line of lateByLoad(requests)) log(`${profile.name}: ${line}`);
  const knee = callsAtLateShare(requests, LATE_SHARE);
  log(`${profile.name}: estimated ${estimated} calls, the limit was met at ${knee.toFixed(1)}, ${requests.length} requests`);
  if (!Number.isFinite(knee)) throw new Error(`${profile.name}: ${loads.upTo} calls did not meet the limit`);
  await bench.rig.adminSend('POST', '/admin/capacity/tests', {
    estimatedCalls: estimated,
    measuredCalls: knee,
    comment: `bench: slow ${profile.name}`,
  });
  await bench.rig.controlPlane.stop('SIGTERM', 10_000);
  await bench.rig.startControlPlane('ready', { ADMISSION_BY_ESTIMATE: '1' });
  // The first measurement of the new process makes the estimate anew, from what the old one stored.
  await sleep(12_000, undefined, { signal: talk.signal });
  const { fullP95Ms, overloadedP95Ms, accepted, wanted } = await overload(bench, estimated, talk);
  log(
    `${profile.name}: p95 ${fullP95Ms.toFixed(0)} ms before, ${overloadedP95Ms.toFixed(0)} ms while ${wanted} want in, of whom ${accepted} got in`,
  );
  return { requests: requests.length, errorPercent: (100 * Math.abs(estimated - knee)) / knee, ratio: overloadedP95Ms / fullP95Ms };
}

await runBench({
  name: 'capacity',
  defaults: { profiles: 3, first: 1 },
  reaches: { estimate_error_percent: '<= 10', overload_p95_ratio: '<= 1.2' },
  standIns: [
    'models in a process of their own answer after fixed delays and on a few requests at once, the others wait: one of the three is slow in each profile',
    'callers are espeak-ng voices over SIP and G.711 in the process of the bench; Asterisk, PostgreSQL and the control plane are real',
  ],
  async run({ options, log, signal, random }) {
    const talk = { sentences: await callerSentences(), random, signal };
    const found = [];
    for (const profile of profiles.slice(options.first - 1, options.first - 1 + options.profiles))
      found.push(await measureProfile(profile, { log, talk }));
    return {
      n: found.reduce((sum, { requests }) => sum + requests, 0),
      figures: {
        estimate_error_percent: Math.max(...found.map(({ errorPercent }) => errorPercent)),
        overload_p95_ratio: Math.max(...found.map(({ ratio }) => ratio)),
      },
    };
  },
});
