// Checks that anybody may ask for cost as much as one that is asked at a time.
import { Registry } from 'prom-client';
import { expect, it } from 'vitest';
import { askedOnce, missingOf, registerReadyMetric, runChecks } from './readiness.ts';

it('a check is under way once however many ask, and is asked anew afterwards', async () => {
  let pings = 0;
  let answer = Promise.withResolvers<string | null>();
  const database = askedOnce({ name: 'database', check: () => ((pings += 1), answer.promise) });
  const many = Promise.all(Array.from({ length: 50 }, () => runChecks([database])));
  answer.resolve(null);
  expect((await many).flat().every(({ ok }) => ok)).toBe(true);
  expect(pings).toBe(1);
  answer = Promise.withResolvers();
  answer.reject(new Error('connection refused'));
  expect(await Promise.all([missingOf([database]), missingOf([database])])).toEqual(
    Array.from({ length: 2 }, () => 'database: connection refused'),
  );
  expect(pings).toBe(2);
  answer = Promise.withResolvers();
  answer.resolve(null);
  expect(await missingOf([database])).toBeNull();
});

it('Prometheus is told of the first thing that is missing, and when nothing is any more', async () => {
  const registry = new Registry();
  let missing: string | null = 'not connected';
  registerReadyMetric(registry, [
    { name: 'telephony', check: async () => missing },
    { name: 'database', check: async () => null },
  ]);
  expect(await registry.metrics()).toContain('centralita_ready 0\n');
  missing = null;
  expect(await registry.metrics()).toContain('centralita_ready 1\n');
});
