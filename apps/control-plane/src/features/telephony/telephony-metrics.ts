// How the telephone system answers us, as Prometheus series. The adapter tells what happens through the observer and knows no series.
import type { Registry } from 'prom-client';
import { Counter, Gauge, Histogram } from 'prom-client';

/** Why a message of the telephone system had no effect; each is a series from the start, so that the first one is a rise. */
const DROP_REASONS = ['not_json', 'not_an_object', 'unknown_type', 'field_missing', 'wrong_value', 'nobody_listens'] as const;

/** What the adapter tells. Never called for a frame: an event of a call, a request or a change of a socket at most. */
export type TelephonyObserver = {
  connected(isConnected: boolean): void;
  /** One request that is over; `code` is the status of the answer, or the kind of the failure where there was none. */
  requested(request: { operation: string; code: string; tookMs: number }): void;
  /** An event was handled `lagMs` after the telephone system made it. */
  heard(lagMs: number): void;
  dropped(reason: (typeof DROP_REASONS)[number]): void;
  media(change: 'opened' | 'closed' | 'xoff'): void;
};

/** From an answer on an idle machine (0.3 ms) to the limit of a request. */
const REQUEST_BUCKETS_S = [0.001, 0.005, 0.02, 0.1, 0.5, 2, 5];
/** From the two processes' own scheduling to a reader that stalls. */
const LAG_BUCKETS_S = [0.001, 0.005, 0.02, 0.05, 0.1, 0.5, 1, 5];

/** Registers the series; returns what sets them. */
export function createTelephonyMetrics(registry: Registry): TelephonyObserver {
  const registers = [registry];
  const connected = new Gauge({
    name: 'centralita_ari_connected',
    help: '1 while the event socket of the telephone system is open, 0 otherwise',
    registers,
  });
  const reconnects = new Counter({
    name: 'centralita_ari_reconnects_total',
    help: 'Times that the event socket was opened again after it was lost',
    registers,
  });
  const requests = new Histogram({
    name: 'centralita_ari_request_seconds',
    help: 'Time that a request to the telephone system took, by operation and by status or kind of failure',
    labelNames: ['operation', 'code'],
    buckets: REQUEST_BUCKETS_S,
    registers,
  });
  const lag = new Histogram({
    name: 'centralita_ari_event_lag_seconds',
    help: 'From the making of an event by the telephone system until it was handled',
    buckets: LAG_BUCKETS_S,
    registers,
  });
  let hasBeenConnected = false;
  return {
    connected(isConnected) {
      connected.set(isConnected ? 1 : 0);
      if (isConnected && hasBeenConnected) reconnects.inc();
      hasBeenConnected ||= isConnected;
    },
    requested: ({ operation, code, tookMs }) => requests.observe({ operation, code }, tookMs / 1_000),
    heard(lagMs) {
      // Two clocks, on two machines in some installations: before the event was made is as good as at once. An event without a time says nothing.
      if (Number.isFinite(lagMs)) lag.observe(Math.max(0, lagMs) / 1_000);
    },
    dropped: countDropped(registry),
    media: countMedia(registry),
  };
}

function countDropped(registry: Registry): TelephonyObserver['dropped'] {
  const dropped = new Counter({
    name: 'centralita_ari_events_dropped_total',
    help: 'Events of the telephone system that were dropped: they could not be read or understood, or nobody listened yet',
    labelNames: ['reason'],
    registers: [registry],
  });
  for (const reason of DROP_REASONS) dropped.inc({ reason }, 0);
  return (reason) => dropped.inc({ reason });
}

function countMedia(registry: Registry): TelephonyObserver['media'] {
  const registers = [registry];
  const sessions = new Gauge({ name: 'centralita_media_sessions', help: 'Sockets that carry the sound of a call', registers });
  const full = new Counter({
    name: 'centralita_media_xoff_total',
    help: 'Times that the telephone system had no room for more of our sound',
    registers,
  });
  return (change) => {
    switch (change) {
      case 'opened':
        return sessions.inc();
      case 'closed':
        return sessions.dec();
      case 'xoff':
        return full.inc();
    }
  };
}
