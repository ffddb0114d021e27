// What a new process makes of the calls of a dead one: it goes on with those whose callers are still there, and closes the others.
import { setTimeout as sleep } from 'node:timers/promises';
import type { CallControl, CallLeg, SurvivingLeg } from '#ports/call-control.ts';
import type { CallJournal } from '#ports/call-journal.ts';
import type { CallRoute, CallRouting } from '#ports/call-routing.ts';
import type { OpenCall, OpenCalls } from '#ports/open-calls.ts';
import type { Clock } from '#shared/clock.ts';
import type { CallId } from '#shared/id.ts';
import type { Log } from '#shared/log.ts';
import { loggableError } from '#shared/loggable-error.ts';
import { REAP_EVERY_MS, REAP_ROWS_AFTER_MS, RECOVERY_LIMIT_MS, RECOVERY_PAUSE_MS, SETUP_TIMEOUT_MS } from './limits.ts';

/** Why a call of a dead process is closed: its caller left, the telephone system died too, or nothing can go on with it, or nobody could say what. */
export type ClosedBecause = 'ended_while_away' | 'node_lost' | 'agent_gone' | 'agent_unknown' | 'channel_gone';

/** What is done about what was found. */
export type RecoveryPlan = {
  readonly resume: readonly { readonly survivor: SurvivingLeg; readonly call: OpenCall }[];
  readonly close: readonly { readonly call: OpenCall; readonly because: ClosedBecause }[];
  /** Callers of whom the journal knows nothing: calls that had hardly begun. They are new calls. */
  readonly greet: readonly CallLeg[];
};

/** `startedAt` is when the telephone system started: no call is older than it. */
export function planRecovery(survivors: readonly SurvivingLeg[], open: readonly OpenCall[], startedAt: Date | null): RecoveryPlan {
  // Ids of legs are used once; should two calls name one all the same, the newer is the one whose caller is there.
  const callOf = new Map([...open].sort((a, b) => a.startedAt.getTime() - b.startedAt.getTime()).map((call) => [call.legId, call]));
  const resume = survivors.flatMap((survivor) => {
    const call = callOf.get(survivor.leg.legId);
    return call === undefined ? [] : [{ survivor, call }];
  });
  const going = new Set(resume.map(({ call }) => call.callId));
  const known = new Set(resume.map(({ survivor }) => survivor.leg.legId));
  return {
    resume,
    close: open.flatMap((call) => {
      if (going.has(call.callId)) return [];
      const isOlder = startedAt !== null && call.startedAt.getTime() < startedAt.getTime();
      return [{ call, because: isOlder ? ('node_lost' as const) : ('ended_while_away' as const) }];
    }),
    greet: survivors.filter(({ leg }) => !known.has(leg.legId)).map(({ leg }) => leg),
  };
}

/** What recovery works with. */
export type RecoveryParts = {
  readonly callControl: Pick<CallControl, 'takeSurvivors' | 'startedAt' | 'isConnected'>;
  readonly openCalls: OpenCalls;
  readonly routing: CallRouting;
  readonly journal: CallJournal;
  readonly engine: {
    /** Settles when the call is over. */
    resume(call: { survivor: SurvivingLeg; call: OpenCall; route: CallRoute }): Promise<void>;
    /** Takes a leg as a new call. */
    take(leg: CallLeg): void;
    isLive(callId: CallId): boolean;
  };
  readonly clock: Clock;
  readonly log: Log;
};

/** Recovery under way, and the watch over rows that follows it. */
export type Recovery = AsyncDisposable & {
  /** Settles when every call of the dead process goes on or is closed. */
  readonly done: Promise<void>;
};

/** Starts at once; the database may still be away. */
export function startRecovery(parts: RecoveryParts): Recovery {
  const closing = new AbortController();
  const { signal } = closing;
  const going = new Set<CallId>();
  let isDone = false;
  const done = recover(parts, { signal, going })
    .catch((error: unknown) => {
      if (!signal.aborted) parts.log.error({ error: loggableError(error) }, 'the calls of the last process could not be looked after');
    })
    .finally(() => (isDone = true));
  const reaper = setInterval(() => {
    // Until then nobody has the calls whose callers are there, and their rows are a minute old.
    if (!isDone) return;
    void reapRows(parts, going).catch((error: unknown) =>
      parts.log.warn({ error: loggableError(error) }, 'open calls could not be compared with what is live'),
    );
  }, REAP_EVERY_MS);
  return {
    done,
    async [Symbol.asyncDispose]() {
      clearInterval(reaper);
      closing.abort();
      await done;
    },
  };
}

type Recovering = { readonly signal: AbortSignal; readonly going: Set<CallId> };

