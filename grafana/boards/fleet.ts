// All servers of an operator at once, on a Prometheus that they all send to: there each series carries the label `server`.
import type { Board } from '#grafana/dashboard.ts';
import { figure, lines } from '#grafana/panels.ts';

export const fleet: Board = {
  uid: 'centralita-fleet',
  title: 'Fleet',
  description: 'Servers side by side. On the Prometheus of one server it shows that server alone, without a name.',
  variables: [{ name: 'server', label: 'Server', query: 'label_values(centralita_build_info, server)' }],
  panels: [
    figure(
      { title: 'Control planes that answer', description: 'Of those that are known.' },
      'short',
      'sum(up{job="control-plane",server=~"$server"})',
    ),
    figure({ title: 'Calls up', description: 'On all servers.' }, 'short', 'sum(centralita_calls_live{server=~"$server"})'),
    figure({ title: 'Capacity', description: 'Of all servers.' }, 'short', 'sum(centralita_call_capacity{server=~"$server"})'),
    figure(
      {
        title: 'Releases',
        description: 'Different releases that run. More than one for long: an upgrade was not finished.',
        thresholds: { yellow: 2, red: 3 },
      },
      'short',
      'count(count by (version) (centralita_build_info{server=~"$server"}))',
    ),
    lines({ title: 'Calls by server', description: 'Unequal for long: the balancer does not know a capacity.', isStacked: true }, 'short', {
      '{{server}}': 'sum by (server) (centralita_calls_live{server=~"$server"})',
    }),
    lines(
      { title: 'Capacity used by server', description: 'Calls of those that fit.', thresholds: { yellow: 0.8, red: 0.95 } },
      'percentunit',
      {
        '{{server}}':
          'sum by (server) (centralita_calls_live{server=~"$server"}) / sum by (server) (centralita_call_capacity{server=~"$server"})',
      },
    ),
    lines({ title: 'Failed calls by server', description: 'How many in a second.' }, 'ops', {
      '{{server}}':
        'sum by (server) (rate(centralita_calls_total{outcome="failed",server=~"$server"}[$__rate_interval])) or sum by (server) (rate(centralita_calls_total{server=~"$server"}[$__rate_interval])) * 0',
    }),
    lines(
      {
        title: 'Silence before an answer by server, p95',
        description: 'Above 1.5 s callers begin to speak again.',
        thresholds: { yellow: 1, red: 1.5 },
      },
      's',
      {
        '{{server}}':
          'histogram_quantile(0.95, sum by (le, server) (rate(centralita_turn_stage_seconds_bucket{stage="gap",server=~"$server"}[$__rate_interval])))',
      },
    ),
    {
      title: 'Releases by server',
      description: 'Neighbouring releases work together.',
      kind: 'table',
      unit: 'none',
      queries: { '': 'centralita_build_info{server=~"$server"}' },
    },
    {
      title: 'Processor by server',
      description: 'In use, over 5 minutes.',
      kind: 'bargauge',
      unit: 'percentunit',
      queries: { '{{server}}': '1 - avg by (server) (rate(node_cpu_seconds_total{mode="idle",server=~"$server"}[5m]))' },
      thresholds: { yellow: 0.7, red: 0.9 },
    },
  ],
};
