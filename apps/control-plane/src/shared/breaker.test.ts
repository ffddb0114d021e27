import { describe, expect, it } from 'vitest';
import { bothBreakers, closedBreaker, openBreaker, stepBreaker } from './breaker.ts';
import type { BreakerEvent, BreakerState } from './breaker.ts';

const limits = { windowMs: 30_000, failures: 5, restMs: 10_000 };
const step = (state: BreakerState, event: BreakerEvent) => stepBreaker(state, event, limits);
const after = (state: BreakerState, ...events: readonly [BreakerEvent['kind'], number][]): BreakerState =>
  events.reduce((from, [kind, atMs]) => step(from, { kind, atMs }).state, state);
const failures = (count: number, everyMs: number): [BreakerEvent['kind'], number][] =>
  Array.from({ length: count }, (_, index) => ['failed', index * everyMs]);
const opened = after(closedBreaker, ...failures(limits.failures, 1));
const openedUntilMs = limits.failures - 1 + limits.restMs;

describe('a breaker', () => {
  it('opens after enough failures in the window, not after the same number spread out', () => {
    expect(opened.kind).toBe('open');
    expect(after(closedBreaker, ...failures(limits.failures - 1, 1)).kind).toBe('closed');
    expect(after(closedBreaker, ...failures(100, limits.windowMs / (limits.failures - 1))).kind).toBe('closed');
  });

  it('lets nobody ask while it rests, then one, whose answer closes it', () => {
    expect(step(opened, { kind: 'asked', atMs: openedUntilMs - 1 }).isAdmitted).toBe(false);
    const probing = step(opened, { kind: 'asked', atMs: openedUntilMs });
    expect(probing).toEqual({ state: { kind: 'half_open' }, isAdmitted: true });
    expect(step(probing.state, { kind: 'asked', atMs: openedUntilMs }).isAdmitted).toBe(false);
    expect(after(probing.state, ['answered', openedUntilMs + 5])).toEqual(closedBreaker);
  });

  it('rests again when the one fails, and lets the next one try when it went away', () => {
    const probing: BreakerState = { kind: 'half_open' };
    expect(after(probing, ['failed', 50])).toEqual({ kind: 'open', untilMs: 50 + limits.restMs });
    expect(step(after(probing, ['left', 50]), { kind: 'asked', atMs: 50 }).isAdmitted).toBe(true);
  });
});

it('two breakers let a request through when both do, and a refusal of the second leaves the first as it was', () => {
  const time = { ms: 0 };
  const clock = { nowMs: () => time.ms, wallAt: () => new Date(0) };
  const [whole, own] = [openBreaker({ clock, limits }), openBreaker({ clock, limits: { ...limits, failures: 2 } })];
  const both = bothBreakers(whole, own);
  for (let count = 0; count < 2; count += 1) {
    expect(both.ask()).toBe(true);
    both.end('failed');
  }
  expect([whole.state(), own.state(), both.state()]).toEqual(['closed', 'open', 'open']);
  expect(both.ask()).toBe(false);
  for (let count = 0; count < limits.failures; count += 1) whole.end('failed');
  time.ms = limits.restMs;
  expect(own.ask()).toBe(true);
  // Its one trial is taken: the whole's is given back.
  expect(both.ask()).toBe(false);
  expect(whole.ask()).toBe(true);
});
