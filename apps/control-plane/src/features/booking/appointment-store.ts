// The appointment book on PostgreSQL: rows that overlap for one member of staff are refused by the database itself, however many book at once.
import { and, asc, eq, gt, gte, inArray, lt, or, sql } from 'drizzle-orm';
import { appointments } from '#db/schema/booking.ts';
import type {
  Appointment,
  AppointmentBook,
  AppointmentState,
  BookingCatalogue,
  BookingParty,
  SlotSearch,
  SlotSearchOutcome,
} from '#ports/appointment-book.ts';
import type { Actor } from '#shared/actor.ts';
import { findOffer, freeDays, rangeOfDays } from '#shared/booking-choice.ts';
import { wallTimeOf } from '#shared/opening-hours.ts';
import type { OrgScope } from '#shared/org-scope.ts';
import { bookAppointment } from './appointment-booking.ts';
import { cancelAppointment, confirmAppointment } from './appointment-ending.ts';
import { rescheduleAppointment } from './appointment-rescheduling.ts';
import { appointmentOf, findAppointment, listBusy, selectAppointments, standsAt } from './appointment-row.ts';
import type { AppointmentWriting } from './appointment-writing.ts';
import { readCalendar } from './booking-calendar-store.ts';
import { readCatalogue } from './catalogue-read.ts';

/** Which appointments to list. */
export type AppointmentQuery = {
  readonly startsFrom: Date | null;
  /** Those that begin before. */
  readonly startsTo: Date | null;
  readonly state: AppointmentState | null;
  readonly staffId: string | null;
  readonly limit: number;
  /** The last one of the page before. */
  readonly after: { readonly startsAt: Date; readonly appointmentId: string } | null;
};

/** The book that agents write in, and what its organization reads and writes over HTTP. */
export type AppointmentStore = AppointmentBook & {
  /** The same book for somebody whose writes are audited; what conversations write stands in the rows themselves. */
  by(actor: Actor): AppointmentBook;
  /** By start. */
  list(scope: OrgScope, query: AppointmentQuery): Promise<Appointment[]>;
  find(scope: OrgScope, appointmentId: string): Promise<Appointment | null>;
};

/** The last digits that tell a telephone number, however its country is written. */
const NUMBER_DIGITS = 9;
const MAX_UPCOMING = 10;

type Parts = Omit<AppointmentWriting, 'actor'>;

export function createAppointmentStore(parts: Parts): AppointmentStore {
  const { database, clock } = parts;
  return {
    ...bookOf({ ...parts, actor: null }),
    by: (actor) => bookOf({ ...parts, actor }),
    list: (scope, query) => list(parts, scope, query),
    find: (scope, appointmentId) =>
      database.inOrg(scope, async (queries) => {
        const { timeZone } = await readCalendar(queries, scope);
        return findAppointment(queries, scope, { appointmentId, timeZone, now: clock.wallAt() });
      }),
  };
}

function bookOf(writing: AppointmentWriting): AppointmentBook {
  return {
    catalogue: (scope) => catalogue(writing, scope),
    listFree: (scope, search) => listFree(writing, scope, search),
    book: (scope, request) => bookAppointment(writing, scope, request),
    confirm: (scope, appointmentId) => confirmAppointment(writing, scope, appointmentId),
    cancel: (scope, appointmentId) => cancelAppointment(writing, scope, appointmentId),
    reschedule: (scope, appointmentId, to) => rescheduleAppointment(writing, scope, { appointmentId, to }),
    listUpcoming: (scope, party) => listUpcoming(writing, scope, party),
  };
}

function catalogue({ database, clock }: Parts, scope: OrgScope): Promise<BookingCatalogue> {
  return database.inOrg(scope, async (queries) => {
    const { calendar, services, staff } = await readCatalogue(queries, scope);
    const { timeZone, holdMinutes } = calendar;
    return { timeZone, now: wallTimeOf(timeZone, clock.wallAt()), holdMinutes, services, staff };
  });
}

function listFree({ database, clock }: Parts, scope: OrgScope, search: SlotSearch): Promise<SlotSearchOutcome> {
  return database.inOrg(scope, async (queries) => {
    const open = await readCatalogue(queries, scope);
    const offer = findOffer(open, search);
    if (offer.kind !== 'offered') return offer;
    const now = clock.wallAt();
    const staffIds = offer.staff.map(({ staffId }) => staffId);
    const busy = await listBusy(queries, scope, { range: rangeOfDays(open.calendar, search), staffIds, now });
    const question = { calendar: open.calendar, minutes: offer.service.minutes, now };
    return { kind: 'found', days: freeDays(question, { ...search, staff: offer.staff, busy }) };
  });
}

function listUpcoming({ database, clock }: Parts, scope: OrgScope, { conversationId, callerNumber }: BookingParty) {
  const digits = callerNumber === null ? '' : callerNumber.replaceAll(/\D/g, '').slice(-NUMBER_DIGITS);
  const ofNumber = sql`right(regexp_replace(${appointments.contactNumber}, '[^0-9]', '', 'g'), ${NUMBER_DIGITS}) = ${digits}`;
  return database.inOrg(scope, async (queries) => {
    const now = clock.wallAt();
    const { timeZone } = await readCalendar(queries, scope);
    const ofConversation = eq(appointments.conversationId, conversationId);
    const standing = and(or(ofConversation, digits === '' ? undefined : ofNumber), standsAt(now));
    const ranOut = and(
      ofConversation,
      or(eq(appointments.ended, 'hold_expired'), and(eq(appointments.state, 'held'), sql`not (${standsAt(now)})`)),
    );
    const rows = await selectAppointments(queries, scope, and(gt(appointments.startsAt, now), or(standing, ranOut)))
      .orderBy(asc(appointments.startsAt), asc(appointments.id))
      .limit(MAX_UPCOMING);
    return rows.map((row) => appointmentOf(row, { now, timeZone }));
  });
}

function list({ database, clock }: Parts, scope: OrgScope, query: AppointmentQuery): Promise<Appointment[]> {
  const { startsFrom, startsTo, staffId, after, limit } = query;
  return database.inOrg(scope, async (queries) => {
    const now = clock.wallAt();
    const { timeZone } = await readCalendar(queries, scope);
    const condition = and(
      startsFrom === null ? undefined : gte(appointments.startsAt, startsFrom),
      startsTo === null ? undefined : lt(appointments.startsAt, startsTo),
      staffId === null ? undefined : eq(appointments.staffId, staffId),
      isInState(query.state, now),
      after === null
        ? undefined
        : or(
            gt(appointments.startsAt, after.startsAt),
            and(eq(appointments.startsAt, after.startsAt), gt(appointments.id, after.appointmentId)),
          ),
    );
    const rows = await selectAppointments(queries, scope, condition).orderBy(asc(appointments.startsAt), asc(appointments.id)).limit(limit);
    return rows.map((row) => appointmentOf(row, { now, timeZone }));
  });
}

/** A hold that ran out counts as cancelled. */
function isInState(state: AppointmentState | null, now: Date) {
  if (state === null) return undefined;
  if (state === 'held') return and(eq(appointments.state, 'held'), standsAt(now));
  if (state !== 'cancelled') return eq(appointments.state, state);
  return and(inArray(appointments.state, ['cancelled', 'held']), sql`not (${standsAt(now)})`);
}
