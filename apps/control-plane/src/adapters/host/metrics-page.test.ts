import { expect, it } from 'vitest';
import { parseMetricsPage } from './metrics-page.ts';

it('reads series with and without labels, and nothing of comments and of what is no number', () => {
  const page = parseMetricsPage(
    [
      '# HELP process_cpu_seconds_total time',
      'process_cpu_seconds_total 12.5',
      'centralita_inference_slots{model="speech_to_text"} 2 1700000000',
      'nothing NaN',
      'broken',
      '',
    ].join('\n'),
  );
  expect([...page]).toEqual([
    ['process_cpu_seconds_total', 12.5],
    ['centralita_inference_slots{model="speech_to_text"}', 2],
  ]);
});
