// The line: Asterisk, the sound, and what the network does to it.
import type { Board } from '#grafana/dashboard.ts';
import { figure, instanceVariable, lines, quantiles } from '#grafana/panels.ts';

export const telephony: Board = {
  uid: 'centralita-telephony',
  title: 'Telephony quality',
  description: 'Asterisk, media sockets, and the quality of the sound on each leg.',
  variables: [instanceVariable],
  panels: [
    figure(
      { title: 'Calls in Asterisk', description: 'As Asterisk counts them, those of the safety net included.' },
      'short',
      'sum(asterisk_calls_count)',
    ),
    figure(
      { title: 'Channels in Asterisk', description: 'The caller, our sound, and whoever a call is transferred to.' },
      'short',
      'sum(asterisk_channels_count)',
    ),
    figure(
      { title: 'Media sockets', description: 'One per call; without calls none may be left.' },
      'short',
      'sum(centralita_media_sessions{$I})',
    ),
    figure(
      {
        title: 'Things that nobody owns',
        description: 'Channels and bridges that the reaper found and could not take away yet.',
        thresholds: { yellow: 1, red: 5 },
      },
      'short',
      'sum(centralita_orphans{$I})',
    ),
    lines(
      {
        title: 'Packets lost',
        description: 'Mean share by leg. Speech recognition suffers from 2 % on.',
        thresholds: { yellow: 0.01, red: 0.03 },
      },
      'percentunit',
      {
        '{{leg}}':
          'sum by (leg) (rate(centralita_rtp_loss_ratio_sum{$I}[$__rate_interval])) / sum by (leg) (rate(centralita_rtp_loss_ratio_count{$I}[$__rate_interval]))',
      },
    ),
    lines(
      { title: 'Jitter', description: 'By leg. Above 30 ms a jitter buffer begins to lose.', thresholds: { yellow: 0.02, red: 0.03 } },
      's',
      quantiles('centralita_rtp_jitter_seconds', 'leg'),
    ),
    lines(
      { title: 'Round trip', description: 'By leg, from RTCP.', thresholds: { yellow: 0.15, red: 0.3 } },
      's',
      quantiles('centralita_rtp_round_trip_seconds', 'leg'),
    ),
    lines(
      {
        title: 'Mean opinion score',
        description: 'By leg, by the E-model from loss, jitter and round trip: 4.3 is a good telephone, 3.5 is bad.',
        thresholds: { yellow: 4, red: 3.5, below: true },
      },
      'none',
      {
        '{{leg}}':
          'sum by (leg) (rate(centralita_mos_sum{$I}[$__rate_interval])) / sum by (leg) (rate(centralita_mos_count{$I}[$__rate_interval]))',
      },
    ),
    lines({ title: 'Requests to Asterisk, p95', description: 'By operation.' }, 's', {
      '{{operation}}':
        'histogram_quantile(0.95, sum by (le, operation) (rate(centralita_ari_request_seconds_bucket{$I}[$__rate_interval])))',
    }),
    lines({ title: 'Requests to Asterisk by their end', description: '404 and 409 are usual when a caller hangs up meanwhile.' }, 'reqps', {
      '{{code}}': 'sum by (code) (rate(centralita_ari_request_seconds_count{$I}[$__rate_interval]))',
    }),
    lines(
      { title: 'Age of events', description: 'From their making in Asterisk until we handle them.', thresholds: { yellow: 0.1, red: 0.5 } },
      's',
      quantiles('centralita_ari_event_lag_seconds', null),
    ),
    lines(
      { title: 'Reconnections and full queues', description: 'Event sockets opened again, and sound that Asterisk had no room for.' },
      'ops',
      {
        reconnections: 'sum(rate(centralita_ari_reconnects_total{$I}[$__rate_interval]))',
        'queue full': 'sum(rate(centralita_media_xoff_total{$I}[$__rate_interval]))',
      },
    ),
    lines(
      {
        title: 'Events dropped',
        description: 'By reason. "nobody_listens" are keys that were pressed before the call was taken; any other reason is a ticket.',
      },
      'ops',
      { '{{reason}}': 'sum by (reason) (rate(centralita_ari_events_dropped_total{$I}[$__rate_interval]))' },
    ),
    lines(
      {
        title: 'Holes after a restart',
        description:
          'Silence that callers heard while their sound was built again, since the start of the process: a restart is over before the first look at it.',
      },
      's',
      {
        p50: 'histogram_quantile(0.5, sum by (le) (centralita_media_gap_seconds_bucket{$I}))',
        p95: 'histogram_quantile(0.95, sum by (le) (centralita_media_gap_seconds_bucket{$I}))',
      },
    ),
    lines(
      { title: 'After a restart', description: 'Calls that the process took over when it started, and those that had ended meanwhile.' },
      'short',
      {
        'taken over': 'sum(centralita_calls_readopted_total{$I})',
        'ended meanwhile': 'sum(centralita_calls_closed_while_away_total{$I})',
      },
    ),
    lines({ title: 'Taken away by the reaper', description: 'Channels, bridges and rows that no call owned.' }, 'short', {
      '{{kind}}': 'sum by (kind) (increase(centralita_reaped_total{$I}[$__rate_interval]))',
    }),
    lines({ title: 'Calls in Asterisk since its start', description: 'A fall to zero is a restart.' }, 'short', {
      calls: 'sum(asterisk_calls_sum)',
    }),
  ],
};
