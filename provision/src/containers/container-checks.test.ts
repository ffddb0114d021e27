// What the doctor says of containers.
import { expect, it } from 'vitest';
import { runChecks } from '#doctor/check.ts';
import { CONTAINER_CHECKS } from './container-checks.ts';
import type { ContainersSeen } from './container-checks.ts';
import { findHindrance } from './container-examination.ts';

const limit = (kind: 'files' | 'connections', running: number) => ({ name: `${kind} of it`, kind, running, planned: 4_096 });
const healthy: ContainersSeen = {
  fault: null,
  services: [{ name: 'postgres', isUp: true, words: 'running, healthy' }],
  changes: [],
  limits: [limit('files', 65_536), limit('connections', 4_096)],
  testCall: { kind: 'passed', heard: ['hola'], ms: 21_000 },
};
const judged = (change: Partial<ContainersSeen>) => runChecks(CONTAINER_CHECKS, { ...healthy, ...change });
const levels = (change: Partial<ContainersSeen>) => Object.fromEntries(judged(change).map(({ name, finding }) => [name, finding.level]));

it('containers that are up and as they should be pass', () => {
  expect(levels({})).toEqual({
    containers: 'pass',
    'as it should be': 'pass',
    'open files': 'pass',
    'database connections': 'pass',
    'test call': 'pass',
  });
});

it('fewer files or connections than the calls ask for are warnings, with what to type', () => {
  expect(levels({ limits: [limit('files', 1_024), limit('connections', 100)] })).toMatchObject({
    'open files': 'warn',
    'database connections': 'warn',
  });
  expect(JSON.stringify(judged({ limits: [limit('files', 1_024)] }))).toMatch(/files of it: 1024, planned 4096.*LimitNOFILE=infinity/);
});

it('a call that was not heard fails with why and where to read on, and one that could not be placed with what to do first', () => {
  const heard = judged({ testCall: { kind: 'failed', reason: 'nobody answered' } }).at(-1)?.finding;
  expect(heard).toMatchObject({ level: 'fail', reason: 'nobody answered', fix: expect.stringContaining('logs asterisk') as string });
  const down = findHindrance([...healthy.services, { name: 'asterisk', isUp: false, words: 'created' }]);
  expect(down).toMatchObject({ kind: 'not_possible', reason: expect.stringContaining('asterisk must be up first') as string });
  expect(findHindrance(healthy.services)).toBeNull();
  expect(findHindrance([])).toMatchObject({ kind: 'not_possible' });
  expect(levels({ testCall: down ?? healthy.testCall })['test call']).toBe('fail');
});

it('one that ended is told with its words and where to read why', () => {
  const services = [...healthy.services, { name: 'backup', isUp: false, words: 'ended with 137' }];
  expect(JSON.stringify(runChecks(CONTAINER_CHECKS, { ...healthy, services }))).toMatch(/backup: ended with 137.*logs backup/);
  expect(levels({ services: [] })['containers']).toBe('fail');
});

it('a change that waits and a call that was never placed are warnings', () => {
  expect(levels({ changes: ['start asterisk'], testCall: { kind: 'not_asked', lastPassedAt: null } })).toMatchObject({
    'as it should be': 'warn',
    'test call': 'warn',
  });
});

it('containers that could not be looked at fail with the reason, and nothing of them passes', () => {
  const seen = { ...healthy, fault: 'the engine does not answer' };
  expect(runChecks(CONTAINER_CHECKS, seen)[0]?.finding).toMatchObject({ level: 'fail', reason: 'the engine does not answer' });
  expect(new Set(Object.values(levels(seen)))).toEqual(new Set(['fail']));
});
