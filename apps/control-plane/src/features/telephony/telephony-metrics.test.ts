import { Registry } from 'prom-client';
import { expect, it } from 'vitest';
import { createTelephonyMetrics } from './telephony-metrics.ts';

it('every reason to drop an event is a series from the start, and counts alone', async () => {
  const registry = new Registry();
  const observer = createTelephonyMetrics(registry);
  observer.dropped('wrong_value');
  const counted = (await registry.metrics()).split('\n').filter((line) => line.startsWith('centralita_ari_events_dropped_total{'));
  expect(counted.toSorted()).toEqual([
    'centralita_ari_events_dropped_total{reason="field_missing"} 0',
    'centralita_ari_events_dropped_total{reason="nobody_listens"} 0',
    'centralita_ari_events_dropped_total{reason="not_an_object"} 0',
    'centralita_ari_events_dropped_total{reason="not_json"} 0',
    'centralita_ari_events_dropped_total{reason="unknown_type"} 0',
    'centralita_ari_events_dropped_total{reason="wrong_value"} 1',
  ]);
});

it('the first connection is no reconnection, the next ones are; an event from a clock that runs ahead is no older than now', async () => {
  const registry = new Registry();
  const observer = createTelephonyMetrics(registry);
  for (const isConnected of [true, false, true]) observer.connected(isConnected);
  observer.requested({ operation: 'channels.answer', code: 'ok', tookMs: 3 });
  for (const lagMs of [-50, Number.NaN]) observer.heard(lagMs);
  for (const change of ['opened', 'opened', 'closed', 'xoff'] as const) observer.media(change);
  expect((await registry.metrics()).split('\n')).toEqual(
    expect.arrayContaining([
      'centralita_ari_connected 1',
      'centralita_ari_reconnects_total 1',
      'centralita_ari_request_seconds_count{operation="channels.answer",code="ok"} 1',
      'centralita_ari_event_lag_seconds_sum 0',
      'centralita_ari_event_lag_seconds_count 1',
      'centralita_media_sessions 1',
      'centralita_media_xoff_total 1',
    ]),
  );
});
