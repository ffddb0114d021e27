// The stores and jobs behind organizations, plans and the audit log, composed.
import { join } from 'node:path';
import type { Database } from '#db/client.ts';
import { openAuditAnchors } from '#features/access/audit-anchor-store.ts';
import { createAuditCheck } from '#features/access/audit-check-store.ts';
import { createAuditReader } from '#features/access/audit-reader-store.ts';
import type { AuditTrail } from '#features/access/audit-store.ts';
import type { IdempotencyStore } from '#features/access/idempotency-store.ts';
import { createOrganizationStore } from '#features/access/organization-store.ts';
import { createPlanStore } from '#features/access/plan-store.ts';
import type { TokenExpiry } from '#features/access/token-expiry-store.ts';
import type { RecordingStore } from '#features/recordings/recording-store.ts';
import type { RecordingStorage } from '#ports/recording-storage.ts';
import type { Clock } from '#shared/clock.ts';
import type { Log } from '#shared/log.ts';
import type { SecretKeys } from '#shared/secret-keys.ts';
import { createJobAdminStore } from '#features/jobs/job-admin-store.ts';
import { createJobRunStore } from './job-run-store.ts';
import { createOfficeJobs } from './office-jobs.ts';
import { createOrganizationDeletionStore } from './organization-deletion-store.ts';
import { createOrganizationExportStore } from './organization-export-store.ts';
import { openOrganizationExports } from './organization-exports.ts';
import { createRetentionStore } from './retention-store.ts';
import { createUsageStore } from './usage-store.ts';

export type AdministrationParts = {
  readonly config: { readonly secretKeys: SecretKeys; readonly exportsDir: string; readonly exportDays: number };
  readonly database: Database;
  readonly audit: AuditTrail;
  readonly tokenExpiry: TokenExpiry;
  readonly idempotency: IdempotencyStore;
  readonly recordingStore: RecordingStore;
  /** Null where no recordings are made. */
  readonly recordings: RecordingStorage | null;
  /** Calls of an organization that are up in this process. */
  readonly liveCalls: (organizationId: string) => number;
  readonly clock: Clock;
  readonly log: Log;
};

/** Opens them. `jobs` are started by whoever serves; disposing gives up an export that is under way. */
export function openAdministration(parts: AdministrationParts) {
  const { config, database, audit } = parts;
  const auditReader = createAuditReader(database);
  const anchors = openAuditAnchors(join(config.exportsDir, 'audit-anchors.jsonl'));
  const auditCheck = createAuditCheck({ reader: auditReader, anchors, keys: config.secretKeys });
  const exportStore = createOrganizationExportStore({ database, audit });
  const exports = openOrganizationExports({ ...parts, store: exportStore, exportsDir: config.exportsDir });
  const deletions = createOrganizationDeletionStore({ database, audit });
  const retention = createRetentionStore(database);
  const jobRuns = createJobRunStore(database);
  const jobAdmin = createJobAdminStore({ database, audit });
  return {
    auditReader,
    auditCheck,
    plans: createPlanStore({ database, audit }),
    organizations: createOrganizationStore(parts),
    usage: createUsageStore(database),
    exports,
    exportStore,
    jobs: createOfficeJobs({ ...parts, ...config, auditCheck, exports, exportStore, deletions, retention, jobRuns, jobAdmin }),
    jobRuns,
    jobAdmin,
    [Symbol.asyncDispose]: () => exports[Symbol.asyncDispose](),
  };
}