async function recover(parts: RecoveryParts, { signal, going }: Recovering): Promise<void> {
  const { callControl, engine, log } = parts;
  const fromMs = parts.clock.nowMs();
  const survivors = callControl.takeSurvivors();
  const open = await untilListed(parts, survivors, signal);
  const { resume, close, greet } = planRecovery(survivors, open, callControl.startedAt());
  for (const { call, because } of close) closeCall(parts, call, because);
  for (const leg of greet) engine.take(leg);
  if (survivors.length + close.length > 0)
    log.warn({ resumed: resume.length, closed: close.length, greeted: greet.length }, 'calls of the last process were found');
  await Promise.all(
    resume.map(async ({ survivor, call }) => {
      const route = await untilRouted(parts, call, { fromMs, signal });
      if (route === 'agent_gone' || route === 'agent_unknown') {
        await survivor.leg.hangUp();
        return closeCall(parts, call, route);
      }
      going.add(call.callId);
      void engine.resume({ survivor, call, route }).finally(() => going.delete(call.callId));
    }),
  );
}

/** The rows, however long the database is away; callers who wait for it are not kept for ever. */
async function untilListed({ openCalls, journal, clock, log }: RecoveryParts, survivors: readonly SurvivingLeg[], signal: AbortSignal) {
  const fromMs = clock.nowMs();
  let areLeft = survivors.length > 0;
  for (let attempt = 0; ; attempt += 1) {
    signal.throwIfAborted();
    try {
      // What the dead process could not write any more tells where its calls stand: a call that goes on without it asks again what was answered.
      if (areLeft) await Promise.race([journal.flush(), sleep(RECOVERY_LIMIT_MS, undefined, { signal })]);
      return await openCalls.list();
    } catch (error) {
      log.warn({ error: loggableError(error), attempt, callers: survivors.length }, 'open calls cannot be read yet');
      if (areLeft && clock.nowMs() - fromMs > RECOVERY_LIMIT_MS) {
        areLeft = false;
        await Promise.all(survivors.map(({ leg }) => leg.hangUp()));
      }
      await sleep(RECOVERY_PAUSE_MS, undefined, { signal });
    }
  }
}

type Routing = { readonly fromMs: number; readonly signal: AbortSignal };

/**
 * The agent that answers the number now; `agent_gone` when it is another organization's by now, or nobody's. A database that is away or slow is asked
 * again, as a caller who waits for it is kept no longer than for the rows: `agent_unknown` then.
 */
async function untilRouted(
  { routing, clock, log }: RecoveryParts,
  { dialledNumber, scope, callId }: OpenCall,
  { fromMs, signal }: Routing,
): Promise<CallRoute | 'agent_gone' | 'agent_unknown'> {
  const { organizationId } = scope;
  for (let attempt = 0; ; attempt += 1) {
    signal.throwIfAborted();
    try {
      const route = await routing.findRoute(dialledNumber, { signal: AbortSignal.any([signal, AbortSignal.timeout(SETUP_TIMEOUT_MS)]) });
      return route?.scope.organizationId === organizationId ? route : 'agent_gone';
    } catch (error) {
      const about = { callId, organizationId, attempt, error: loggableError(error) };
      log.warn(about, 'the agent of a call that outlived its process cannot be read yet');
      if (clock.nowMs() - fromMs > RECOVERY_LIMIT_MS) return 'agent_unknown';
      await sleep(RECOVERY_PAUSE_MS, undefined, { signal });
    }
  }
}

/** When the call really ended nobody saw; the instant is that of the finding. */
function closeCall({ journal, clock, log }: RecoveryParts, { callId, scope, startedAt }: OpenCall, because: ClosedBecause): void {
  const at = clock.wallAt();
  log.info({ callId, organizationId: scope.organizationId, because }, 'a call without a caller is closed');
  const durationMs = Math.max(0, at.getTime() - startedAt.getTime());
  journal.record({ kind: 'call_ended', callId, scope, at, outcome: 'failed', reason: because, durationMs });
}

/** Rows that look live and are not: what is written of a call that this process has, or had a minute ago, is on its way. */
async function reapRows(parts: RecoveryParts, going: ReadonlySet<CallId>): Promise<void> {
  const { callControl, openCalls, journal, engine, clock } = parts;
  if (!callControl.isConnected()) return;
  const before = clock.wallAt().getTime() - REAP_ROWS_AFTER_MS;
  const isStray = (call: OpenCall) => call.startedAt.getTime() < before && !engine.isLive(call.callId) && !going.has(call.callId);
  if (!(await openCalls.list()).some(isStray)) return;
  await journal.flush();
  for (const call of await openCalls.list()) if (isStray(call)) closeCall(parts, call, 'channel_gone');
}
