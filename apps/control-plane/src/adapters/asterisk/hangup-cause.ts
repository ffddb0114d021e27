// Q.850 causes: what we give, and what the ones that we are given mean.
import type { LegEvent, RejectReason, TransferOutcome } from '#ports/call-control.ts';

/** A normal end of a call. */
export const NORMAL = 16;

/**
 * What a refused caller's network is told. Asterisk turns them into SIP 404, 486 and 503. Busy for `at_capacity`: carriers try another
 * route on 503, and there is none behind a single box.
 */
const REJECT_CAUSE: Readonly<Record<RejectReason, number>> = { unknown_number: 1, at_capacity: 17, not_ready: 34 };

/** Causes with which a person, or his telephone, ends a call: normal, busy, rejected, answered nowhere, and 127 (CANCEL while ringing). */
const ENDED_BY_PERSON = new Set([0, NORMAL, 17, 18, 19, 21, 26, 31, 127]);

/** The cause for the reason of a refusal. */
export function rejectCause(reason: RejectReason): number {
  return REJECT_CAUSE[reason];
}

/** Who ended a leg that we did not end, by the cause that came with it. */
export function endedBy(cause: number | null): Extract<LegEvent, { kind: 'hung_up' }>['by'] {
  return cause !== null && ENDED_BY_PERSON.has(cause) ? 'caller' : 'system';
}

/** A cause as text. */
export function causeText(cause: number | null): string {
  return cause === null ? 'Q.850 unknown' : `Q.850 ${cause}`;
}

/** Why a representative's telephone never answered. 18 no answer, 19 rang in vain, 21 declined, 16 and 26 when we stopped the ringing. */
export function unansweredOutcome(cause: number | null): TransferOutcome {
  if (cause === 17) return { kind: 'busy' };
  if (cause !== null && [NORMAL, 18, 19, 21, 26].includes(cause)) return { kind: 'no_answer' };
  return { kind: 'failed', cause: causeText(cause) };
}
