/**
 * The global breaker: calls that failed for want of a model, one after the other, stop the appliance. A step over the ends of calls, fed by their
 * events. It counts calls and not requests, because a server that was away for two seconds cost nobody a call.
 */
import type { CallEvent } from '#ports/call-event.ts';
import type { Clock } from '#shared/clock.ts';

/** Calls of this long ago still count. */
export const WATCH_WINDOW_MS = 600_000;
/** Ends that are remembered; more in the window and the oldest go. */
const MAX_ENDS = 1_000;

type CallEnd = { readonly atMs: number; readonly failed: string | null };

/** Why calls are to be stopped. */
export type Trip = { readonly failedCalls: number; readonly endedCalls: number; readonly components: readonly string[] };

/** The ends of the window after one more, and the trip that it makes: enough failed calls, and no fewer than those that went well. */
export function stepWatch(ends: readonly CallEnd[], end: CallEnd, maxFailed: number): { ends: readonly CallEnd[]; trip: Trip | null } {
  const kept = [...ends.filter(({ atMs }) => end.atMs - atMs < WATCH_WINDOW_MS), end].slice(-MAX_ENDS);
  const failed = kept.flatMap(({ failed: component }) => component ?? []);
  if (maxFailed === 0 || failed.length < maxFailed || failed.length * 2 < kept.length) return { ends: kept, trip: null };
  return { ends: kept, trip: { failedCalls: failed.length, endedCalls: kept.length, components: [...new Set(failed)].toSorted() } };
}

export type CallFailureWatch = {
  /** Takes the events of all calls in order. */
  observe(event: CallEvent): void;
  /** Begins anew: calls are taken again. */
  forget(): void;
};

/** `maxFailed` 0 never trips. An agent that is set up wrongly is its organization's affair and counts as no failure of the appliance. */
export function createCallFailureWatch(options: { maxFailed: number; clock: Clock; onTrip: (trip: Trip) => void }): CallFailureWatch {
  const { maxFailed, clock, onTrip } = options;
  let ends: readonly CallEnd[] = [];
  const failing = new Map<string, string>();
  return {
    observe(event) {
      if (event.kind === 'note' && event.name === 'failure_state' && event.fields['to'] === 'apologising') {
        const { component } = event.fields;
        if (typeof component === 'string' && component !== 'configuration') failing.set(event.callId, component);
      }
      if (event.kind !== 'call_ended') return;
      const step = stepWatch(ends, { atMs: clock.nowMs(), failed: failing.get(event.callId) ?? null }, maxFailed);
      failing.delete(event.callId);
      ends = step.trip === null ? step.ends : [];
      if (step.trip !== null) onTrip(step.trip);
    },
    forget: () => void (ends = []),
  };
}
