import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import type { Database } from '#db/client.ts';
import { systemClock } from '#shared/clock.ts';
import { newId } from '#shared/id.ts';
import { silentLog } from '#shared/log.ts';
import { mintOrgScope } from '#shared/org-scope.ts';
import { openTokenUsage } from './token-usage-store.ts';

describe('the last use of tokens', () => {
  it('is collected in one place while the database is slow, and written at once when it answers again', async () => {
    const answered = Promise.withResolvers<void>();
    let writes = 0;
    const inOrg = (async () => {
      writes += 1;
      await answered.promise;
    }) as Database['inOrg'];
    const usage = openTokenUsage({ database: { inOrg }, clock: systemClock, log: silentLog, flushMs: 1 });
    const scope = mintOrgScope(newId('organization'));
    for (let period = 0; period < 20; period += 1) {
      usage.note(scope, newId('apiToken'), '192.0.2.1');
      await sleep(5);
    }
    expect(writes).toBe(1);
    answered.resolve();
    await usage[Symbol.asyncDispose]();
    expect(writes).toBe(2);
  });
});
