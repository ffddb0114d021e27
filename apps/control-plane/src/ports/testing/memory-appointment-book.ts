// An appointment book in memory: the same rules as the one with rows, for dialogs that are tested without a database.
import type {
  Appointment,
  AppointmentBook,
  BookOutcome,
  BookableService,
  BookableStaff,
  BookingRequest,
  RescheduleOutcome,
  Rescheduling,
  SlotRefusal,
} from '#ports/appointment-book.ts';
import { findOffer, freeDays, nearestFree } from '#shared/booking-choice.ts';
import type { BookingCalendar } from '#shared/booking-slots.ts';
import { judgeStart, overlaps } from '#shared/booking-slots.ts';
import { newId } from '#shared/id.ts';
import type { WallTime } from '#shared/opening-hours.ts';
import { wallTimeOf } from '#shared/opening-hours.ts';

/** What one organization offers. Others have nothing in the book. */
export type MemoryBookParts = {
  readonly organizationId: string;
  readonly calendar: BookingCalendar;
  readonly services: readonly BookableService[];
  readonly staff: readonly BookableStaff[];
  readonly now: () => Date;
};
type Row = Omit<Appointment, 'state' | 'ended'> & { state: Appointment['state']; ended: Appointment['ended'] };
type Shelf = MemoryBookParts & { readonly rows: Row[] };
type Wanted = WallTime & { readonly serviceId: string; readonly staffId?: string | undefined };
type Holder = Pick<Appointment, 'contactName' | 'contactNumber' | 'conversationId' | 'replaces'> & { readonly as: 'held' | 'confirmed' };

const NUMBER_DIGITS = 9;
const MAX_UPCOMING = 10;

export function createMemoryAppointmentBook(parts: MemoryBookParts): AppointmentBook {
  const shelf: Shelf = { ...parts, rows: [] };
  const empty: Shelf = { ...parts, services: [], staff: [], rows: [] };
  const of = (scope: { organizationId: string }) => (scope.organizationId === parts.organizationId ? shelf : empty);
  return {
    async catalogue(scope) {
      const { calendar, services, staff, now } = of(scope);
      return { timeZone: calendar.timeZone, now: wallTimeOf(calendar.timeZone, now()), holdMinutes: calendar.holdMinutes, services, staff };
    },
    async listFree(scope, search) {
      const own = of(scope);
      const offer = findOffer(own, search);
      if (offer.kind !== 'offered') return offer;
      const question = { calendar: own.calendar, minutes: offer.service.minutes, now: own.now() };
      return { kind: 'found', days: freeDays(question, { ...search, staff: offer.staff, busy: standing(own).map(asBusy) }) };
    },
    book: async (scope, request) => book(of(scope), request),
    async confirm(scope, appointmentId) {
      const row = find(of(scope), appointmentId);
      if (!row) return { kind: 'not_found' };
      if (row.state === 'held') Object.assign(row, { state: 'confirmed', heldUntil: null });
      return { kind: row.state === 'confirmed' ? 'confirmed' : 'ended', appointment: { ...row } };
    },
    async cancel(scope, appointmentId) {
      const row = find(of(scope), appointmentId);
      if (!row) return { kind: 'not_found' };
      if (row.ended === null) Object.assign(row, { state: 'cancelled', ended: 'cancelled', heldUntil: null });
      return { kind: row.state === 'cancelled' ? 'cancelled' : 'ended', appointment: { ...row } };
    },
    reschedule: async (scope, appointmentId, to) => reschedule(of(scope), appointmentId, to),
    async listUpcoming(scope, { conversationId, callerNumber }) {
      const own = of(scope);
      const lastDigits = (number: string) => number.replaceAll(/\D/g, '').slice(-NUMBER_DIGITS);
      const digits = lastDigits(callerNumber ?? '');
      const isOwn = (row: Row) => row.conversationId === conversationId;
      const isTheirs = (row: Row) => isOwn(row) || (digits !== '' && lastDigits(row.contactNumber) === digits);
      const stands = new Set(standing(own));
      const isListed = (row: Row) => (stands.has(row) ? isTheirs(row) : row.ended === 'hold_expired' && isOwn(row));
      const upcoming = own.rows.filter((row) => row.startsAt > own.now() && isListed(row));
      const inOrder = upcoming.toSorted((a, b) => a.startsAt.getTime() - b.startsAt.getTime());
      return inOrder.slice(0, MAX_UPCOMING).map((row) => ({ ...row }));
    },
  };
}

