/** The last line that every bench prints, and how it is made and read. */
import { z } from 'zod';
import { isReached, parseReach } from './reach.ts';

const figureSchema = z.object({ value: z.number(), reach: z.string(), ok: z.boolean() });
export const benchReportSchema = z.object({
  name: z.string(),
  /** ISO time, UTC. */
  at: z.string(),
  seed: z.number(),
  /** How many things were measured: turns, calls, frames. */
  n: z.number(),
  host: z.object({
    cores: z.number(),
    /** One-minute load average when the bench began: what else this machine was doing. */
    load: z.number(),
  }),
  figures: z.record(z.string(), figureSchema),
});

export type Figure = z.infer<typeof figureSchema>;
export type BenchReport = z.infer<typeof benchReportSchema>;

/** What a figure must reach, by key. */
export type Reaches = Readonly<Record<string, string>>;

/**
 * Judges measured values. Throws when a promised figure was not measured, or is no number: then the bench did not run.
 * Values are kept to four significant digits, which is more than any of them means.
 */
export function judgeFigures(reaches: Reaches, values: Readonly<Record<string, number>>): Record<string, Figure> {
  const unknown = Object.keys(values).filter((key) => !(key in reaches));
  if (unknown.length > 0) throw new Error(`figures without a reach: ${unknown.join(', ')}`);
  const figures: Record<string, Figure> = {};
  for (const [key, reach] of Object.entries(reaches)) {
    const value = values[key];
    if (value === undefined || !Number.isFinite(value)) throw new Error(`figure ${key} was not measured (${String(value)})`);
    figures[key] = { value: Number(value.toPrecision(4)), reach, ok: isReached(value, parseReach(reach)) };
  }
  return figures;
}

/** Exit status that tells what the figures say: 0 all reached, 3 one falls short. */
export function exitStatusOf(report: BenchReport): 0 | 3 {
  return Object.values(report.figures).every((figure) => figure.ok) ? 0 : 3;
}

/** The report in a bench's output: its last line. Null when that is none. */
export function readReport(output: string): BenchReport | null {
  const lastLine = output.trimEnd().split('\n').at(-1) ?? '';
  try {
    return benchReportSchema.safeParse(JSON.parse(lastLine)).data ?? null;
  } catch {
    return null;
  }
}
