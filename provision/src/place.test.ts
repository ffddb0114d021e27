// How a verb ends when it throws: the exit code says what kind of trouble it is, and `--json` tells the same as the terminal.
import { describe, expect, it } from 'vitest';
import { describeFailure, EXIT, ObstacleError, UsageError } from './place.ts';

describe('the end of a verb', () => {
  it('is 20 for what must be put right first, with every reason and fix', () => {
    const finding = { name: 'port', reason: 'port 8080 is in use', fix: 'stop it' };
    const error = new ObstacleError([finding]);
    expect(error.message).toBe('port 8080 is in use: stop it');
    expect(describeFailure(error)).toEqual({
      kind: 'obstacle',
      exitCode: 20,
      causes: ['port 8080 is in use: stop it'],
      obstacles: [finding],
    });
  });

  it('is 2 for a wrong call and 1 for everything else, with the causes from the outside in', () => {
    expect(describeFailure(new UsageError('no such option')).exitCode).toBe(EXIT.calledWrongly);
    const failed = new Error('step "root" failed', { cause: new Error('debootstrap: exit code 1') });
    expect(describeFailure(failed)).toMatchObject({
      kind: 'failed',
      exitCode: 1,
      causes: ['step "root" failed', 'debootstrap: exit code 1'],
    });
  });
});
