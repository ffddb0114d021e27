// The admin key is replaced by the provisioner, which knows no audit log: this writes down that it was.
import type { Database } from '#db/client.ts';
import type { ApplianceScope } from '#shared/appliance-scope.ts';
import type { Clock } from '#shared/clock.ts';
import type { SecretKeys } from '#shared/secret-keys.ts';
import { createAuditTrail } from './audit-store.ts';

/** Adds `admin_key.rotated` to the appliance's chain, done by a person on the box. */
export async function recordAdminKeyRotation(
  parts: { readonly database: Database; readonly keys: SecretKeys; readonly clock: Clock },
  scope: ApplianceScope,
): Promise<void> {
  const actor = { kind: 'command', name: 'new-admin-key', address: null, requestId: null } as const;
  const audit = createAuditTrail(parts);
  await parts.database.inAppliance(scope, (queries) =>
    audit.append(queries, { scope, actor }, { action: 'admin_key.rotated', resource: 'admin-key' }),
  );
}
