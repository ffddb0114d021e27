import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { TestDatabase } from '#db/test-database.ts';
import { testDatabases } from '#db/test-database.ts';
import { createOrganizationDeletionStore } from '#features/appliance/organization-deletion-store.ts';
import { mintApplianceScope } from '#shared/appliance-scope.ts';
import type { OrganizationId } from '#shared/id.ts';
import type { TestApi } from './test-api.ts';
import { addTestOrganization, openTestApi } from './test-api.ts';

type Body = Record<string, unknown>;
const day = [{ opensAt: '10:00', closesAt: '14:00' }];
const calendar = {
  timeZone: 'Europe/Madrid',
  slotMinutes: 30,
  minNoticeMinutes: 0,
  maxDaysAhead: 365,
  holdMinutes: 15,
  weekly: { monday: day, tuesday: day, wednesday: day, thursday: day, friday: day, saturday: [], sunday: day },
  exceptions: [{ date: '2026-04-03', spans: [], note: 'Viernes Santo' }],
};

describe.each(testDatabases(process.env['TEST_DATABASE_URL']))('booking over HTTP on $kind', (kind) => {
  let test: TestDatabase;
  let api: TestApi;
  let clinic: OrganizationId;
  let token: string;
  let serviceId: string;
  let staffId: string;
  // Before the day on which Spain's clocks go forward.
  const clock = { nowMs: () => performance.now(), wallAt: () => new Date('2026-03-27T08:00:00Z') };

  const ask = (method: string, path: string, body?: unknown) =>
    api.asToken(token, path, { method, ...(body === undefined ? {} : { body }) });
  const book = (changes: Body = {}) =>
    ask('POST', '/booking/appointments', {
      serviceId,
      date: '2026-03-30',
      time: '10:00',
      contactName: 'Eva Ruiz',
      contactNumber: '+34600111222',
      ...changes,
    });

  beforeAll(async () => {
    test = await kind.open();
    api = await openTestApi(test, { clock });
    clinic = await addTestOrganization(test, 'clinica');
    token = await api.tokenFor(clinic, ['agent:read', 'agent:write', 'calls:read', 'calls:write']);
    serviceId = String(
      (await ask('POST', '/booking/services', { name: 'Limpieza', minutes: 60, synonyms: ['higiene'] })).body['serviceId'],
    );
    staffId = String((await ask('POST', '/booking/staff', { name: 'Ana', serviceIds: [serviceId] })).body['staffId']);
  });
  afterAll(async () => {
    await api[Symbol.asyncDispose]();
    await test[Symbol.asyncDispose]();
  });

  it('is closed until there is a calendar, and then open as it says', async () => {
    expect((await ask('GET', '/booking/calendar')).body).toMatchObject({ timeZone: 'UTC', weekly: { monday: [] } });
    expect(await book()).toMatchObject({ status: 422, body: { detail: 'date: closed on that day' } });
    expect(await ask('PUT', '/booking/calendar', calendar)).toMatchObject({ status: 200, body: calendar });
    expect((await ask('GET', '/booking/calendar')).body).toEqual(calendar);
  });

  it.each([
    [{ timeZone: 'Madrid' }, 'timeZone'],
    [{ timeZone: '+01:00' }, 'timeZone'],
    [{ weekly: { ...calendar.weekly, monday: [{ opensAt: '14:00', closesAt: '10:00' }] } }, 'weekly.monday.0.closesAt'],
    [{ weekly: { ...calendar.weekly, monday: [...day, { opensAt: '13:00', closesAt: '15:00' }] } }, 'weekly.monday'],
    [{ weekly: { ...calendar.weekly, monday: [{ opensAt: '9:00', closesAt: '10:00' }] } }, 'weekly.monday.0.opensAt'],
    [{ exceptions: [{ date: '2026-02-30', spans: [], note: '' }] }, 'exceptions.0.date'],
    [{ exceptions: [calendar.exceptions[0], calendar.exceptions[0]] }, 'exceptions'],
    [{ slotMinutes: 0 }, 'slotMinutes'],
    [{ closed: true }, ''],
  ])('refuses a calendar with %j and names the field', async (change, path) => {
    const { status, body } = await ask('PUT', '/booking/calendar', { ...calendar, ...change });
    expect(status).toBe(400);
    expect((body['fields'] as { path: string }[]).map((field) => field.path)).toContain(path);
  });

  it('shows the hours of the place on the day on which clocks change', async () => {
    const { status, body } = await ask('GET', `/booking/services/${serviceId}/availability?fromDate=2026-03-28&days=3`);
    expect(status).toBe(200);
    const days = body['days'] as { date: string; slots: { time: string; startsAt: string }[] }[];
    expect(days.map(({ date, slots }) => [date, slots.length, slots[0]?.startsAt])).toEqual([
      ['2026-03-28', 0, undefined],
      ['2026-03-29', 7, '2026-03-29T08:00:00.000Z'],
      ['2026-03-30', 7, '2026-03-30T08:00:00.000Z'],
    ]);
  });

  it('makes, lists, moves and cancels appointments, and writes down who did it', async () => {
    const made = await book({ hold: true });
    expect(made).toMatchObject({
      status: 201,
      body: { state: 'held', startsAt: '2026-03-30T08:00:00.000Z', endsAt: '2026-03-30T09:00:00.000Z', staff: { staffId, name: 'Ana' } },
    });
    const path = `/booking/appointments/${String(made.body['appointmentId'])}`;
    expect(await ask('POST', `${path}/confirm`)).toMatchObject({ status: 200, body: { state: 'confirmed', heldUntil: null } });
    const taken = await book({ time: '10:30' });
    expect(taken).toMatchObject({ status: 409, body: { code: 'conflict' } });
    expect(String(taken.body['detail'])).toBe('time: it is taken; free are 2026-03-30 11:00, 2026-03-30 11:30, 2026-03-30 12:00');
    expect(await book({ date: '2026-04-03' })).toMatchObject({ status: 422, body: { detail: 'date: closed on that day (Viernes Santo)' } });
    const moved = await ask('POST', `${path}/reschedule`, { date: '2026-03-31', time: '12:00' });
    expect(moved).toMatchObject({ status: 200, body: { date: '2026-03-31', replaces: made.body['appointmentId'], state: 'confirmed' } });
    expect(await ask('GET', path)).toMatchObject({ body: { state: 'rescheduled', ended: 'rescheduled' } });
    expect((await ask('POST', `${path}/confirm`)).status).toBe(409);
    expect(await ask('POST', `/booking/appointments/${String(moved.body['appointmentId'])}/cancel`)).toMatchObject({
      body: { state: 'cancelled', ended: 'cancelled' },
    });
    const entries = await test.asSuperuser(
      `select action from audit_entries where org_id = '${clinic}' and action like 'appointment%' order by seq`,
    );
    expect(entries.map(({ action }) => action)).toEqual([
      'appointment.booked',
      'appointment.confirmed',
      'appointment.rescheduled',
      'appointment.cancelled',
    ]);
    const [personal] = await test.asSuperuser(`select count(*)::int as rows from audit_entries where details::text ~ 'Eva|600111222'`);
    expect(personal).toEqual({ rows: 0 });
  });

  it('lists by pages, states and days', async () => {
    for (const time of ['10:00', '11:00', '12:00']) expect((await book({ date: '2026-04-06', time })).status).toBe(201);
    const list = async (query: string) => (await ask('GET', `/booking/appointments?${query}`)).body;
    const first = await list('limit=2&state=confirmed&startsFrom=2026-04-06T00:00:00Z&startsTo=2026-04-07T00:00:00Z');
    const times = (body: Body) => (body['appointments'] as { time: string }[]).map(({ time }) => time);
    expect(times(first)).toEqual(['10:00', '11:00']);
    const rest = await list(
      `limit=2&state=confirmed&startsFrom=2026-04-06T00:00:00Z&startsTo=2026-04-07T00:00:00Z&cursor=${String(first['nextCursor'])}`,
    );
    expect([times(rest), rest['nextCursor']]).toEqual([['12:00'], null]);
    expect(times(await list(`staffId=${staffId}&state=held`))).toEqual([]);
    expect(times(await list('state=rescheduled'))).toEqual(['10:00']);
    expect((await ask('GET', '/booking/appointments?startsFrom=yesterday')).status).toBe(400);
  });

  it('keeps what has appointments from being removed, and what is inactive from being booked', async () => {
    expect(await ask('DELETE', `/booking/services/${serviceId}`)).toMatchObject({ status: 409 });
    expect(await ask('DELETE', `/booking/staff/${staffId}`)).toMatchObject({ status: 409 });
    await ask('PATCH', `/booking/staff/${staffId}`, { active: false });
    expect(await book({ date: '2026-04-07', staffId })).toMatchObject({ status: 422, body: { fields: [{ path: 'staffId' }] } });
    expect(await book({ date: '2026-04-07' })).toMatchObject({ status: 409 });
    await ask('PATCH', `/booking/staff/${staffId}`, { active: true });
    await ask('PATCH', `/booking/services/${serviceId}`, { active: false });
    expect(await book({ date: '2026-04-07' })).toMatchObject({ status: 422, body: { fields: [{ path: 'serviceId' }] } });
    expect(await ask('PATCH', `/booking/services/${serviceId}`, { active: true })).toMatchObject({
      body: { name: 'Limpieza', synonyms: ['higiene'], minutes: 60, priceText: null, active: true },
    });
    const unused = await ask('POST', '/booking/services', { name: 'Corona', minutes: 90 });
    expect(await ask('POST', '/booking/services', { name: 'CORONA', minutes: 90 })).toMatchObject({
      status: 409,
      body: { fields: [{ path: 'name' }] },
    });
    expect((await ask('DELETE', `/booking/services/${String(unused.body['serviceId'])}`)).status).toBe(204);
    expect(await ask('POST', '/booking/staff', { name: 'Luis', serviceIds: [unused.body['serviceId']] })).toMatchObject({
      status: 422,
      body: { fields: [{ path: 'serviceIds' }] },
    });
  });

  it('is refused by the database itself, whoever writes two appointments for one time', async () => {
    const insert = (id: string, [from, to]: readonly [string, string], state = 'confirmed') =>
      test.asSuperuser(`insert into appointments (org_id, id, service_id, staff_id, contact_name, contact_number, starts_at, ends_at, state)
        values ('${clinic}', '${id}', '${serviceId}', '${staffId}', 'C', '1', '${from}', '${to}', '${state}') returning id`);
    await insert('appt_a', ['2026-05-04T10:00Z', '2026-05-04T11:00Z']);
    await expect(insert('appt_b', ['2026-05-04T10:30Z', '2026-05-04T11:30Z'])).rejects.toMatchObject({ code: '23P01' });
    expect(await insert('appt_c', ['2026-05-04T11:00Z', '2026-05-04T12:00Z'])).toHaveLength(1);
    expect(await insert('appt_d', ['2026-05-04T10:00Z', '2026-05-04T12:00Z'], 'cancelled')).toHaveLength(1);
  });

  it('goes with its organization', async () => {
    const other = await addTestOrganization(test, 'otra');
    const own = await api.tokenFor(other, ['agent:read', 'agent:write', 'calls:read', 'calls:write']);
    const post = (path: string, body: unknown) => api.asToken(own, path, { method: 'POST', body });
    const service = await post('/booking/services', { name: 'Corte', minutes: 30 });
    await post('/booking/staff', { name: 'Ana', serviceIds: [service.body['serviceId']] });
    await api.asToken(own, '/booking/calendar', { method: 'PUT', body: calendar });
    const contact = { contactName: 'Eva', contactNumber: '600111222' };
    const made = await post('/booking/appointments', {
      serviceId: service.body['serviceId'],
      date: '2026-03-30',
      time: '10:00',
      ...contact,
    });
    expect(made.status).toBe(201);
    const moved = await post(`/booking/appointments/${String(made.body['appointmentId'])}/reschedule`, {
      date: '2026-03-30',
      time: '11:00',
    });
    expect(moved.status).toBe(200);
    const foreign = await ask('GET', `/booking/appointments/${String(moved.body['appointmentId'])}`);
    expect(foreign.status).toBe(404);
    await test.asSuperuser(`update organizations set deletion_requested_at = now(), delete_after = now() where id = '${other}'`);
    const left = async () =>
      (
        await test.asSuperuser(
          ['booking_calendars', 'booking_services', 'booking_staff', 'booking_staff_services', 'appointments']
            .map((table) => `select count(*)::int as rows from ${table} where org_id = '${other}'`)
            .join(' union all '),
        )
      ).map(({ rows }) => rows);
    expect((await left()).toSorted((a, b) => Number(a) - Number(b))).toEqual([1, 1, 1, 1, 2]);
    await deleteOrganization(other);
    expect(await left()).toEqual([0, 0, 0, 0, 0]);
  });

  async function deleteOrganization(organizationId: OrganizationId): Promise<void> {
    const store = createOrganizationDeletionStore({ database: test.database, audit: api.office.audit });
    const by = { scope: mintApplianceScope(), actor: { kind: 'job', name: 'test', address: null, requestId: null } as const };
    expect(await store.deleteOrganization(by, organizationId, { at: new Date('2100-01-01T00:00:00Z'), details: {} })).toBe(true);
  }
});
