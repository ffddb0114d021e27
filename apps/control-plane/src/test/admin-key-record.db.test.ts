// A replaced admin key leaves an entry that the audit log's own check accepts.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { TestDatabase } from '#db/test-database.ts';
import { testDatabases } from '#db/test-database.ts';
import { mintApplianceScope } from '#shared/appliance-scope.ts';
import { systemClock } from '#shared/clock.ts';
import type { TestApi } from './test-api.ts';
import { openTestApi, testOfficeConfig } from './test-api.ts';
import { recordAdminKeyRotation } from '#features/access/admin-key-record.ts';

describe.each(testDatabases(process.env['TEST_DATABASE_URL']))('a rotation of the admin key on $kind', (kind) => {
  let test: TestDatabase;
  let api: TestApi;

  beforeAll(async () => {
    test = await kind.open();
    api = await openTestApi(test);
  });

  afterAll(async () => {
    await api[Symbol.asyncDispose]();
    await test[Symbol.asyncDispose]();
  });

  it('is in the chain of the appliance, done by a command on the box', async () => {
    const keys = testOfficeConfig().secretKeys;
    await recordAdminKeyRotation({ database: test.database, keys, clock: systemClock }, mintApplianceScope());
    const { body } = await api.asAdmin('/admin/audit?chain=appliance');
    expect(body['entries']).toMatchObject([{ action: 'admin_key.rotated', actor: { kind: 'command', name: 'new-admin-key' } }]);
    expect((await api.asAdmin('/admin/audit/verify')).body).toMatchObject({ intact: true });
  });
});
