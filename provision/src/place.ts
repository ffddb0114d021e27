/** Where an installation is: what every verb is told first. */

/** Where the installation lives and where its code is. */
export type Place = { readonly home: string; readonly repository: string };

/** Something must be put right by hand first; nothing was changed. Exit code 20. */
export class ObstacleError extends Error {
  override readonly name = 'ObstacleError';
}

/** Called with words that nobody knows. Exit code 2. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}

/** What a verb ends with; the same numbers for every verb. */
export const EXIT = { ok: 0, failed: 1, calledWrongly: 2, warnings: 10, obstacle: 20, putBack: 30 } as const;
