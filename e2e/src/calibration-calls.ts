/** Real calls, more and more of them, until callers wait too long for an answer: what a machine bears, as its callers find it. */
import { readFile } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import type { SipCall } from '@centralita/sip-caller/sip-call.ts';
import type { SipCaller } from '@centralita/sip-caller/sip-caller.ts';

export type LevelResult = { readonly calls: number; readonly gapP95Ms: number; readonly turns: number };
export type RampResult = {
  readonly levels: readonly LevelResult[];
  readonly maxConcurrentCalls: number;
  readonly isLimitFound: boolean;
  /** Null: what else ran on the machine hid it. */
  readonly coresPerCall: number | null;
  /** Why it ended before its last level; null: it did not. */
  readonly stopped: string | null;
};

export type RampParts = {
  readonly caller: SipCaller;
  readonly number: string;
  /** What a caller says, 8 kHz PCM16, ending with its last audible sample. */
  readonly speech: Int16Array;
  /** Calls up at once, growing. */
  readonly levels: readonly number[];
  readonly levelMs: number;
  readonly targetMs: number;
  readonly signal: AbortSignal;
  readonly log: (message: string) => void;
};

/** Silence after which the agent has finished: longer than the pauses between its sentences. */
const FINISHED_MS = 900;
/** A caller who waits longer than this is counted as having waited so long. */
const LONGEST_GAP_MS = 10_000;
/** Calls that begin in a second. */
const CALLS_PER_SECOND = 10;
/** A caller thinks for half a second and up to a second more: nobody speaks in step. */
const THINKING_MS = 500;

/** Raises the load level by level, ends with every call hung up, and says at which load 95 % of answers still came in time. */
export async function rampCalls(parts: RampParts): Promise<RampResult> {
  const { levels, levelMs, targetMs, log } = parts;
  const over = new AbortController();
  const signal = AbortSignal.any([parts.signal, over.signal]);
  const idle = await coresOver(2_000, parts.signal);
  const calls: SipCall[] = [];
  const gaps: { atMs: number; gapMs: number }[] = [];
  const done: (LevelResult & { readonly cores: number })[] = [];
  let stopped: string | null = null;
  try {
    for (const wanted of levels) {
      stopped = await addCalls(calls, { ...parts, wanted, signal, onGap: (gapMs) => gaps.push({ atMs: performance.now(), gapMs }) });
      if (calls.length === 0 || calls.length === done.at(-1)?.calls) break;
      const startedAt = performance.now();
      const cores = Math.max(0, (await coresOver(levelMs, parts.signal)) - idle);
      const own = gaps.filter(({ atMs }) => atMs >= startedAt).map(({ gapMs }) => gapMs);
      const level = { calls: calls.length, gapP95Ms: percentile95(own), turns: own.length, cores };
      done.push(level);
      log(`${level.calls} calls: ${level.turns} answers, 95 % within ${level.gapP95Ms.toFixed(0)} ms, ${cores.toFixed(2)} cores`);
      if (level.gapP95Ms > targetMs || stopped !== null) break;
    }
  } finally {
    over.abort();
    await Promise.all(calls.map(async (call) => await call.hangUp()));
  }
  if (done.length === 0) throw new Error(`no call was answered: ${stopped ?? 'for no reason that was told'}`);
  const last = done.findLast(({ gapP95Ms }) => gapP95Ms <= targetMs) ?? done[0];
  return {
    ...limitOf(done, targetMs),
    levels: done.map(({ calls: up, gapP95Ms, turns }) => ({ calls: up, gapP95Ms: Math.round(gapP95Ms), turns })),
    coresPerCall: last && last.cores > 0 ? last.cores / last.calls : null,
    stopped,
  };
}

/** Where the line between the last good level and the first bad one crosses the target. A level without answers is a bad one. */
export function limitOf(
  levels: readonly Omit<LevelResult, 'turns'>[],
  targetMs: number,
): { readonly maxConcurrentCalls: number; readonly isLimitFound: boolean } {
  const badAt = levels.findIndex(({ gapP95Ms }) => gapP95Ms > targetMs);
  const bad = levels[badAt];
  const good = badAt < 0 ? levels.at(-1) : levels[badAt - 1];
  if (!bad) return { maxConcurrentCalls: good?.calls ?? 1, isLimitFound: false };
  if (!good) return { maxConcurrentCalls: 1, isLimitFound: true };
  const share = (targetMs - good.gapP95Ms) / (bad.gapP95Ms - good.gapP95Ms);
  return { maxConcurrentCalls: Math.max(good.calls, Math.floor(good.calls + share * (bad.calls - good.calls))), isLimitFound: true };
}

type Talk = RampParts & { readonly wanted: number; readonly onGap: (gapMs: number) => void };

/** Places what is missing; null, or why there are fewer. */
async function addCalls(calls: SipCall[], talk: Talk): Promise<string | null> {
  while (calls.length < talk.wanted) {
    const call = await talk.caller.call(talk.number, { signal: talk.signal, record: false });
    const outcome = await call.outcome;
    if (outcome.kind !== 'answered') {
      const why = outcome.kind === 'rejected' ? `${outcome.status} ${outcome.reason}` : outcome.kind;
      return `call ${calls.length + 1} was not taken (${why})`;
    }
    calls.push(call);
    void converse(call, talk).catch(() => undefined);
    await sleep(1_000 / CALLS_PER_SECOND, undefined, { signal: talk.signal });
  }
  return null;
}

/** Listens to the greeting, and then asks and listens until it is over. A call that the agent ends is no error: it asked no more. */
async function converse(call: SipCall, { speech, signal, onGap }: Talk): Promise<void> {
  let heardAt = await call.waitForAudio({ signal });
  while (!signal.aborted) {
    await call.waitForSilence(FINISHED_MS, { sinceAt: heardAt, signal });
    await sleep(THINKING_MS + Math.random() * 1_000, undefined, { signal });
    const { endedAt } = await call.say(speech);
    const answered = AbortSignal.any([signal, AbortSignal.timeout(LONGEST_GAP_MS)]);
    const at = await call.waitForAudio({ sinceAt: endedAt, signal: answered }).catch(() => null);
    if (signal.aborted || call.state === 'ended') return;
    onGap(at === null ? LONGEST_GAP_MS : at - endedAt);
    heardAt = at ?? performance.now();
    if (at === null) await call.waitForAudio({ sinceAt: heardAt, signal });
  }
}

/** The value that 95 of 100 do not exceed; with none at all nobody was answered. */
function percentile95(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.max(0, Math.ceil(sorted.length * 0.95) - 1)] ?? LONGEST_GAP_MS;
}

/** Cores in use over a while, on the whole machine less what this program takes: its callers would not be here. */
async function coresOver(durationMs: number, signal: AbortSignal): Promise<number> {
  const before = { busy: await busySeconds(), own: process.cpuUsage(), atMs: performance.now() };
  await sleep(durationMs, undefined, { signal });
  const own = process.cpuUsage(before.own);
  const seconds = (performance.now() - before.atMs) / 1_000;
  return Math.max(0, ((await busySeconds()) - before.busy - (own.user + own.system) / 1e6) / seconds);
}

/** Of all processors since the machine started: everything but idle and waiting for disks. Clock ticks are hundredths of a second. */
async function busySeconds(): Promise<number> {
  const [line = ''] = (await readFile('/proc/stat', 'utf8')).split('\n', 1);
  const [, user = 0, nice = 0, system = 0, , , irq = 0, softirq = 0] = line.split(/\s+/).map(Number);
  return (user + nice + system + irq + softirq) / 100;
}