function book(shelf: Shelf, request: BookingRequest): BookOutcome {
  const judged = judge(shelf, request);
  if (judged.kind !== 'opening') return judged;
  const already = standing(shelf).find(
    (row) =>
      request.conversationId !== null &&
      row.conversationId === request.conversationId &&
      row.service.serviceId === request.serviceId &&
      row.startsAt.getTime() === judged.startsAt.getTime(),
  );
  if (already) return { kind: 'already_booked', appointment: { ...already } };
  const taken = take(shelf, judged, { ...request, replaces: null });
  return taken ? { kind: 'booked', appointment: taken } : refuse(shelf, judged, request.date);
}

function reschedule(shelf: Shelf, appointmentId: string, to: Rescheduling): RescheduleOutcome {
  const old = find(shelf, appointmentId);
  if (!old) return { kind: 'not_found' };
  if (old.state === 'rescheduled') {
    const successor = standing(shelf).find(({ replaces }) => replaces === appointmentId);
    const isSame = successor?.date === to.date && successor.time === to.time;
    return isSame ? { kind: 'rescheduled', appointment: { ...successor } } : { kind: 'ended', appointment: { ...old } };
  }
  if (old.state === 'cancelled') return { kind: 'ended', appointment: { ...old } };
  const judged = judge(shelf, { ...to, serviceId: old.service.serviceId });
  if (judged.kind !== 'opening') return judged;
  const staysWith = to.staffId === undefined || to.staffId === old.staff.staffId;
  if (judged.startsAt.getTime() === old.startsAt.getTime() && staysWith) return { kind: 'rescheduled', appointment: { ...old } };
  const { state, heldUntil } = old;
  Object.assign(old, { state: 'rescheduled', ended: 'rescheduled', heldUntil: null });
  const isSameStaff = (one: BookableStaff) => (one.staffId === old.staff.staffId ? 0 : 1);
  const staff = judged.staff.toSorted((a, b) => isSameStaff(a) - isSameStaff(b));
  const holder: Holder = {
    ...old,
    conversationId: to.conversationId,
    replaces: appointmentId,
    as: state === 'held' ? 'held' : 'confirmed',
  };
  const taken = take(shelf, { ...judged, staff }, holder);
  if (taken) return { kind: 'rescheduled', appointment: taken };
  Object.assign(old, { state, heldUntil, ended: null });
  return refuse(shelf, judged, to.date);
}

type Judged = Extract<ReturnType<typeof judge>, { kind: 'opening' }>;

function judge(shelf: Shelf, wanted: Wanted) {
  const offer = findOffer(shelf, wanted);
  if (offer.kind !== 'offered') return offer;
  const question = { calendar: shelf.calendar, minutes: offer.service.minutes, now: shelf.now() };
  const verdict = judgeStart(question, { date: wanted.date, time: wanted.time });
  return verdict.kind === 'open' ? { ...verdict, ...offer, question, kind: 'opening' as const } : verdict;
}

function take(shelf: Shelf, { service, staff, startsAt, endsAt }: Judged, holder: Holder): Appointment | null {
  const { calendar, now, rows } = shelf;
  const { as: state, contactName, contactNumber, conversationId, replaces } = holder;
  const free = staff.find(
    ({ staffId }) => !standing(shelf).some((row) => row.staff.staffId === staffId && overlaps(row, { startsAt, endsAt })),
  );
  if (!free) return null;
  const row: Row = {
    ...wallTimeOf(calendar.timeZone, startsAt),
    appointmentId: newId('appointment'),
    service: { serviceId: service.serviceId, name: service.name },
    staff: { staffId: free.staffId, name: free.name },
    contactName,
    contactNumber,
    conversationId,
    replaces,
    startsAt,
    endsAt,
    state,
    ended: null,
    heldUntil: state === 'held' ? new Date(now().getTime() + calendar.holdMinutes * 60_000) : null,
  };
  rows.push(row);
  return { ...row };
}

function refuse(shelf: Shelf, { question, startsAt, staff }: Judged, date: string): SlotRefusal {
  return { kind: 'taken', alternatives: nearestFree(question, { date, startsAt, staff, busy: standing(shelf).map(asBusy) }) };
}

function find(shelf: Shelf, appointmentId: string): Row | undefined {
  endExpiredHolds(shelf);
  return shelf.rows.find((row) => row.appointmentId === appointmentId);
}

function standing(shelf: Shelf): Row[] {
  endExpiredHolds(shelf);
  return shelf.rows.filter(({ ended }) => ended === null);
}

function endExpiredHolds({ rows, now }: Shelf): void {
  for (const row of rows) {
    if (row.state === 'held' && row.heldUntil !== null && row.heldUntil <= now()) {
      Object.assign(row, { state: 'cancelled', ended: 'hold_expired' });
    }
  }
}

function asBusy({ startsAt, endsAt, staff }: Row) {
  return { startsAt, endsAt, staffId: staff.staffId };
}
