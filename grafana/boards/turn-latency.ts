// Why a caller waits: each stage of a turn, and whether what we measure is what is heard.
import type { Board } from '#grafana/dashboard.ts';
import { figure, instanceVariable, lines, quantiles } from '#grafana/panels.ts';

export const turnLatency: Board = {
  uid: 'centralita-turn-latency',
  title: 'Turn latency by stage',
  description: 'From the end of what the caller says to the first sound of the answer.',
  variables: [instanceVariable],
  panels: [
    figure(
      { title: 'Turns a minute', description: 'Answers that agents began, over 5 minutes.' },
      'short',
      '60 * sum(rate(centralita_turn_stage_seconds_count{stage="first_frame",$I}[5m]))',
    ),
    figure(
      {
        title: 'Silence, p95',
        description: "From the caller's last sound to the agent's first, over 5 minutes.",
        thresholds: { yellow: 1, red: 1.5 },
      },
      's',
      'histogram_quantile(0.95, sum by (le) (rate(centralita_turn_stage_seconds_bucket{stage="gap",$I}[5m])))',
    ),
    figure(
      { title: 'Holes in replies, last hour', description: 'Times that sound was not made in time.', thresholds: { yellow: 5, red: 50 } },
      'short',
      'sum(increase(centralita_media_underruns_total{$I}[1h]))',
    ),
    figure(
      { title: 'Interruptions, last hour', description: 'Times that a caller cut the agent.' },
      'short',
      'sum(increase(centralita_barge_ins_total{$I}[1h]))',
    ),
    lines(
      {
        title: 'Stages, p95',
        description: 'Endpoint: waiting until the caller has really ended. The stages overlap: they do not add up to the silence.',
        width: 24,
      },
      's',
      {
        '{{stage}}': 'histogram_quantile(0.95, sum by (le, stage) (rate(centralita_turn_stage_seconds_bucket{$I}[$__rate_interval])))',
      },
    ),
    lines({ title: 'Stages, median', description: 'What a usual turn is like.' }, 's', {
      '{{stage}}': 'histogram_quantile(0.5, sum by (le, stage) (rate(centralita_turn_stage_seconds_bucket{$I}[$__rate_interval])))',
    }),
    lines(
      { title: 'Models, first piece of the answer', description: 'As the control plane sees it, the network included.' },
      's',
      quantiles('centralita_inference_first_part_seconds', 'role'),
    ),
    lines(
      { title: 'Silence, as heard', description: 'Measured in the stereo recording after the call.' },
      's',
      quantiles('centralita_turn_gap_heard_seconds', null),
    ),
    lines(
      {
        title: 'What we report against what is heard',
        description: 'Difference of the two measurements of one turn. More than 50 ms: trust the recording.',
        thresholds: { yellow: 0.02, red: 0.05 },
      },
      's',
      quantiles('centralita_turn_gap_difference_seconds', null),
    ),
    lines(
      {
        title: 'How answers came about',
        description: 'Late: the wait was filled. Repaired: a model was asked again. Fallback: the flow answered in its place.',
        isStacked: true,
      },
      'ops',
      { '{{outcome}}': 'sum by (outcome) (rate(centralita_turns_total{$I}[$__rate_interval]))' },
    ),
    lines({ title: 'Happenings in calls', description: 'Interruptions, silence, words that were not understood.' }, 'ops', {
      '{{name}}': 'sum by (name) (rate(centralita_call_notes_total{$I}[$__rate_interval]))',
    }),
    lines({ title: 'Until a call is answered', description: 'From its arrival.' }, 's', quantiles('centralita_call_setup_seconds', null)),
  ],
};
