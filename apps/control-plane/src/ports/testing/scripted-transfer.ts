// Somebody who is rung for a caller: answers, listens, presses keys and hangs up when the test says so, or by a script.
import { durationMs } from '#audio/frame.ts';
import { BRIEF_WAIT_MS, DECLINE_KEY, KEY_WAIT_MS } from '#ports/call-control.ts';
import type { TransferOutcome, TransferProgress, TransferRequest } from '#ports/call-control.ts';
import type { Clock } from '#shared/clock.ts';
import { scriptedWait } from './scripted-wait.ts';

/** How the ringing goes by itself. */
export type ScriptedTransfer = {
  /** `bridged` and `declined` are answered first; of `bridged` the talk lasts as long as it says. */
  readonly outcome: TransferOutcome;
  /** Until it is answered, or ends unanswered. */
  readonly afterMs: number;
  /** From the answer until it is declined; default 500 ms. */
  readonly declinesAfterMs?: number;
};

/** The other end of the telephone that rings. */
export type ScriptedRepresentative = { answers(): void; presses(digit: string): void; hangsUp(): void };

/** What the transfer works on. `gone` is aborted when the caller hangs up. */
export type ScriptedTransferParts = { readonly script: ScriptedTransfer | null; readonly gone: AbortSignal; readonly clock: Clock };

/** A transfer under way. */
export type OpenScriptedTransfer = { readonly representative: ScriptedRepresentative; readonly outcome: Promise<TransferOutcome> };

type Briefed = Extract<TransferProgress, { kind: 'briefed' }>;
type Declined = Extract<TransferOutcome, { kind: 'declined' }>;

/** Rings. */
export function openScriptedTransfer(request: TransferRequest, { script, gone, clock }: ScriptedTransferParts): OpenScriptedTransfer {
  const answered = Promise.withResolvers<null>();
  const keyed = Promise.withResolvers<string>();
  const hungUp = Promise.withResolvers<Declined>();
  const over = new AbortController();
  const { first, after } = waitsUntil(AbortSignal.any([gone, request.signal, over.signal]));
  const decided = Promise.race([
    hungUp.promise,
    keyed.promise.then((digit) => (digit === DECLINE_KEY ? refused('key') : ('take' as const))),
  ]);
  const listen = async (): Promise<Briefed | Declined> => {
    const startedAtMs = clock.nowMs();
    const heardMs = (): number => clock.nowMs() - startedAtMs;
    const pcm = await first<Int16Array | null | Declined | 'take'>(request.brief, decided, after(BRIEF_WAIT_MS, null));
    if (pcm === null && !request.requiresKey) return { kind: 'briefed', by: 'nothing', heardMs: 0 };
    const sound = pcm instanceof Int16Array ? pcm : new Int16Array(0);
    let end = await first<'end' | Declined | 'take'>(decided, after(durationMs(sound), 'end' as const));
    if (end === 'end' && request.requiresKey) end = await first<Declined | 'take'>(decided, after(KEY_WAIT_MS, refused('no_key')));
    if (typeof end === 'object') return end;
    return { kind: 'briefed', by: end === 'end' ? 'end' : 'key', heardMs: Math.min(heardMs(), durationMs(sound)) };
  };
  const run = async (): Promise<TransferOutcome> => {
    let talksSinceMs: number | null = null;
    try {
      const ringing = [
        answered.promise,
        hungUp.promise.then(() => refused('refused')),
        after(request.ringMs, { kind: 'no_answer' } as const),
      ];
      const unanswered = await first<TransferOutcome | null>(...ringing, ...unansweredBy(script, after));
      if (unanswered !== null) return unanswered;
      request.onProgress({ kind: 'answered' });
      const end = await listen();
      if (end.kind === 'declined') return end;
      request.onProgress(end);
      talksSinceMs = clock.nowMs();
      await first(hungUp.promise, ...(script?.outcome.kind === 'bridged' ? [after(script.outcome.talkedMs, null)] : []));
      return { kind: 'bridged', talkedMs: clock.nowMs() - talksSinceMs };
    } catch (error) {
      if (!gone.aborted) throw error;
      return talksSinceMs === null ? { kind: 'caller_gone' } : { kind: 'bridged', talkedMs: clock.nowMs() - talksSinceMs };
    } finally {
      over.abort();
    }
  };
  const representative: ScriptedRepresentative = {
    answers: () => answered.resolve(null),
    presses: (digit) => keyed.resolve(digit),
    hangsUp: () => hungUp.resolve(refused('hung_up')),
  };
  if (script !== null) void act(script, representative, after).catch(() => undefined);
  return { representative, outcome: run() };
}

const refused = (by: Declined['by']): Declined => ({ kind: 'declined', by });

type After = <T>(ms: number, value: T) => Promise<T>;

/** Waits that end at `signal`, with its reason. */
function waitsUntil(signal: AbortSignal): { readonly first: <T>(...promises: readonly Promise<T>[]) => Promise<T>; readonly after: After } {
  const aborted = new Promise<never>((_, reject) => signal.addEventListener('abort', () => reject(signal.reason as Error), { once: true }));
  aborted.catch(() => undefined);
  return {
    async first(...promises) {
      signal.throwIfAborted();
      return await Promise.race([...promises, aborted]);
    },
    after(ms, value) {
      const waited = scriptedWait(ms, signal).then(() => value);
      waited.catch(() => undefined);
      return waited;
    },
  };
}

function unansweredBy(script: ScriptedTransfer | null, after: After): readonly Promise<TransferOutcome>[] {
  if (script === null || script.outcome.kind === 'bridged' || script.outcome.kind === 'declined') return [];
  return [after(script.afterMs, script.outcome)];
}

async function act(
  { outcome, afterMs, declinesAfterMs = 500 }: ScriptedTransfer,
  who: ScriptedRepresentative,
  after: After,
): Promise<void> {
  if (outcome.kind !== 'bridged' && outcome.kind !== 'declined') return;
  await after(afterMs, null);
  if (outcome.kind === 'declined' && outcome.by === 'refused') return who.hangsUp();
  who.answers();
  if (outcome.kind !== 'declined' || outcome.by === 'no_key') return;
  await after(declinesAfterMs, null);
  if (outcome.by === 'key') who.presses(DECLINE_KEY);
  else who.hangsUp();
}
