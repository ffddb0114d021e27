/** What the checks of an installed appliance judge. Types only. */

import type { RunningLimit } from '#sizing/running-limits.ts';

/** A file that must be there and that few may read. */
export type FileSeen = {
  readonly path: string;
  /** Permission bits, or why they cannot be read; null: it is not there. */
  readonly mode: number | null;
  readonly fault: string | null;
  /** Bits that may be set at most. */
  readonly widestMode: number;
};

/** The test call through Asterisk, the agent and the voice, as a caller hears it. */
export type TestCallSeen =
  | { readonly kind: 'not_asked'; readonly lastPassedAt: string | null }
  | { readonly kind: 'not_possible'; readonly reason: string; readonly fix: string }
  | { readonly kind: 'passed'; readonly heard: readonly string[]; readonly ms: number }
  | { readonly kind: 'failed'; readonly reason: string };

/** The certificate that whoever uses PUBLIC_URL is shown. */
export type CertificateSeen =
  | { readonly kind: 'none'; readonly why: string }
  | { readonly kind: 'shown'; readonly host: string; readonly validUntil: Date }
  | { readonly kind: 'broken'; readonly host: string; readonly reason: string };

export type ApplianceSeen = {
  readonly now: Date;
  readonly home: string;
  /** Why `.env`, the secrets or the state could not be read; null when they could. */
  readonly readingFault: string | null;
  /** Whether what an appliance is built on (root, secrets, users) is there. */
  readonly isInstalled: boolean;
  readonly files: readonly FileSeen[];
  /** Each service with what is wrong; null: it answers. Empty while nothing is installed. */
  readonly services: readonly { readonly name: string; readonly fault: string | null }[];
  readonly testCall: TestCallSeen;
  /** What the services that run may open and accept, beside what the plan of the admitted calls says. */
  readonly limits: readonly RunningLimit[];
  /** What a run would change: somebody changed a setting, or the code is newer than what runs. */
  readonly changes: readonly string[];
  /** When this machine last measured how many calls it carries; null: never, or on other hardware. */
  readonly calibratedAt: string | null;
  readonly lastBackupAt: string | null;
  readonly restoreRehearsal: { readonly at: string; readonly ok: boolean } | null;
  readonly certificate: CertificateSeen;
};
