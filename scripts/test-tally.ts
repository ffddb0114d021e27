/** Counts what ran: a green line at the end of the tests must mean that tests were executed and that none failed. */
import { z } from 'zod';

/** Results of one step, or of all together. */
export type Tally = { readonly passed: number; readonly failed: number };

/** The part of vitest's JSON report that is counted. */
const reportSchema = z.object({
  numPassedTests: z.number().int(),
  numFailedTests: z.number().int(),
  testResults: z.array(z.object({ name: z.string(), status: z.string(), assertionResults: z.array(z.object({ status: z.string() })) })),
});

/**
 * Counts one vitest run. A file that broke before its first test is one failure; so is a run that executed nothing, and
 * one that exited with an error though every test passed (an unhandled rejection, a leaked process).
 */
export function tallyVitest(report: unknown, exitCode: number): Tally {
  const parsed = reportSchema.safeParse(report);
  if (!parsed.success) return { passed: 0, failed: 1 };
  const { numPassedTests, numFailedTests, testResults } = parsed.data;
  const broken = testResults.filter(
    (file) => file.status === 'failed' && !file.assertionResults.some((assertion) => assertion.status === 'failed'),
  );
  const failed = numFailedTests + broken.length;
  const silent = failed === 0 && (exitCode !== 0 || numPassedTests === 0);
  return { passed: numPassedTests, failed: silent ? 1 : failed };
}

/**
 * Counts one pytest run from its JUnit report. A skipped test is neither; a run that executed nothing, or left no report, is one failure, as
 * is one that exited with an error though every test passed.
 */
export function tallyPytest(report: string, exitCode: number): Tally {
  const suite = /<testsuite\b[^>]*>/.exec(report)?.[0] ?? '';
  const count = (name: string): number => Number(new RegExp(`\\b${name}="(\\d+)"`).exec(suite)?.[1] ?? 0);
  const failed = count('failures') + count('errors');
  const passed = Math.max(0, count('tests') - failed - count('skipped'));
  const silent = failed === 0 && (exitCode !== 0 || passed === 0);
  return { passed, failed: silent ? 1 : failed };
}

/** Counts a check that only passes or fails. */
export function tallyCheck(exitCode: number): Tally {
  return exitCode === 0 ? { passed: 1, failed: 0 } : { passed: 0, failed: 1 };
}

/** Adds steps up. */
export function sumTallies(tallies: readonly Tally[]): Tally {
  return tallies.reduce((sum, tally) => ({ passed: sum.passed + tally.passed, failed: sum.failed + tally.failed }), {
    passed: 0,
    failed: 0,
  });
}

/** The last line of the tests. */
export function summaryLine(tally: Tally): string {
  return `${tally.passed} passed, ${tally.failed} failed`;
}
