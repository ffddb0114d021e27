import { expect, it } from 'vitest';
import { Registry } from 'prom-client';
import type { DependencyReport } from './dependency-board.ts';
import { down, openDependencyBoard, registerDependencyMetrics, up } from './dependency-board.ts';

function open() {
  const time = { ms: 0 };
  const clock = { nowMs: () => time.ms, wallAt: () => new Date(time.ms) };
  let asked = 0;
  let report: DependencyReport | Error = up;
  const probe = async () => {
    asked += 1;
    time.ms += 7;
    if (report instanceof Error) throw report;
    return report;
  };
  const off = { state: 'off', mode: 'local_only', model: null, reason: 'not configured' } as const;
  const board = openDependencyBoard({
    dependencies: [
      { name: 'it', probe },
      { name: 'none', probe: async () => off },
    ],
    clock,
  });
  return { time, board, asked: () => asked, says: (next: DependencyReport | Error) => void (report = next) };
}

it('looks at most once a second, and says how long it took', async () => {
  const { time, board, asked } = open();
  const [[first]] = await Promise.all([board.look(), board.look()]);
  await board.look();
  expect(asked()).toBe(1);
  expect(first).toMatchObject({ name: 'it', state: 'up', latencyMs: 7, lastError: null });
  time.ms += 1_000;
  await board.look();
  expect(asked()).toBe(2);
});

it('knows since when it is so, and what went wrong last, also once it is well again', async () => {
  const { time, board, says } = open();
  await board.look();
  says(new Error('outer', { cause: new Error('connection refused') }));
  time.ms = 5_000;
  expect((await board.look())[0]).toMatchObject({ state: 'down', reason: 'connection refused', sinceAt: new Date(5_007) });
  time.ms = 9_000;
  expect((await board.look())[0]).toMatchObject({ state: 'down', sinceAt: new Date(5_007) });
  says(up);
  time.ms = 20_000;
  expect((await board.look())[0]).toMatchObject({
    state: 'up',
    reason: null,
    sinceAt: new Date(20_007),
    lastError: { reason: 'connection refused', at: new Date(9_007) },
  });
});

it('gives up on a probe that does not answer', { timeout: 5_000 }, async () => {
  const clock = { nowMs: () => performance.now(), wallAt: () => new Date() };
  const board = openDependencyBoard({ dependencies: [{ name: 'hung', probe: () => new Promise(() => {}) }], clock });
  expect((await board.look())[0]).toMatchObject({ state: 'down', reason: 'no answer within 2000 ms' });
});

it('shows Prometheus what is up and what is not, and leaves out what the box is not to have', async () => {
  const { board, says } = open();
  says(down('gone'));
  const registry = new Registry();
  registerDependencyMetrics(registry, board);
  expect(await registry.metrics()).toContain('centralita_dependency_up{dependency="it"} 0\n');
  expect(await registry.metrics()).not.toContain('none');
});
