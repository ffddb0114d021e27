// Which images go when a release goes, and how long calls are given: what is kept must be enough to go back to.
import { describe, expect, it } from 'vitest';
import { controlPlaneStopSeconds } from '#services.ts';
import { downTimeoutMs, stopWords } from './container-runtime.ts';
import { stopGraceMs } from './container-steps.ts';
import { listNeedless } from './image-set.ts';

const [OLD, BEFORE, NOW] = ['0.1.0-aaaaaaaaaaaa', '0.1.0-bbbbbbbbbbbb', '0.2.0-rc.1-cccccccccccc'] as const;
const of = (id: string, ...tags: readonly string[]) => tags.map((tag) => ({ id, tag: `centralita/${tag}` }));

describe('the images of releases', () => {
  const tags = [
    ...of('base', 'base:latest', 'base:111111111111', `base:${OLD}`, `base:${BEFORE}`, `base:${NOW}`),
    ...of('cp-old', 'control-plane:222222222222', `control-plane:${OLD}`),
    ...of('cp-before', 'control-plane:333333333333', `control-plane:${BEFORE}`),
    ...of('cp-now', 'control-plane:latest', 'control-plane:444444444444', `control-plane:${NOW}`),
  ];

  it('stay for the release that runs and the one before it, by every name that a build looks for', () => {
    const gone = listNeedless(tags, [BEFORE, NOW]);
    expect(gone).toEqual([`centralita/base:${OLD}`, 'centralita/control-plane:222222222222', `centralita/control-plane:${OLD}`]);
  });

  it('go with all their names when no kept release has them', () => {
    expect(listNeedless(of('left', 'asterisk:555555555555', 'asterisk:latest'), [NOW])).toHaveLength(2);
  });
});

describe('the end of the control plane', () => {
  it('is waited for in whole seconds, and never for none: compose takes that for its own ten', () => {
    expect(stopWords(588_000)).toContain('588');
    expect(stopWords(1_200)).toContain('2');
    expect(stopWords(0)).toContain('1');
  });

  it('is never cut short by who takes the containers down or puts others in their place, however long calls may take to end', () => {
    for (const drainSeconds of [0, 600, 3_600]) {
      expect(stopGraceMs(drainSeconds)).toBeGreaterThan(controlPlaneStopSeconds(drainSeconds) * 1_000);
      expect(downTimeoutMs(drainSeconds)).toBeGreaterThan(controlPlaneStopSeconds(drainSeconds) * 1_000);
    }
  });
});
