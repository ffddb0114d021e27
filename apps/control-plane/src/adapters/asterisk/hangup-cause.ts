// How a channel's end reads: the causes that we give, and what Asterisk's events say when somebody else ended it.
import type { ChannelHangupRequest } from 'asterisk-ari-client/generated/events.ts';
import type { LegEvent, RejectReason, TransferOutcome } from '#ports/call-control.ts';

/** Q.850: a normal end of a call. */
export const NORMAL = 16;

/** Q.850: normal, unspecified. For an end that nobody saw. */
export const UNSPECIFIED = 31;

/**
 * What a refused caller's network is told. Asterisk turns them into SIP 404, 486 and 503. Busy for `at_capacity`: carriers try another
 * route on 503, and there is none behind a single box.
 */
const REJECT_CAUSE: Readonly<Record<RejectReason, number>> = { unknown_number: 1, at_capacity: 17, not_ready: 34 };

/**
 * Of a "soft" end `cause` is not Q.850 but Asterisk's AST_SOFTHANGUP flag (include/asterisk/channel.h): seen with 22.10, where our own
 * DELETE reads as 32.
 */
const SOFT_CAUSE: ReadonlyMap<number, string> = new Map([
  [1, 'no sound arrived from the telephone'],
  [4, 'Asterisk shut down'],
  [8, 'the time limit of the dialplan'],
  [16, 'an Asterisk module was unloaded'],
  [32, 'hung up by an operator'],
]);

/** Who ended a leg and with what words. */
export type LegEnd = Pick<Extract<LegEvent, { kind: 'hung_up' }>, 'by' | 'cause'>;

/** The cause for the reason of a refusal. A balancer tries the next box when one is full, which it is told as 503. */
export function rejectCause(reason: RejectReason, { behindBalancer = false }: { behindBalancer?: boolean } = {}): number {
  return behindBalancer && reason === 'at_capacity' ? REJECT_CAUSE.not_ready : REJECT_CAUSE[reason];
}

/** A Q.850 cause as text. */
export function causeText(cause: number): string {
  return `Q.850 ${cause}`;
}

/**
 * The end of a leg that we did not end, from the first hang-up request seen; null when there was none (the channel was taken out of
 * our application). A BYE without a reason brings no cause: that is a normal end.
 */
export function legEnd(request: Pick<ChannelHangupRequest, 'soft' | 'cause'> | null): LegEnd {
  if (request === null) return { by: 'system', cause: 'taken by the dialplan' };
  if (request.soft === true) return { by: 'system', cause: SOFT_CAUSE.get(request.cause ?? 0) ?? `AST_SOFTHANGUP ${request.cause ?? 0}` };
  return { by: 'caller', cause: causeText(request.cause ?? NORMAL) };
}

/** Why a representative's telephone never answered. 21 refused, 18 no answer, 19 rang in vain, 16 and 26 when we stopped the ringing. */
export function unansweredOutcome(cause: number): TransferOutcome {
  if (cause === 17) return { kind: 'busy' };
  if (cause === 21) return { kind: 'declined', by: 'refused' };
  if ([NORMAL, 18, 19, 26].includes(cause)) return { kind: 'no_answer' };
  return { kind: 'failed', cause: causeText(cause) };
}
