// The log says that the telephone system is slow, with the figure: a caller who waits for an answer, or whose key does nothing, has no other trace.
import type { Clock } from '#shared/clock.ts';
import type { Log } from '#shared/log.ts';
import type { TelephonyObserver } from './telephony-metrics.ts';

/** Setting a call up takes several requests one after the other: at this each of them alone is heard. */
const LONG_REQUEST_MS = 300;
/** A key that does nothing for so long is pressed again. */
const LATE_EVENT_MS = 1_000;
/** Of many slow requests in a second one line. */
const LINE_EVERY_MS = 1_000;
/** The lag is the difference of two wall clocks: one that was set makes every event late until both agree again. */
const EVENT_LINE_EVERY_MS = 60_000;

/** The same observer; what is slow is told in the log too. */
export function withSlowTelephonyLogged(
  observer: TelephonyObserver,
  { log, clock }: { log: Log; clock: Pick<Clock, 'nowMs'> },
): TelephonyObserver {
  const request = sayNowAndThen(clock, LINE_EVERY_MS, (fields) => log.warn(fields, 'a request to the telephone system took long'));
  const event = sayNowAndThen(clock, EVENT_LINE_EVERY_MS, (fields) => log.warn(fields, 'events of the telephone system come late'));
  return {
    ...observer,
    requested(asked) {
      observer.requested(asked);
      const tookMs = Math.round(asked.tookMs);
      if (tookMs >= LONG_REQUEST_MS) request({ operation: asked.operation, code: asked.code, tookMs });
    },
    heard(lagMs) {
      observer.heard(lagMs);
      if (lagMs >= LATE_EVENT_MS) event({ lagMs: Math.round(lagMs) });
    },
  };
}

type Fields = Readonly<Record<string, unknown>>;

function sayNowAndThen({ nowMs }: Pick<Clock, 'nowMs'>, everyMs: number, say: (fields: Fields) => void): (fields: Fields) => void {
  let saidAtMs = -Infinity;
  let others = 0;
  return (fields) => {
    if (nowMs() - saidAtMs < everyMs) return void (others += 1);
    say({ ...fields, others });
    saidAtMs = nowMs();
    others = 0;
  };
}
