import { describe, expect, it } from 'vitest';
import { movedByFault, seenWithoutFault, withSlowObservations } from './fault-calm.ts';

const calm = {
  lines: ['{"agentId":"agent_1","msg":"call accepted"}', '{"outcome":"completed","reason":"goodbye","msg":"how a call ended"}'],
  samples: new Map([
    ['centralita_calls_total{outcome="completed"}', 3],
    ['centralita_calls_total{outcome="caller_hung_up"}', 0],
    ['centralita_turns_total{outcome="ok"}', 4],
    ['process_open_fds', 12],
  ]),
};
const own = { metric: /^centralita_calls_total\{outcome="caller_hung_up"/, cause: /"outcome":"caller_hung_up"/ };

describe('what is seen without any fault', () => {
  it('is no problem of a row whose line and series only its fault brings about', () => {
    expect(seenWithoutFault(own, calm)).toEqual([]);
    expect(seenWithoutFault({ ...own, metric: /^centralita_not_there_yet/ }, calm)).toEqual([]);
  });

  it('makes a row a problem whose cause every call writes', () => {
    expect(seenWithoutFault({ ...own, cause: /call (accepted|over)/ }, calm)).toEqual([expect.stringContaining('its cause is seen')]);
  });

  it('makes a row a problem whose metric matches only series that every call moves', () => {
    expect(seenWithoutFault({ ...own, metric: /^centralita_turns_total/ }, calm)).toEqual([expect.stringContaining('its metric is seen')]);
    expect(seenWithoutFault({ ...own, metric: /^centralita_calls_total/ }, calm)).toEqual([]);
  });

  it('counts a gauge that always moves only where it moved as far as the row asks', () => {
    expect(seenWithoutFault({ ...own, metric: { series: /^process_open_fds/, atLeast: 400 } }, calm)).toEqual([]);
    expect(seenWithoutFault({ ...own, metric: { series: /^process_open_fds/, atLeast: 10 } }, calm)).toHaveLength(1);
  });
});

describe('a series that moved by a fault', () => {
  it('is one that stood still before', () => {
    expect(movedByFault(own.metric, new Map([['centralita_calls_total{outcome="caller_hung_up"}', 1]]), calm)).toBe(true);
    expect(movedByFault(own.metric, new Map([['centralita_calls_total{outcome="caller_hung_up"}', 0]]), calm)).toBe(false);
  });

  it('is none that ordinary calls move too, though the row matches it', () => {
    const samples = new Map([['centralita_calls_total{outcome="completed"}', 5]]);
    expect(movedByFault(/^centralita_calls_total/, samples, calm)).toBe(false);
  });

  it('is one that moved as far as the row asks', () => {
    const metric = { series: /^process_open_fds/, atLeast: 400 };
    expect(movedByFault(metric, new Map([['process_open_fds', 399]]), calm)).toBe(false);
    expect(movedByFault(metric, new Map([['process_open_fds', 401]]), calm)).toBe(true);
  });
});

it('counts the observations above each bucket, with labels and without', () => {
  const values = new Map([
    ['a_seconds_bucket{le="0.5",kind="read"}', 7],
    ['a_seconds_bucket{le="+Inf",kind="read"}', 9],
    ['a_seconds_count{kind="read"}', 9],
    ['b_seconds_bucket{le="1"}', 2],
    ['b_seconds_count', 2],
  ]);
  const all = withSlowObservations(values);
  expect(all.get('a_seconds_over{le="0.5",kind="read"}')).toBe(2);
  expect(all.get('b_seconds_over{le="1"}')).toBe(0);
  expect([...all.keys()].filter((name) => name.includes('_over'))).toHaveLength(2);
});
