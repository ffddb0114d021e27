// How the end of a leg reads in the journal.
import type { LegEvent, TransferOutcome } from '#ports/call-control.ts';
import type { CallOutcome } from '#ports/call-event.ts';

/** The reason of a call that another process goes on with: it has no end here, and none is written. */
export const TAKEN_OVER = 'taken_over';

/** A call's technical end. */
export type CallEnd = { readonly outcome: CallOutcome; readonly reason: string };

export function endOfLeg({ by, cause }: Pick<Extract<LegEvent, { kind: 'hung_up' }>, 'by' | 'cause'>): CallEnd {
  switch (by) {
    case 'caller':
      return { outcome: 'caller_hung_up', reason: `hung up by caller: ${cause}` };
    case 'node':
      return { outcome: 'failed', reason: 'node_lost' };
    case 'taken_over':
      return { outcome: 'failed', reason: TAKEN_OVER };
    case 'us':
    case 'system':
      return { outcome: 'failed', reason: `hung up by ${by}: ${cause}` };
  }
}

/** The end that a transfer is for the call; null when it goes on. `lineDead` is the end that the call has if the two did not talk. */
export function endOfTransfer({ kind }: TransferOutcome, lineDead: CallEnd | null): CallEnd | null {
  if (kind === 'bridged') return { outcome: 'transferred', reason: 'talked to a representative' };
  if (lineDead !== null) return lineDead;
  return kind === 'caller_gone' ? { outcome: 'caller_hung_up', reason: 'hung up while a representative was rung' } : null;
}
