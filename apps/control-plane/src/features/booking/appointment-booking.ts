// Taking a slot: the rules say whether it can be had, and the insert whether nobody else was faster.
import { and, eq } from 'drizzle-orm';
import type { Queries } from '#db/client.ts';
import { appointments } from '#db/schema/booking.ts';
import type { Appointment, BookOutcome, BookableService, BookableStaff, BookingRequest, SlotRefusal } from '#ports/appointment-book.ts';
import { ALTERNATIVE_DAYS, findOffer, nearestFree, rangeOfDays } from '#shared/booking-choice.ts';
import type { BookingCalendar } from '#shared/booking-slots.ts';
import { judgeStart, overlaps } from '#shared/booking-slots.ts';
import { newId } from '#shared/id.ts';
import type { TimeRange, WallTime } from '#shared/opening-hours.ts';
import type { OrgScope } from '#shared/org-scope.ts';
import { appointmentOf, endExpiredHolds, findAppointment, listBusy, selectAppointments, standsAt } from './appointment-row.ts';
import type { AppointmentWriting } from './appointment-writing.ts';
import { shareCatalogue } from './catalogue-lock.ts';
import { readCatalogue } from './catalogue-read.ts';

/** A time that the rules allow, and everybody who could take it. */
type Opening = TimeRange & {
  readonly service: BookableService;
  readonly calendar: BookingCalendar;
  readonly staff: readonly BookableStaff[];
};
type Wanted = WallTime & { readonly serviceId: string; readonly staffId?: string | undefined };
/** What is written besides the slot. */
type Holder = Pick<Appointment, 'contactName' | 'contactNumber' | 'conversationId' | 'replaces'> & { readonly as: 'held' | 'confirmed' };

const MINUTE_MS = 60_000;

export function bookAppointment(
  { database, audit, clock, actor }: AppointmentWriting,
  scope: OrgScope,
  request: BookingRequest,
): Promise<BookOutcome> {
  return database.inOrg(scope, async (queries) => {
    await shareCatalogue(queries, scope);
    const now = clock.wallAt();
    const opening = await findOpening(queries, scope, { wanted: request, now });
    if (opening.kind !== 'opening') return opening;
    await endExpiredHolds(queries, scope, { range: opening, now });
    const own = () => findOwn(queries, scope, { request, opening, now });
    const already = await own();
    if (already) return { kind: 'already_booked', appointment: already };
    const holder = { ...request, replaces: null };
    const taken = await takeSlot(queries, scope, { opening, holder, now });
    if (taken) {
      if (actor) {
        const details = { serviceId: taken.service.serviceId, staffId: taken.staff.staffId, startsAt: taken.startsAt.toISOString() };
        await audit.append(queries, { scope, actor }, { action: 'appointment.booked', resource: taken.appointmentId, details });
      }
      return { kind: 'booked', appointment: taken };
    }
    // The same conversation may have asked twice at one moment.
    const meanwhile = await own();
    if (meanwhile) return { kind: 'already_booked', appointment: meanwhile };
    return takenRefusal(queries, scope, { opening, date: request.date, now });
  });
}

/** Judges a wanted time, without regard to what is taken. */
export async function findOpening(
  queries: Queries,
  scope: OrgScope,
  { wanted, now }: { readonly wanted: Wanted; readonly now: Date },
): Promise<({ readonly kind: 'opening' } & Opening) | SlotRefusal> {
  const { calendar, services, staff } = await readCatalogue(queries, scope);
  const offer = findOffer({ services, staff }, wanted);
  if (offer.kind !== 'offered') return offer;
  const verdict = judgeStart({ calendar, minutes: offer.service.minutes, now }, { date: wanted.date, time: wanted.time });
  if (verdict.kind !== 'open') return verdict;
  const { startsAt, endsAt } = verdict;
  return { kind: 'opening', startsAt, endsAt, calendar, service: offer.service, staff: offer.staff };
}

type Taking = { readonly opening: Opening; readonly holder: Holder; readonly now: Date };

/** Writes the appointment for the first of the staff that is free; null when nobody is. */
export async function takeSlot(queries: Queries, scope: OrgScope, { opening, holder, now }: Taking): Promise<Appointment | null> {
  const { calendar, service, staff, startsAt, endsAt } = opening;
  const busy = await listBusy(queries, scope, { range: opening, staffIds: staff.map(({ staffId }) => staffId), now });
  const { as: state, contactName, contactNumber, conversationId, replaces } = holder;
  const heldUntil = state === 'held' ? new Date(now.getTime() + calendar.holdMinutes * MINUTE_MS) : null;
  const slot = { serviceId: service.serviceId, startsAt, endsAt, state, heldUntil };
  const row = { orgId: scope.organizationId, ...slot, contactName, contactNumber, conversationId, replaces };
  for (const { staffId } of staff) {
    if (busy.some((taken) => taken.staffId === staffId && overlaps(taken, opening))) continue;
    const id = newId('appointment');
    // Without a target it also gives way to the exclusion constraint, and waits for a rival without a deadlock.
    const inserted = await queries
      .insert(appointments)
      .values({ ...row, id, staffId })
      .onConflictDoNothing()
      .returning({ id: appointments.id });
    if (inserted.length > 0) return findAppointment(queries, scope, { appointmentId: id, now, timeZone: calendar.timeZone });
  }
  return null;
}

/** The refusal of a time that nobody has free any more, with others that are. */
export async function takenRefusal(
  queries: Queries,
  scope: OrgScope,
  { opening, date, now }: { readonly opening: Opening; readonly date: string; readonly now: Date },
): Promise<SlotRefusal> {
  const { calendar, service, staff, startsAt } = opening;
  const range = rangeOfDays(calendar, { fromDate: date, days: ALTERNATIVE_DAYS });
  const busy = await listBusy(queries, scope, { range, staffIds: staff.map(({ staffId }) => staffId), now });
  return { kind: 'taken', alternatives: nearestFree({ calendar, minutes: service.minutes, now }, { date, startsAt, staff, busy }) };
}

/** What the conversation already has of this service at this time. */
async function findOwn(
  queries: Queries,
  scope: OrgScope,
  { request, opening, now }: { request: BookingRequest; opening: Opening; now: Date },
): Promise<Appointment | null> {
  const { conversationId, serviceId } = request;
  if (conversationId === null) return null;
  const same = and(
    eq(appointments.conversationId, conversationId),
    eq(appointments.serviceId, serviceId),
    eq(appointments.startsAt, opening.startsAt),
    standsAt(now),
  );
  const [row] = await selectAppointments(queries, scope, same).limit(1);
  return row ? appointmentOf(row, { now, timeZone: opening.calendar.timeZone }) : null;
}
