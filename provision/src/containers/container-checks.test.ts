// What the doctor says of containers.
import { expect, it } from 'vitest';
import { runChecks } from '#doctor/check.ts';
import { CONTAINER_CHECKS } from './container-checks.ts';
import type { ContainersSeen } from './container-checks.ts';

const healthy: ContainersSeen = {
  fault: null,
  services: [{ name: 'postgres', isUp: true, words: 'running, healthy' }],
  changes: [],
  calledAt: '2026-11-21T12:00:00Z',
};
const levels = (change: Partial<ContainersSeen>) =>
  Object.fromEntries(runChecks(CONTAINER_CHECKS, { ...healthy, ...change }).map(({ name, finding }) => [name, finding.level]));

it('containers that are up and as they should be pass', () => {
  expect(levels({})).toEqual({ containers: 'pass', 'as it should be': 'pass', 'test call': 'pass' });
});

it('one that ended is told with its words and where to read why', () => {
  const services = [...healthy.services, { name: 'backup', isUp: false, words: 'ended with 137' }];
  expect(JSON.stringify(runChecks(CONTAINER_CHECKS, { ...healthy, services }))).toMatch(/backup: ended with 137.*logs backup/);
  expect(levels({ services: [] })['containers']).toBe('fail');
});

it('a change that waits and a call that was never placed are warnings', () => {
  expect(levels({ changes: ['start asterisk'], calledAt: null })).toMatchObject({ 'as it should be': 'warn', 'test call': 'warn' });
});

it('containers that could not be looked at fail with the reason, and nothing of them passes', () => {
  const seen = { ...healthy, fault: 'the engine does not answer' };
  expect(runChecks(CONTAINER_CHECKS, seen)[0]?.finding).toMatchObject({ level: 'fail', reason: 'the engine does not answer' });
  expect(levels(seen)).toEqual({ containers: 'fail', 'as it should be': 'fail', 'test call': 'fail' });
});
