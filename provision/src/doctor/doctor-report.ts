/** How the doctor's findings are told: to a person, to a program, and as an exit code. Pure. */
import type { ProbeReport } from '#machine/probe.ts';
import { EXIT } from '#place.ts';
import type { Checked, Finding } from './check.ts';

export type DoctorReport = {
  readonly at: string;
  readonly exitCode: number;
  readonly counts: Readonly<Record<Finding['level'], number>>;
  readonly checks: readonly (Finding & { readonly group: string; readonly name: string })[];
  /** Each look at the machine with its time; a slow machine and a stuck driver are seen here. */
  readonly probes: readonly ProbeReport[];
};

/** Sums the findings up: 20 when one failed, 10 when one warns, else 0. */
export function summarize(
  checked: readonly Checked[],
  { at, probes }: { readonly at: Date; readonly probes: readonly ProbeReport[] },
): DoctorReport {
  const counts = { pass: 0, warn: 0, fail: 0 };
  for (const { finding } of checked) counts[finding.level]++;
  return {
    at: at.toISOString(),
    exitCode: counts.fail > 0 ? EXIT.obstacle : counts.warn > 0 ? EXIT.warnings : EXIT.ok,
    counts,
    checks: checked.map(({ group, name, finding }) => ({ group, name, ...finding })),
    probes,
  };
}

/** For a person: every check on a line, and below what is not well why and what to do. */
export function renderReport(report: DoctorReport): string {
  const lines: string[] = [];
  let group = '';
  const width = Math.max(...report.checks.map(({ name }) => name.length));
  for (const check of report.checks) {
    if (check.group !== group) lines.push('', (group = check.group));
    const label = check.name.padEnd(width);
    if (check.level === 'pass') lines.push(`  ok    ${label}  ${check.said}`);
    else
      lines.push(
        `  ${check.level.toUpperCase()}  ${label}  ${check.reason.replaceAll(/\s*\n\s*/g, ' ')}`,
        `  ${''.padEnd(width + 6)}  fix: ${check.fix}`,
      );
  }
  for (const { name, ms } of report.probes.filter(({ isTimedOut }) => isTimedOut))
    lines.push('', `The probe "${name}" did not come back and was ended after ${(ms / 1000).toFixed(1)} s.`);
  const { pass, warn, fail } = report.counts;
  return `${[...lines, '', `${pass} ok, ${warn} to look at, ${fail} to put right.`].join('\n')}\n`;
}
