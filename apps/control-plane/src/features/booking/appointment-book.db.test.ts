import { afterAll, beforeAll, describe } from 'vitest';
import type { TestDatabase } from '#db/test-database.ts';
import { testDatabases } from '#db/test-database.ts';
import { organizations } from '#db/schema/organizations.ts';
import { createAuditTrail } from '#features/access/audit-store.ts';
import { contractOffer, describeAppointmentBook } from '#ports/testing/appointment-book.contract.ts';
import type { Actor } from '#shared/actor.ts';
import { mintApplianceScope } from '#shared/appliance-scope.ts';
import { systemClock } from '#shared/clock.ts';
import { newId } from '#shared/id.ts';
import { mintOrgScope } from '#shared/org-scope.ts';
import { openSecretKeys } from '#shared/secret-keys.ts';
import { createAppointmentStore } from './appointment-store.ts';
import { createBookingCalendarStore } from './booking-calendar-store.ts';
import { createBookingServiceStore } from './booking-service-store.ts';
import { createBookingStaffStore } from './booking-staff-store.ts';

const actor: Actor = { kind: 'token', name: 'tok_test', address: null, requestId: null };

describe.each(testDatabases(process.env['TEST_DATABASE_URL']))('appointments on $kind', (kind) => {
  let test: TestDatabase;
  beforeAll(async () => {
    test = await kind.open();
  });
  afterAll(() => test[Symbol.asyncDispose]());

  describeAppointmentBook('the book of rows', async () => {
    let now = new Date();
    const clock = { ...systemClock, wallAt: () => now };
    const audit = createAuditTrail({ keys: openSecretKeys({ 1: '5e'.repeat(32) }), clock });
    const parts = { database: test.database, audit, clock };
    const ids = [newId('organization'), newId('organization')] as const;
    const rows = ids.map((id) => ({ id, name: 'O', slug: `o-${id.slice(-24)}`, planId: 'standard' }));
    await test.database.inAppliance(mintApplianceScope(), (queries) => queries.insert(organizations).values(rows));
    const [scope, otherScope] = [mintOrgScope(ids[0]), mintOrgScope(ids[1])];
    const by = { scope, actor };
    await createBookingCalendarStore(parts).save(by, contractOffer.calendar);
    const serviceIds = new Map<string, string>();
    for (const service of contractOffer.services) {
      const saved = await createBookingServiceStore(parts).create(by, { ...service, priceText: null, active: true });
      if (saved.kind === 'saved') serviceIds.set(service.name, saved.service.serviceId);
    }
    for (const { name, does } of contractOffer.staff) {
      const done = does.map((service) => serviceIds.get(service) ?? '');
      await createBookingStaffStore(parts).create(by, { name, serviceIds: done, active: true });
    }
    return { book: createAppointmentStore(parts), scope, otherScope, setNow: (at) => (now = at), [Symbol.asyncDispose]: async () => {} };
  });
});
