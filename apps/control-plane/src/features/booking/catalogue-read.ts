// What an agent is shown of the catalogue: active services, and the active staff that does them.
import { and, asc, eq } from 'drizzle-orm';
import type { Queries } from '#db/client.ts';
import { bookingServices, bookingStaff } from '#db/schema/booking.ts';
import type { BookableService, BookableStaff } from '#ports/appointment-book.ts';
import type { BookingCalendar } from '#shared/booking-slots.ts';
import type { OrgScope } from '#shared/org-scope.ts';
import { readCalendar } from './booking-calendar-store.ts';
import { nameOrder, staffServiceIds } from './catalogue-rows.ts';

/** Everything that the rules of booking look at, from one transaction. */
export type OpenCatalogue = {
  readonly calendar: BookingCalendar;
  /** By name. */
  readonly services: readonly BookableService[];
  /** By name. */
  readonly staff: readonly BookableStaff[];
};

export async function readCatalogue(queries: Queries, scope: OrgScope): Promise<OpenCatalogue> {
  const orgId = scope.organizationId;
  const calendar = await readCalendar(queries, scope);
  const services = await queries
    .select({
      serviceId: bookingServices.id,
      name: bookingServices.name,
      synonyms: bookingServices.synonyms,
      minutes: bookingServices.minutes,
      priceText: bookingServices.priceText,
    })
    .from(bookingServices)
    .where(and(eq(bookingServices.orgId, orgId), eq(bookingServices.active, true)))
    .orderBy(asc(nameOrder(bookingServices)));
  const staff = await queries
    .select({
      staffId: bookingStaff.id,
      name: bookingStaff.name,
      serviceIds: staffServiceIds(),
    })
    .from(bookingStaff)
    .where(and(eq(bookingStaff.orgId, orgId), eq(bookingStaff.active, true)))
    .orderBy(asc(nameOrder(bookingStaff)));
  return { calendar, services, staff };
}
