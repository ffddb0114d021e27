// The calls of this process that last until somebody ends them, whoever serves the caller: found by id, moved on by one ticker, and ended when the process stops.
import type { CallOutcome } from '#ports/call-event.ts';
import type { CallId, OrganizationId } from '#shared/id.ts';
import type { Log } from '#shared/log.ts';

/** What the engine does with any call. */
export type RunningCall = {
  /** Settles when everything of the call is gone. */
  run(): Promise<void>;
  /** The first one counts. May come before `run`. */
  end(outcome: CallOutcome, reason: string): void;
  tick(atMs: number): void;
};

/** Whose call it is. */
export type CallNames = { readonly callId: CallId; readonly organizationId: OrganizationId };

/** The calls of one process. */
export type RunningCalls = {
  /** Runs the call to its end as one of these. After `endAll` it is ended at once: its set-up began before. */
  run(names: CallNames, call: RunningCall): Promise<void>;
  has(callId: CallId): boolean;
  /** Null when there is no such call. */
  find(callId: CallId): (CallNames & { readonly call: RunningCall }) | null;
  tick(atMs: number): void;
  /** Ends every call, and every one that comes later. */
  endAll(outcome: CallOutcome, reason: string): void;
};

export function openRunningCalls(log: Log): RunningCalls {
  const calls = new Map<CallId, CallNames & { readonly call: RunningCall }>();
  let allEnded: Parameters<RunningCall['end']> | null = null;
  return {
    async run(names, call) {
      calls.set(names.callId, { ...names, call });
      if (allEnded !== null) call.end(...allEnded);
      try {
        await call.run();
      } finally {
        calls.delete(names.callId);
      }
    },
    has: (callId) => calls.has(callId),
    find: (callId) => calls.get(callId) ?? null,
    tick(atMs) {
      for (const { call, ...names } of calls.values()) {
        try {
          call.tick(atMs);
        } catch (error) {
          // One call's bug ends that call, not the ticker that all calls live on.
          log.error({ err: error, ...names }, 'a call broke at its tick');
          call.end('failed', 'internal_error');
        }
      }
    },
    endAll(outcome, reason) {
      allEnded = [outcome, reason];
      for (const { call } of calls.values()) call.end(outcome, reason);
    },
  };
}
