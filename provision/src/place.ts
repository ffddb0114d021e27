/** Where an installation is, how a verb ends, and what is in its way: what every verb is made with. */

/** Where the installation lives and where its code is. */
export type Place = { readonly home: string; readonly repository: string };

/** One thing in the way or worth a word: what is so, and what to do. */
export type Finding = { readonly name: string; readonly reason: string; readonly fix: string };

/** One finding as a line for the operator. */
export function describeFinding({ reason, fix }: Finding): string {
  return `${reason}: ${fix}`;
}

/** Something must be put right by hand first; nothing was changed. Exit code 20. */
export class ObstacleError extends Error {
  override readonly name = 'ObstacleError';
  readonly findings: readonly Finding[];

  constructor(what: string | readonly Finding[], options?: ErrorOptions) {
    super(typeof what === 'string' ? what : what.map(describeFinding).join('\n'), options);
    this.findings = typeof what === 'string' ? [] : what;
  }
}

/** Called with words that nobody knows. Exit code 2. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}

/** What a verb ends with; the same numbers for every verb. */
export const EXIT = { ok: 0, failed: 1, calledWrongly: 2, warnings: 10, obstacle: 20, putBack: 30 } as const;

/** The exit code of what was thrown. */
export function exitCodeOf(error: unknown): number {
  if (error instanceof ObstacleError) return EXIT.obstacle;
  return error instanceof UsageError ? EXIT.calledWrongly : EXIT.failed;
}

/** What was thrown and why, from the outside in. */
export function listCauses(error: unknown): readonly string[] {
  const causes: string[] = [];
  for (let cause = error; cause instanceof Error; cause = cause.cause) causes.push(cause.message);
  return causes;
}

/** A failure as `--json` tells it, for every verb alike. */
export function describeFailure(error: unknown) {
  const exitCode = exitCodeOf(error);
  const obstacles = error instanceof ObstacleError ? error.findings : [];
  return { kind: exitCode === EXIT.obstacle ? 'obstacle' : 'failed', exitCode, causes: listCauses(error), obstacles };
}
