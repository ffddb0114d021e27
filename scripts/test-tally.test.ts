import { describe, expect, it } from 'vitest';
import { summaryLine, sumTallies, tallyCheck, tallyPytest, tallyVitest } from './test-tally.ts';

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

describe('tallyPytest', () => {
  const junit = (counts: string) =>
    `<?xml version="1.0"?><testsuites><testsuite name="pytest" ${counts} time="1.5"><testcase/></testsuite>`;

  it('counts passed, failed and broken tests, and skipped ones not at all', () => {
    expect(tallyPytest(junit('errors="1" failures="2" skipped="3" tests="10"'), 1)).toEqual({ passed: 4, failed: 3 });
  });

  it('counts a run that executed nothing, one without a report and one that exited with an error as a failure', () => {
    expect(tallyPytest(junit('errors="0" failures="0" skipped="2" tests="2"'), 0)).toEqual({ passed: 0, failed: 1 });
    expect(tallyPytest('', 4)).toEqual({ passed: 0, failed: 1 });
    expect(tallyPytest(junit('errors="0" failures="0" skipped="0" tests="2"'), 3)).toEqual({ passed: 2, failed: 1 });
  });
});

describe('summaryLine', () => {
  it('sums checks and runs in one line', () => {
    expect(summaryLine(sumTallies([tallyCheck(0), tallyCheck(2), { passed: 40, failed: 1 }]))).toBe('41 passed, 2 failed');
  });
});
