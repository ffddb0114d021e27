// How many calls fit, what limits them, and what a call costs.
import type { Board } from '#grafana/dashboard.ts';
import { figure, instanceVariable, lines } from '#grafana/panels.ts';

export const capacity: Board = {
  uid: 'centralita-capacity',
  title: 'Capacity',
  description: 'Room for calls, and which part of the machine it ends with.',
  variables: [instanceVariable],
  panels: [
    figure(
      { title: 'Capacity used', description: 'Calls that are up, of those that fit.', thresholds: { yellow: 0.8, red: 0.95 } },
      'percentunit',
      'sum(centralita_calls_live{$I}) / sum(centralita_call_capacity{$I})',
    ),
    figure(
      { title: 'Room left', description: 'Further calls that fit.', thresholds: { yellow: 5, red: 1, below: true } },
      'short',
      'sum(centralita_capacity_headroom{$I})',
    ),
    figure(
      {
        title: 'Processor per call',
        description: 'Cores of the control plane divided by the calls that are up, over 5 minutes; without calls the whole process.',
      },
      'short',
      'sum(rate(process_cpu_seconds_total{job="control-plane",$I}[5m])) / clamp_min(sum(avg_over_time(centralita_calls_live{$I}[5m])), 1)',
    ),
    figure(
      { title: 'Refused for want of room, last hour', description: 'Callers that found no room.', thresholds: { yellow: 1, red: 20 } },
      'short',
      'sum(increase(centralita_calls_rejected_total{reason="at_capacity",$I}[1h]))',
    ),
    lines({ title: 'Calls up, capacity and room', description: 'Capacity moves with the measured cost of a call.' }, 'short', {
      'calls up': 'sum(centralita_calls_live{$I})',
      capacity: 'sum(centralita_call_capacity{$I})',
      room: 'sum(centralita_capacity_headroom{$I})',
    }),
    lines(
      {
        title: 'What callers got when there was no room',
        description: "The organization's choice: busy, queue, or its fallback.",
        isStacked: true,
      },
      'ops',
      {
        '{{choice}}': 'sum by (choice) (rate(centralita_admission_refused_total{$I}[$__rate_interval]))',
      },
    ),
    lines({ title: 'Refused calls', description: 'By reason, before they were answered.', isStacked: true }, 'ops', {
      '{{reason}}': 'sum by (reason) (rate(centralita_calls_rejected_total{$I}[$__rate_interval]))',
    }),
    lines({ title: 'Processor of our processes', description: 'Cores in use by the processes that export metrics.' }, 'short', {
      '{{job}}': 'sum by (job) (rate(process_cpu_seconds_total{job=~"control-plane|inference|prometheus"}[$__rate_interval]))',
    }),
    lines({ title: 'Memory of our processes', description: 'Resident memory.' }, 'bytes', {
      '{{job}}': 'sum by (job) (process_resident_memory_bytes{job=~"control-plane|inference|prometheus"})',
    }),
    lines(
      {
        title: 'Lag of the event loop',
        description: 'How late the control plane gets to what is due. Sound comes every 20 ms.',
        thresholds: { yellow: 0.05, red: 0.1 },
      },
      's',
      {
        p50: 'max(nodejs_eventloop_lag_p50_seconds{job="control-plane",$I})',
        p99: 'max(nodejs_eventloop_lag_p99_seconds{job="control-plane",$I})',
      },
    ),
    lines(
      { title: 'Calls of organizations', description: 'The 20 organizations with the most calls; the rest as `other`.', isStacked: true },
      'short',
      {
        '{{organization}}': 'sum by (organization) (centralita_organization_calls_live{$I})',
      },
    ),
    lines({ title: 'Length of calls', description: 'Long calls hold their slot: capacity is calls at once, not calls an hour.' }, 's', {
      p50: 'histogram_quantile(0.5, sum by (le) (rate(centralita_call_seconds_bucket{$I}[$__rate_interval])))',
      p95: 'histogram_quantile(0.95, sum by (le) (rate(centralita_call_seconds_bucket{$I}[$__rate_interval])))',
    }),
    lines(
      {
        title: 'Cores by service',
        description: 'As the box samples its own services every ten seconds, Asterisk and PostgreSQL among them.',
      },
      'short',
      {
        '{{service}}': 'sum by (service) (centralita_process_cpu_cores{$I})',
      },
    ),
    lines({ title: 'Callers who are held', description: 'Those who wait for room, and how long the first of them has waited.' }, 'short', {
      held: 'sum(centralita_admission_waiting{$I})',
      'longest, s': 'max(centralita_admission_longest_wait_seconds{$I})',
    }),
    lines({ title: 'Admission open', description: 'Off: calls are answered so slowly that no more are taken.' }, 'bool_on_off', {
      open: 'min(centralita_admission_open{$I})',
    }),
  ],
};
