// An organization whose deletion was asked for is as its export says until it is gone or restored: every operation that writes is tried.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { TestDatabase } from '#db/test-database.ts';
import { testDatabases } from '#db/test-database.ts';
import { accessTable } from './access-table.ts';
import type { AccessFixture } from './no-access.ts';
import { asAdmin, bearer, openAccessFixture, targetOf } from './no-access.ts';
import type { TwinOrganization } from './twin-organizations.ts';

const writes = Object.entries(accessTable).filter(([key]) => !key.startsWith('GET '));
/** The admin's on what an organization has, by its body where no path names it. */
const ofAdmin = writes.filter(
  ([key, { opens }]) =>
    opens === 'admin' &&
    (/\{(organization|agent|number|phone|job|token)Id\}/.test(key) || key === 'POST /admin/tokens/rotate') &&
    // The way back, and taking away what opens something.
    !/(restore|revoke)$/.test(key),
);
const ofClients = writes.filter(([, { opens }]) => !['admin', 'public', 'signed'].includes(opens));

describe.each(testDatabases(process.env['TEST_DATABASE_URL']))('an organization that waits to be deleted, on $kind', (kind) => {
  let test: TestDatabase;
  let fixture: AccessFixture;
  let leaving: TwinOrganization;
  let unique = 900;
  beforeAll(async () => {
    test = await kind.open();
    fixture = await openAccessFixture(test);
    leaving = await fixture.addVictim();
    await fixture.askAdmin(`/admin/organizations/${leaving.organizationId}`, { method: 'DELETE' });
  });
  afterAll(async () => {
    await fixture[Symbol.asyncDispose]();
    await test[Symbol.asyncDispose]();
  });

  const ask = (key: string, headers: Readonly<Record<string, string>>) => {
    const operation = fixture.description.operations.find((known) => known.key === key);
    if (!operation) throw new Error(`the document has no ${key}`);
    const body = accessTable[key]?.body?.({ own: leaving, unique: (unique += 1) });
    return fixture.send(operation, targetOf(operation, leaving), { headers, body });
  };

  it('has operations of both kinds to be tried', () => {
    expect([ofAdmin.length > 15, ofClients.length > 25]).toEqual([true, true]);
  });

  it.each(ofAdmin.map(([key]) => key))('refuses %s to the admin, who is told to restore it first', async (key) => {
    const { status, text } = await ask(key, asAdmin);
    expect([status, text]).toEqual([409, expect.stringContaining('restore it first') as string]);
  });

  it.each(ofClients.map(([key]) => key))('refuses %s to its own token, which opens nothing', async (key) => {
    expect((await ask(key, bearer(leaving.token.text))).status).toBe(401);
  });

  it('takes them again once it is restored, and a token of it can be revoked before', async () => {
    expect((await ask('POST /admin/tokens/{tokenId}/revoke', asAdmin)).status).toBe(200);
    expect((await ask('POST /admin/organizations/{organizationId}/restore', asAdmin)).status).toBe(200);
    for (const key of ['PATCH /admin/numbers/{numberId}', 'PATCH /admin/phones/{phoneId}', 'PATCH /admin/organizations/{organizationId}'])
      expect([key, (await ask(key, asAdmin)).status]).toEqual([key, 200]);
  });
});
