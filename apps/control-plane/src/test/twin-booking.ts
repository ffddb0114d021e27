// What a twin organization has to book: always open, one service, one member of staff, and an appointment that waits to be confirmed.
import type { Database } from '#db/client.ts';
import { appointments, bookingCalendars, bookingServices, bookingStaff, bookingStaffServices } from '#db/schema/booking.ts';
import { newId } from '#shared/id.ts';
import { addDays, wallTimeOf, weekdays } from '#shared/opening-hours.ts';
import type { OpeningSpan, Weekday } from '#shared/opening-hours.ts';
import type { OrgScope } from '#shared/org-scope.ts';

const SLOT_MINUTES = 5;
const SLOTS_A_DAY = (24 * 60) / SLOT_MINUTES;
const LAST_DAY = 364;
const DAY_MS = 86_400_000;

/** A calendar that is open around the clock. */
export const openCalendar = {
  timeZone: 'UTC',
  slotMinutes: SLOT_MINUTES,
  minNoticeMinutes: 0,
  maxDaysAhead: 365,
  holdMinutes: 1_440,
  weekly: Object.fromEntries(weekdays.map((day) => [day, [{ opensAt: '00:00', closesAt: '24:00' }]])) as Record<Weekday, OpeningSpan[]>,
  exceptions: [],
};

/** Another time for each `unique`, from tomorrow on. */
export function freeMoment(unique: number): { date: string; time: string } {
  const minutes = (unique % SLOTS_A_DAY) * SLOT_MINUTES;
  const time = [Math.floor(minutes / 60), minutes % 60].map((part) => String(part).padStart(2, '0')).join(':');
  return { date: addDays(wallTimeOf('UTC', new Date()).date, 1 + (Math.floor(unique / SLOTS_A_DAY) % (LAST_DAY - 1))), time };
}

/** Adds one of each, as rows: the audit chain of whoever runs this is not ours to continue. */
export async function addTwinBooking(database: Database, scope: OrgScope) {
  const orgId = scope.organizationId;
  const [serviceId, staffId, appointmentId] = [newId('bookingService'), newId('bookingStaff'), newId('appointment')];
  const startsAt = new Date(Date.now() + LAST_DAY * DAY_MS);
  const [endsAt, heldUntil] = [new Date(startsAt.getTime() + SLOT_MINUTES * 60_000), new Date(Date.now() + DAY_MS)];
  const contact = { contactName: 'Eva', contactNumber: '+34600000000' };
  const { weekly, exceptions, ...rules } = openCalendar;
  await database.inOrg(scope, async (queries) => {
    await queries.insert(bookingCalendars).values({ orgId, ...rules, hours: { weekly, exceptions } });
    await queries.insert(bookingServices).values({ orgId, id: serviceId, name: 'Corte', synonyms: [], minutes: SLOT_MINUTES });
    await queries.insert(bookingStaff).values({ orgId, id: staffId, name: 'Ana' });
    await queries.insert(bookingStaffServices).values({ orgId, staffId, serviceId });
    const slot = { serviceId, staffId, startsAt, endsAt, heldUntil, state: 'held' as const };
    await queries.insert(appointments).values({ orgId, id: appointmentId, ...contact, ...slot });
  });
  return { serviceIds: [serviceId], staffIds: [staffId], appointmentIds: [appointmentId] };
}
