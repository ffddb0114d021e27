import { describe, expect, it } from 'vitest';
import { summaryLine, sumTallies, tallyCheck, tallyVitest } from './test-tally.ts';

const file = (status: string, ...assertions: string[]) => ({
  name: 'a.test.ts',
  status,
  assertionResults: assertions.map((one) => ({ status: one })),
});
const report = (numPassedTests: number, numFailedTests: number, ...testResults: ReturnType<typeof file>[]) => ({
  numPassedTests,
  numFailedTests,
  testResults,
});

describe('tallyVitest', () => {
  it('counts passed and failed tests', () => {
    expect(tallyVitest(report(2, 1, file('failed', 'passed', 'passed', 'failed')), 1)).toEqual({ passed: 2, failed: 1 });
  });

  it('counts a file that broke before its first test as one failure', () => {
    expect(tallyVitest(report(1, 0, file('passed', 'passed'), file('failed')), 1)).toEqual({ passed: 1, failed: 1 });
  });

  it('counts a run that executed no test as a failure', () => {
    expect(tallyVitest(report(0, 0), 0)).toEqual({ passed: 0, failed: 1 });
  });

  it('counts a run that exited with an error as a failure though every test passed', () => {
    expect(tallyVitest(report(3, 0, file('passed', 'passed', 'passed', 'passed')), 1)).toEqual({ passed: 3, failed: 1 });
  });

  it('counts a missing report as a failure', () => {
    expect(tallyVitest(null, 0)).toEqual({ passed: 0, failed: 1 });
  });
});

describe('summaryLine', () => {
  it('sums checks and runs in one line', () => {
    expect(summaryLine(sumTallies([tallyCheck(0), tallyCheck(2), { passed: 40, failed: 1 }]))).toBe('41 passed, 2 failed');
  });
});
