// A call in which the caller talks with a representative, after the process that brought them together died: it is watched, and written down when it ends.
import type { CallLeg, SurvivingLeg } from '#ports/call-control.ts';
import type { Log } from '#shared/log.ts';
import type { CallRecord } from './call-record.ts';
import { endOfLeg, TAKEN_OVER } from './leg-end.ts';
import type { CallEnd } from './leg-end.ts';
import type { RunningCall } from './running-calls.ts';

type TalkParts = {
  readonly leg: CallLeg;
  readonly talk: NonNullable<SurvivingLeg['talk']>;
  readonly record: CallRecord;
  readonly log: Log;
};

export function openSurvivedTalk({ leg, talk, record, log }: TalkParts): RunningCall {
  const over = new AbortController();
  let end: CallEnd = { outcome: 'transferred', reason: 'talked to a representative' };
  return {
    async run() {
      leg.listen((event) => {
        // Who hangs up ends a talk, which is what the call came to; only a telephone system that died, or another process, is another end.
        if (event.kind === 'hung_up' && (event.by === 'node' || event.by === 'taken_over')) end = endOfLeg(event);
      });
      try {
        await talk({ signal: over.signal });
      } catch (error) {
        if (!over.signal.aborted) log.warn({ err: error }, 'a talk with a representative could not be watched to its end');
      }
      if (end.reason !== TAKEN_OVER) record.note('transfer_ended', { outcome: 'bridged' });
      await leg.hangUp();
      record.ended(end.outcome, end.reason);
    },
    end(outcome, reason) {
      end = { outcome, reason };
      over.abort();
    },
    tick() {},
  };
}
