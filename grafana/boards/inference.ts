// The models: how much they are asked, how long they take, how much of the GPU they use.
import type { Board } from '#grafana/dashboard.ts';
import { figure, instanceVariable, lines, quantiles } from '#grafana/panels.ts';

export const inference: Board = {
  uid: 'centralita-inference',
  title: 'Inference and GPU',
  description: 'Speech to text, language model and text to speech. The panels of the GPU have data where Triton serves.',
  variables: [instanceVariable],
  panels: [
    lines({ title: 'Requests', description: 'By role, as the control plane asks them.' }, 'reqps', {
      '{{role}}': 'sum by (role) (rate(centralita_inference_request_seconds_count{$I}[$__rate_interval]))',
    }),
    lines(
      {
        title: 'Requests by their end',
        description: '`cancelled` is our own change of mind, such as an interruption. `retryable` and `final` are failures.',
        isStacked: true,
      },
      'reqps',
      {
        '{{role}} {{code}}': 'sum by (role, code) (rate(centralita_inference_request_seconds_count{$I}[$__rate_interval]))',
      },
    ),
    lines(
      { title: 'Time until the last answer', description: 'Of the whole answer, by role.' },
      's',
      quantiles('centralita_inference_request_seconds', 'role'),
    ),
    lines({ title: 'Requests under way', description: 'Those that the control plane waits for.' }, 'short', {
      '{{role}}': 'sum by (role) (centralita_inference_in_flight{$I})',
    }),
    lines({ title: 'Tokens of the language model', description: 'Read and written.' }, 'ops', {
      '{{type}}': 'sum by (type) (rate(centralita_language_model_tokens_total{$I}[$__rate_interval]))',
    }),
    figure(
      {
        title: 'Language model resting',
        description: 'On: it failed too often and is not asked; agents answer by their flows.',
        thresholds: { yellow: 1, red: 1 },
      },
      'bool_on_off',
      'max(centralita_language_model_resting{$I})',
    ),
    lines(
      { title: 'CPU server: time of a request', description: 'Waiting included, as the server sees it.' },
      's',
      quantiles('centralita_inference_seconds', 'model', 'job="inference"'),
    ),
    lines(
      {
        title: 'CPU server: waiting requests',
        description: 'More than a few: the machine is too slow for these calls.',
        thresholds: { yellow: 4, red: 8 },
      },
      'short',
      {
        '{{model}}': 'sum by (model) (centralita_inference_queue_depth)',
      },
    ),
    lines({ title: 'CPU server: requests', description: 'By gRPC status.' }, 'reqps', {
      '{{model}} {{code}}': 'sum by (model, code) (rate(centralita_inference_requests_total[$__rate_interval]))',
    }),
    {
      title: 'Engines',
      description: 'Which program runs a model. 0: it is not ready.',
      kind: 'table',
      unit: 'none',
      queries: { '': 'centralita_inference_engine_info' },
    },
    lines(
      { title: 'GPU: use', description: 'Share of time in which a GPU worked (Triton).', thresholds: { yellow: 0.8, red: 0.95 } },
      'percentunit',
      {
        '{{gpu_uuid}}': 'avg by (gpu_uuid) (nv_gpu_utilization)',
      },
    ),
    lines(
      { title: 'GPU: memory', description: 'Share of the memory of a GPU that is taken (Triton).', thresholds: { yellow: 0.9, red: 0.95 } },
      'percentunit',
      {
        '{{gpu_uuid}}': 'max by (gpu_uuid) (nv_gpu_memory_used_bytes / nv_gpu_memory_total_bytes)',
      },
    ),
    lines({ title: 'Triton: waiting requests', description: 'Requests that a model has not begun.' }, 'short', {
      '{{model}}': 'sum by (model) (nv_inference_pending_request_count)',
    }),
    lines({ title: 'Triton: time in the queue', description: 'Per request, seconds.' }, 's', {
      '{{model}}':
        'sum by (model) (rate(nv_inference_queue_duration_us[$__rate_interval])) / sum by (model) (rate(nv_inference_request_success[$__rate_interval])) / 1e6',
    }),
    lines({ title: 'Triton: time in the model', description: 'Per request, seconds.' }, 's', {
      '{{model}}':
        'sum by (model) (rate(nv_inference_compute_infer_duration_us[$__rate_interval])) / sum by (model) (rate(nv_inference_request_success[$__rate_interval])) / 1e6',
    }),
  ],
};
