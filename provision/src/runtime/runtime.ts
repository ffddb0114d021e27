/** What a backup, a restore and a change of release ask of the runtime that holds the installation: the native one and that of containers answer each in its way. */
import type { DatabaseAccess } from '#backup/database-access.ts';
import type { BackupFolder } from '#backup/backup-manifest.ts';
import type { Facts } from '#facts.ts';
import type { Place } from '#place.ts';

/** A folder of data as this machine sees it. */
export type DataFolder = {
  readonly path: string;
  /** Who owns what is put into it, in `chown`'s words. */
  readonly owner: string;
};

/** One installation, looked at once. Looking changes nothing. */
export type Site = {
  readonly facts: Facts;
  /** Whether there is a database whose rows somebody could miss. */
  readonly hasDatabase: boolean;
  /** Whether it is all there that a database can be restored into: else a run must make it first. */
  readonly isMade: boolean;
  readonly isDatabaseUp: boolean;
  /** Throws while nothing is made. */
  readonly database: () => DatabaseAccess;
  /** Version of the server, in words, for the backup's manifest. */
  readonly describePostgres: () => Promise<string>;
  /** The folder that the server keeps its files in: what a backup takes at most is told from it. */
  readonly databaseFolder: () => Promise<string>;
  readonly findFolder: (name: BackupFolder) => Promise<DataFolder>;
  /** Events of calls that are not in the database yet. */
  readonly journalFolder: () => Promise<string>;
  /** Owner of `.env`. */
  readonly settingsOwner: () => Promise<{ readonly uid: number; readonly gid: number }>;
  /** What the telephone system answers when it is asked for its channels; null while it does not run. */
  readonly askChannels: () => Promise<string | null>;
  /** Lets live calls end, up to the limit; then the control plane is killed. Fine where it does not run. */
  readonly stopControlPlane: (limitMs: number) => Promise<void>;
  readonly startControlPlane: () => Promise<void>;
  readonly startDatabase: (signal: AbortSignal) => Promise<void>;
  /** Calls the demo's Spanish agent and records what was heard; throws when it was not. */
  readonly placeTestCall: (talk: { readonly log: (message: string) => void; readonly signal: AbortSignal }) => Promise<void>;
};

/** What of an installation is no longer there, and what of it stays. */
export type TakenDown = { readonly removed: readonly string[]; readonly kept: readonly string[] };

export type Runtime = {
  readonly open: (place: Place, signal: AbortSignal) => Promise<Site>;
  /** Makes the machine an appliance, or puts right what is not as it should be. */
  readonly provision: (place: Place, signal: AbortSignal) => Promise<void>;
  /** Makes what takes long of a release while the one before it still takes calls; `place.repository` is the release. */
  readonly prepareRelease: (place: Place, signal: AbortSignal) => Promise<void>;
  /** Removes what belongs to releases that nobody needs. */
  readonly pruneReleases: (home: string, keep: readonly string[]) => Promise<void>;
  /** Ends everything that runs, and with a purge removes what data lies outside of the home. */
  readonly takeDown: (site: Site, options: { readonly isPurging: boolean; readonly signal: AbortSignal }) => Promise<TakenDown>;
};

/** How a verb is called: where, with which words. */
export type VerbCall = { readonly place: Place; readonly args: readonly string[]; readonly signal: AbortSignal };

/** The same, and in which runtime. */
export type RuntimeCall = VerbCall & { readonly runtime: Runtime };
