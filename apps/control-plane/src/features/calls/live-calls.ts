// The calls that are up now, as their events tell: a view of this process, gone with it.
import type { CallEvent } from '#ports/call-event.ts';

/** A call that is up. `callerNumber` is personal data. */
export type LiveCallView = {
  readonly callId: string;
  readonly organizationId: string;
  readonly agentId: string;
  readonly dialledNumber: string;
  readonly callerNumber: string;
  readonly startedAt: Date;
  readonly answeredAt: Date | null;
  readonly turns: number;
};

export type LiveCallBoard = {
  /** Takes events in order. */
  observe(event: CallEvent): void;
  /** Oldest first; of one organization, or (null) of all. */
  list(organizationId: string | null): LiveCallView[];
  /** Null when no such call is up here. */
  find(callId: string): LiveCallView | null;
};

/** A board has at most one entry per live call, so the engine's capacity is its limit. */
export function createLiveCallBoard(): LiveCallBoard {
  const calls = new Map<string, LiveCallView>();
  const update = (callId: string, change: (call: LiveCallView) => LiveCallView) => {
    const call = calls.get(callId);
    if (call) calls.set(callId, change(call));
  };
  return {
    observe(event) {
      switch (event.kind) {
        case 'call_started': {
          const { callId, scope, agentId, dialledNumber, callerNumber, at } = event;
          const view = { callId, organizationId: scope.organizationId, agentId, dialledNumber, callerNumber };
          calls.set(callId, { ...view, startedAt: at, answeredAt: null, turns: 0 });
          return;
        }
        case 'call_resumed': {
          const { callId, scope, agentId, dialledNumber, callerNumber, startedAt, answeredAt, turns } = event;
          const who = { callId, organizationId: scope.organizationId, agentId, dialledNumber, callerNumber };
          calls.set(callId, { ...who, startedAt, answeredAt, turns });
          return;
        }
        case 'call_answered':
          return update(event.callId, (call) => ({ ...call, answeredAt: event.at }));
        case 'turn_recorded':
          return update(event.callId, (call) => ({ ...call, turns: call.turns + 1 }));
        case 'call_ended':
        case 'call_let_go':
          calls.delete(event.callId);
          return;
        case 'call_rejected':
        case 'conversation_moved':
        case 'note':
        case 'leg_measured':
          return;
      }
    },
    list: (organizationId) => [...calls.values()].filter((call) => organizationId === null || call.organizationId === organizationId),
    find: (callId) => calls.get(callId) ?? null,
  };
}
