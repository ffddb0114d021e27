import { afterAll, beforeAll, expect, it } from 'vitest';
import { sql } from 'drizzle-orm';
import { mintApplianceScope } from '#shared/appliance-scope.ts';
import type { TransactionKind } from './observed-database.ts';
import { observedDatabase } from './observed-database.ts';
import type { TestDatabase } from './test-database.ts';
import { testDatabases } from './test-database.ts';

let test: TestDatabase;
beforeAll(async () => {
  test = await testDatabases(undefined)[0]!.open();
});
afterAll(() => test[Symbol.asyncDispose]());

it('a transaction is told when it begins and how it ended, whatever it gave', async () => {
  const told: [TransactionKind, boolean | null][] = [];
  const database = observedDatabase(test.database, {
    started(kind) {
      told.push([kind, null]);
      return (isDone) => void told.push([kind, isDone]);
    },
  });
  expect(await database.unscoped(async () => 7)).toBe(7);
  const failing = database.inAppliance(mintApplianceScope(), (queries) => queries.execute(sql`select * from no_such_table`));
  await expect(failing).rejects.toThrow('no_such_table');
  expect(told).toEqual([
    ['unscoped', null],
    ['unscoped', true],
    ['appliance', null],
    ['appliance', false],
  ]);
});
