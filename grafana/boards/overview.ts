// The board that hangs on the wall: are callers served, how well, and how near is the limit.
import type { Board } from '#grafana/dashboard.ts';
import { figure, instanceVariable, lines, quantiles } from '#grafana/panels.ts';

export const overview: Board = {
  uid: 'centralita-overview',
  title: 'Overview',
  description: 'Calls, errors, waiting time and room, at one look.',
  variables: [instanceVariable],
  panels: [
    figure({ title: 'Calls up', description: 'Calls that hold a slot now.' }, 'short', 'sum(centralita_calls_live{$I})'),
    figure(
      {
        title: 'Room left',
        description: 'Further calls that the measured cost of a call allows. 0: callers are refused, queued or sent on.',
        thresholds: { yellow: 5, red: 1, below: true },
      },
      'short',
      'sum(centralita_capacity_headroom{$I})',
    ),
    figure(
      {
        title: 'Calls that failed, last hour',
        description: 'Share of ended calls that failed by our fault. The promise is 0.1 %.',
        thresholds: { yellow: 0.001, red: 0.0144 },
      },
      'percentunit',
      'sum(increase(centralita_calls_total{outcome="failed",$I}[1h])) / sum(increase(centralita_calls_total{$I}[1h])) or sum(increase(centralita_calls_total{$I}[1h])) * 0',
    ),
    figure(
      {
        title: 'Asterisk connected',
        description: '1 while the event socket of the telephone system is open.',
        thresholds: { yellow: 1, red: 1, below: true },
      },
      'bool_on_off',
      'min(centralita_ari_connected{$I})',
    ),
    figure(
      {
        title: 'Ready for calls',
        description: 'Off: a new call is not answered; `GET /health/ready` says why.',
        thresholds: { yellow: 1, red: 1, below: true },
      },
      'bool_on_off',
      'min(centralita_ready{$I})',
    ),
    lines(
      { title: 'Calls that ended', description: 'By outcome. A rise of `failed` or `no_input` is worth a look.', isStacked: true },
      'ops',
      {
        '{{outcome}}': 'sum by (outcome) (rate(centralita_calls_total{$I}[$__rate_interval]))',
      },
    ),
    lines({ title: 'Calls up and capacity', description: 'Where the lines meet, callers are no longer served at once.' }, 'short', {
      'calls up': 'sum(centralita_calls_live{$I})',
      capacity: 'sum(centralita_call_capacity{$I})',
    }),
    lines(
      {
        title: 'Silence before an answer',
        description: "From the caller's last sound to the agent's first. Above 1.5 s callers begin to speak again.",
        thresholds: { yellow: 1, red: 1.5 },
      },
      's',
      quantiles('centralita_turn_stage_seconds', null, 'stage="gap",$I'),
    ),
    lines(
      {
        title: 'Error budget burn',
        description: 'How many times faster than promised the error budget of a month is used up. 14.4 for an hour wakes somebody.',
        thresholds: { yellow: 6, red: 14.4 },
      },
      'short',
      {
        '1 h': 'centralita:call_errors:ratio_rate1h / 0.001',
        '6 h': 'centralita:call_errors:ratio_rate6h / 0.001',
      },
    ),
    lines(
      {
        title: 'Global stop and fallbacks',
        description: 'Whether new calls are kept from the agents, and how often a component is replaced by its fallback.',
      },
      'short',
      {
        'global stop': 'max(centralita_global_stop{$I})',
        'fallbacks/s {{component}}': 'sum by (component) (rate(centralita_fallbacks_total{$I}[$__rate_interval]))',
      },
    ),
    lines({ title: 'Failures', description: 'What fails, by component and kind of failure.' }, 'ops', {
      '{{component}} {{kind}}': 'sum by (component, kind) (rate(centralita_failures_total{$I}[$__rate_interval]))',
    }),
    {
      title: 'What runs',
      description: 'Release and version of Node, by control plane.',
      kind: 'table',
      unit: 'none',
      queries: { '': 'centralita_build_info{$I}' },
    },
    {
      title: 'What is needed',
      description: '1: it answers. 0: it does not, see `GET /health/detailed`.',
      kind: 'bargauge',
      unit: 'bool_on_off',
      queries: { '{{dependency}}': 'min by (dependency) (centralita_dependency_up{$I})' },
      thresholds: { yellow: 1, red: 1, below: true },
    },
  ],
};
