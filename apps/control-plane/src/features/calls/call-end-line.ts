// The one line that says how a call ended and why, also while no row of it can be written.
import type { CallEvent } from '#ports/call-event.ts';
import type { Log } from '#shared/log.ts';

/** Hears what the journal took. */
export function logCallEnds(log: Log): (event: CallEvent) => void {
  return (event) => {
    if (event.kind !== 'call_ended') return;
    const { callId, scope, outcome, reason, durationMs } = event;
    log.info({ callId, organizationId: scope.organizationId, outcome, reason, durationMs: Math.round(durationMs) }, 'how a call ended');
  };
}
