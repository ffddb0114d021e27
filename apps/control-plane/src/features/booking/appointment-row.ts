// Appointments as rows: how they are read, and what a row says at a given moment.
import type { SQL } from 'drizzle-orm';
import { and, eq, gt, inArray, lt, lte, or } from 'drizzle-orm';
import type { Queries } from '#db/client.ts';
import { appointments, bookingServices, bookingStaff } from '#db/schema/booking.ts';
import type { Appointment } from '#ports/appointment-book.ts';
import type { BusyRange } from '#shared/booking-slots.ts';
import type { TimeRange } from '#shared/opening-hours.ts';
import { wallTimeOf } from '#shared/opening-hours.ts';
import type { OrgScope } from '#shared/org-scope.ts';

const columns = {
  appointmentId: appointments.id,
  service: { serviceId: appointments.serviceId, name: bookingServices.name },
  staff: { staffId: appointments.staffId, name: bookingStaff.name },
  contactName: appointments.contactName,
  contactNumber: appointments.contactNumber,
  startsAt: appointments.startsAt,
  endsAt: appointments.endsAt,
  state: appointments.state,
  ended: appointments.ended,
  heldUntil: appointments.heldUntil,
  conversationId: appointments.conversationId,
  replaces: appointments.replaces,
};

/** Appointments of the organization that fit, with the names that belong to them; to be ordered and limited. */
export function selectAppointments(queries: Queries, { organizationId }: OrgScope, condition: SQL | undefined) {
  return queries
    .select(columns)
    .from(appointments)
    .innerJoin(bookingServices, and(eq(bookingServices.orgId, appointments.orgId), eq(bookingServices.id, appointments.serviceId)))
    .innerJoin(bookingStaff, and(eq(bookingStaff.orgId, appointments.orgId), eq(bookingStaff.id, appointments.staffId)))
    .where(and(eq(appointments.orgId, organizationId), condition))
    .$dynamic();
}

type AppointmentRow = Awaited<ReturnType<typeof selectAppointments>>[number];
/** The moment and the zone that a row is read in. */
export type ReadingTime = { readonly now: Date; readonly timeZone: string };

/** An appointment as it stands: a hold that ran out is over before anybody wrote that down. */
export function appointmentOf(row: AppointmentRow, { now, timeZone }: ReadingTime): Appointment {
  const hasRunOut = row.state === 'held' && row.heldUntil !== null && row.heldUntil <= now;
  const read = { ...row, ...wallTimeOf(timeZone, row.startsAt) };
  return hasRunOut ? { ...read, state: 'cancelled', ended: 'hold_expired' } : read;
}

/** One appointment, or null. */
export async function findAppointment(
  queries: Queries,
  scope: OrgScope,
  { appointmentId, ...time }: ReadingTime & { readonly appointmentId: string },
): Promise<Appointment | null> {
  const [row] = await selectAppointments(queries, scope, eq(appointments.id, appointmentId));
  return row ? appointmentOf(row, time) : null;
}

/** Confirmed, or held and not for too long. */
export function standsAt(now: Date): SQL | undefined {
  return or(eq(appointments.state, 'confirmed'), and(eq(appointments.state, 'held'), gt(appointments.heldUntil, now)));
}

/** Begins before the stretch ends, and ends after it begins. */
function touches({ startsAt, endsAt }: TimeRange): SQL | undefined {
  return and(lt(appointments.startsAt, endsAt), gt(appointments.endsAt, startsAt));
}

/** What is taken of these people's time. */
export async function listBusy(
  queries: Queries,
  { organizationId }: OrgScope,
  { range, staffIds, now }: { readonly range: TimeRange; readonly staffIds: readonly string[]; readonly now: Date },
): Promise<(BusyRange & { readonly appointmentId: string })[]> {
  if (staffIds.length === 0) return [];
  const { id: appointmentId, staffId, startsAt, endsAt } = appointments;
  return queries
    .select({ appointmentId, staffId, startsAt, endsAt })
    .from(appointments)
    .where(and(eq(appointments.orgId, organizationId), inArray(staffId, [...staffIds]), touches(range), standsAt(now)));
}

/** Ends the holds of a stretch that ran out, so that the constraint lets the next one have it. They keep the time until which they were held. */
export async function endExpiredHolds(queries: Queries, { organizationId }: OrgScope, { range, now }: { range: TimeRange; now: Date }) {
  await queries
    .update(appointments)
    .set({ state: 'cancelled', updatedAt: now })
    .where(and(eq(appointments.orgId, organizationId), eq(appointments.state, 'held'), lte(appointments.heldUntil, now), touches(range)));
}
