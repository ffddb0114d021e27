// The API: who asks, how fast it answers, who is refused.
import type { Board } from '#grafana/dashboard.ts';
import { figure, instanceVariable, lines } from '#grafana/panels.ts';

export const api: Board = {
  uid: 'centralita-api',
  title: 'API and organizations',
  description: 'Requests by route, refusals, tools, work after calls, tokens.',
  variables: [instanceVariable],
  panels: [
    figure({ title: 'Requests a second', description: 'Over 5 minutes.' }, 'reqps', 'sum(rate(centralita_http_requests_total{$I}[5m]))'),
    figure(
      {
        title: 'Failed by our fault',
        description: 'Share of answers from 500 on, over 5 minutes.',
        thresholds: { yellow: 0.001, red: 0.01 },
      },
      'percentunit',
      'sum(rate(centralita_http_requests_total{status=~"5..",$I}[5m])) / sum(rate(centralita_http_requests_total{$I}[5m])) or sum(rate(centralita_http_requests_total{$I}[5m])) * 0',
    ),
    figure(
      {
        title: 'Tokens that expire within a week',
        description: 'Their organizations are warned in their audit log.',
        thresholds: { yellow: 1, red: 10 },
      },
      'short',
      'sum(centralita_tokens_expiring{within="7d",$I})',
    ),
    figure(
      {
        title: 'Audit log ends as we wrote it',
        description: 'Off: it was changed, or the secret keys were lost.',
        thresholds: { yellow: 1, red: 1, below: true },
      },
      'bool_on_off',
      'min(centralita_audit_chain_ok{$I})',
    ),
    lines({ title: 'Requests by route', description: 'The 15 with the most.' }, 'reqps', {
      '{{method}} {{route}}': 'topk(15, sum by (method, route) (rate(centralita_http_requests_total{$I}[$__rate_interval])))',
    }),
    lines({ title: 'Answers by status', description: 'Errors of clients (4xx) are theirs, 5xx ours.', isStacked: true }, 'reqps', {
      '{{status}}': 'sum by (status) (rate(centralita_http_requests_total{$I}[$__rate_interval]))',
    }),
    lines({ title: 'Slowest routes, p95', description: 'The 15 slowest.' }, 's', {
      '{{method}} {{route}}':
        'topk(15, histogram_quantile(0.95, sum by (le, method, route) (rate(centralita_http_request_seconds_bucket{$I}[$__rate_interval]))))',
    }),
    lines({ title: 'Refused', description: 'Nobody knew who asked, or too many requests.' }, 'reqps', {
      'no good {{guard}}': 'sum by (guard) (rate(centralita_auth_failures_total{$I}[$__rate_interval]))',
      'too many: {{reason}}': 'sum by (reason) (rate(centralita_rate_limited_total{$I}[$__rate_interval]))',
    }),
    lines({ title: 'Calls of organizations', description: 'The 20 with the most calls.', isStacked: true }, 'short', {
      '{{organization}}': 'sum by (organization) (centralita_organization_calls_live{$I})',
    }),
    lines({ title: 'Tools in calls', description: 'By tool and by what came of it; those of organizations are counted together.' }, 'ops', {
      '{{tool}} {{outcome}}': 'sum by (tool, outcome) (rate(centralita_tool_calls_total{$I}[$__rate_interval]))',
    }),
    lines({ title: 'Work after calls', description: 'Jobs by state. Dead ones were given up and wait for somebody.' }, 'short', {
      '{{state}}': 'max by (state) (centralita_jobs{$I})',
    }),
    lines({ title: 'Attempts at work after calls', description: 'By kind and outcome.' }, 'ops', {
      '{{kind}} {{outcome}}': 'sum by (kind, outcome) (rate(centralita_job_attempts_total{$I}[$__rate_interval]))',
    }),
    lines(
      {
        title: 'Oldest work that waits',
        description: 'Above five minutes outcomes of calls come late.',
        thresholds: { yellow: 60, red: 300 },
      },
      's',
      { waits: 'max(centralita_jobs_oldest_due_seconds{$I})' },
    ),
    lines({ title: 'Notices to the administrator', description: 'By channel and outcome.' }, 'short', {
      '{{channel}} {{outcome}}': 'sum by (channel, outcome) (increase(centralita_notifications_total{$I}[$__rate_interval]))',
    }),
    lines(
      {
        title: 'Memory of conversations',
        description: 'Messages that found their conversation in memory, of those that went on with one.',
      },
      'ops',
      {
        '{{result}}': 'sum by (result) (rate(centralita_conversation_cache_total{$I}[$__rate_interval]))',
      },
    ),
  ],
};
