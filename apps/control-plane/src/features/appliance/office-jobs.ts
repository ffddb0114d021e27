// The appliance's jobs and when they run.
import type { Database } from '#db/client.ts';
import type { AuditCheck } from '#features/access/audit-check-store.ts';
import type { AuditTrail } from '#features/access/audit-store.ts';
import type { IdempotencyStore } from '#features/access/idempotency-store.ts';
import type { TokenExpiry } from '#features/access/token-expiry-store.ts';
import type { RecordingStore } from '#features/recordings/recording-store.ts';
import type { RecordingStorage } from '#ports/recording-storage.ts';
import type { JobAdminStore } from '#features/jobs/job-admin-store.ts';
import { removeOldExports } from './export-removal.ts';
import type { JobRunStore } from './job-run-store.ts';
import type { OrganizationDeletionStore } from './organization-deletion-store.ts';
import { deleteDueOrganizations } from './organization-deletions.ts';
import type { OrganizationExportStore } from './organization-export-store.ts';
import type { OrganizationExports } from './organization-exports.ts';
import { removeExpiredData } from './retention.ts';
import type { RetentionStore } from './retention-store.ts';
import type { ScheduledJob } from './scheduled-jobs.ts';

/** What the jobs work with. */
export type OfficeJobParts = {
  readonly database: Database;
  readonly audit: AuditTrail;
  readonly auditCheck: AuditCheck;
  readonly tokenExpiry: TokenExpiry;
  readonly idempotency: IdempotencyStore;
  readonly exports: OrganizationExports;
  readonly exportStore: OrganizationExportStore;
  readonly deletions: OrganizationDeletionStore;
  readonly retention: RetentionStore;
  readonly recordingStore: RecordingStore;
  /** Null where no recordings are made. */
  readonly recordings: RecordingStorage | null;
  readonly jobRuns: JobRunStore;
  readonly jobAdmin: JobAdminStore;
  readonly exportsDir: string;
  /** Days that an export is kept. */
  readonly exportDays: number;
};

const DAY_MS = 86_400_000;
/** Runs are kept this long, to be looked at when a job failed. */
const JOB_RUN_DAYS = 30;
/** Of the work after calls: what is done is kept to be looked at, what was given up until somebody has had the time to ask for it again. */
const DONE_JOB_DAYS = 7;
const DEAD_JOB_DAYS = 90;
/** A minute with more ended calls than this catches up in the next ones. */
const RECORDINGS_PER_MINUTE = 500;

/** The jobs. Hourly ones begin at different minutes, so that they do not meet. */
export function createOfficeJobs(parts: OfficeJobParts): ScheduledJob[] {
  return [
    {
      name: 'expire-tokens',
      schedule: '2 * * * *',
      run: async ({ scope, log }) => {
        await parts.tokenExpiry.deactivateExpired(scope);
        await parts.tokenExpiry.warnOfExpiry(scope, log);
      },
    },
    { name: 'audit-anchors', schedule: '7 * * * *', run: async (run) => void (await parts.auditCheck.anchor(run.scope, run)) },
    { name: 'idempotency-cleanup', schedule: '12 * * * *', run: ({ scope }) => parts.idempotency.removeExpired(scope) },
    { name: 'organization-deletions', schedule: '17 * * * *', run: async (run) => void (await deleteDueOrganizations(parts, run)) },
    // Between the working days of the organizations' usual time zones.
    { name: 'retention', schedule: '27 3 * * *', run: (run) => removeExpiredData({ ...parts, store: parts.retention }, run) },
    { name: 'export-removal', schedule: '42 3 * * *', run: async (run) => void (await removeOldExports(parts, run)) },
    {
      name: 'job-run-cleanup',
      schedule: '57 3 * * *',
      run: async ({ scope, at }) => void (await parts.jobRuns.removeBefore(scope, new Date(at.getTime() - JOB_RUN_DAYS * DAY_MS))),
    },
    {
      name: 'job-cleanup',
      schedule: '52 3 * * *',
      run: async ({ scope, at }) => {
        const daysBefore = (days: number) => new Date(at.getTime() - days * DAY_MS);
        await parts.jobAdmin.removeEnded(scope, { doneBefore: daysBefore(DONE_JOB_DAYS), deadBefore: daysBefore(DEAD_JOB_DAYS) });
      },
    },
    {
      name: 'recording-sizes',
      schedule: '* * * * *',
      run: async ({ scope }) => void (await parts.recordingStore.measureRecordings(scope, { limit: RECORDINGS_PER_MINUTE })),
    },
  ];
}
