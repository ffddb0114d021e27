/** What the state's file keeps of releases: the one to go back to, and a change of release that is under way. */
import { z } from 'zod';

/** The release before the present one. */
const previousSchema = z.object({
  id: z.string(),
  /** Digest of the migrations that its database had; null where it is not known. */
  migrations: z.string().nullable(),
  /** The backup that was taken before it was left; null when it was left without `--upgrade`. */
  restorePoint: z.string().nullable(),
});

export const releasesSchema = z.object({ previous: previousSchema.optional() });

/**
 * A change of release that has begun. Its phase is what must be done next when it was cut short:
 * `stopping` (calls end, nothing is changed yet; the backup is taken), `starting` (the other release is brought up and watched),
 * `returning` (the old one is put back).
 */
export const releaseChangeSchema = z.object({
  kind: z.enum(['upgrade', 'rollback']),
  phase: z.enum(['stopping', 'starting', 'returning']),
  from: z.string(),
  to: z.string(),
  /** Digest of the migrations of the database before the change. */
  fromMigrations: z.string().nullable(),
  /** Whether the database changes with the release: then the way back restores it. */
  changesDatabase: z.boolean(),
  /** Backup of the moment when the old release stood still. */
  restorePoint: z.string().nullable(),
  startedAt: z.string(),
});

export type PreviousRelease = z.infer<typeof previousSchema>;
export type ReleaseChange = z.infer<typeof releaseChangeSchema>;

/** Whether a plain run may act: not while a change waits to be finished, but for the release that the change is bringing up. */
export function isBroughtUp(change: ReleaseChange, id: string): boolean {
  switch (change.phase) {
    case 'stopping':
      return false;
    case 'starting':
      return id === change.to;
    case 'returning':
      return id === change.from;
  }
}
