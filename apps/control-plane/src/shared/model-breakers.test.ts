import { expect, it } from 'vitest';
import { openModelBreakers } from './model-breakers.ts';
import type { BreakerChange } from './model-breakers.ts';

function open() {
  const time = { ms: 0 };
  const breakers = openModelBreakers({ clock: { nowMs: () => time.ms, wallAt: () => new Date(0) } });
  const changes: BreakerChange[] = [];
  breakers.listen((change) => void changes.push(change));
  /** Asks `times` and fails each time that it may. Returns how often it might. */
  const fail = (organizationId: string, times: number): number => {
    const breaker = breakers.of('text_to_speech', organizationId);
    let asked = 0;
    for (let count = 0; count < times; count += 1) {
      if (!breaker.ask()) continue;
      asked += 1;
      breaker.end('failed');
    }
    return asked;
  };
  return { time, breakers, changes, fail };
}

it('an organization whose own voice is broken rests alone, also when its trials go on failing', () => {
  const { time, breakers, changes, fail } = open();
  let asked = 0;
  for (let second = 0; second < 120; second += 1) {
    time.ms = second * 1_000;
    asked += fail('org_broken', 3);
    const other = breakers.of('text_to_speech', 'org_sound');
    expect(other.ask()).toBe(true);
    other.end('answered');
  }
  expect(asked).toBeGreaterThan(5);
  expect(asked).toBeLessThan(40);
  expect(changes).toEqual([{ component: 'text_to_speech', organizationId: 'org_broken', kind: 'opened', openMs: null }]);
});

it('a model that fails for many rests for all, and news is told once when it opens and once when it closes', () => {
  const { time, breakers, changes, fail } = open();
  for (let organization = 0; organization < 6; organization += 1) fail(`org_${organization}`, 4);
  expect(changes).toEqual([{ component: 'text_to_speech', organizationId: null, kind: 'opened', openMs: null }]);
  const fresh = breakers.of('text_to_speech', 'org_new');
  expect(fresh.ask()).toBe(false);
  expect(breakers.of('speech_to_text', 'org_new').ask()).toBe(true);
  time.ms = 2_000;
  expect(fresh.ask()).toBe(true);
  fresh.end('failed');
  time.ms = 4_000;
  expect(fresh.ask()).toBe(true);
  fresh.end('answered');
  expect(changes.at(-1)).toEqual({ component: 'text_to_speech', organizationId: null, kind: 'closed', openMs: 4_000 });
  expect(changes).toHaveLength(2);
});
