// The calendar as a row: one of an organization, written whole.
import { eq } from 'drizzle-orm';
import type { Database, Queries } from '#db/client.ts';
import { bookingCalendars } from '#db/schema/booking.ts';
import type { AuditTrail } from '#features/access/audit-store.ts';
import type { Actor } from '#shared/actor.ts';
import type { BookingCalendar } from '#shared/booking-slots.ts';
import type { OrgScope } from '#shared/org-scope.ts';
import { closedCalendar, hoursSchema } from './booking-calendar.ts';

/** Who configures what can be booked. */
export type BookingEditor = { readonly scope: OrgScope; readonly actor: Actor };

export type BookingCalendarStore = {
  /** A calendar that is always closed when none was configured. */
  get(scope: OrgScope): Promise<BookingCalendar>;
  save(by: BookingEditor, calendar: BookingCalendar): Promise<void>;
};

export function createBookingCalendarStore({ database, audit }: { database: Database; audit: AuditTrail }): BookingCalendarStore {
  return {
    get: (scope) => database.inOrg(scope, (queries) => readCalendar(queries, scope)),
    save: (by, { weekly, exceptions, ...rules }) =>
      database.inOrg(by.scope, async (queries) => {
        const orgId = by.scope.organizationId;
        const row = { ...rules, hours: { weekly, exceptions }, updatedAt: new Date() };
        await queries
          .insert(bookingCalendars)
          .values({ orgId, ...row })
          .onConflictDoUpdate({ target: bookingCalendars.orgId, set: row });
        const details = { ...rules, weekly, exceptions: exceptions.length };
        await audit.append(queries, by, { action: 'booking_calendar.saved', resource: orgId, details });
      }),
  };
}

/** The calendar in a transaction of the organization. */
export async function readCalendar(queries: Queries, { organizationId }: OrgScope): Promise<BookingCalendar> {
  const [row] = await queries.select().from(bookingCalendars).where(eq(bookingCalendars.orgId, organizationId));
  if (!row) return closedCalendar;
  const { timeZone, slotMinutes, minNoticeMinutes, maxDaysAhead, holdMinutes } = row;
  return { timeZone, slotMinutes, minNoticeMinutes, maxDaysAhead, holdMinutes, ...hoursSchema.parse(row.hours) };
}
