// Moving an appointment: the old one gives its time up and the new one takes another, both or neither.
import { and, eq, TransactionRollbackError } from 'drizzle-orm';
import type { Queries } from '#db/client.ts';
import { appointments } from '#db/schema/booking.ts';
import type { Appointment, Rescheduling, RescheduleOutcome } from '#ports/appointment-book.ts';
import type { OrgScope } from '#shared/org-scope.ts';
import { findOpening, takenRefusal, takeSlot } from './appointment-booking.ts';
import { appointmentOf, endExpiredHolds, findAppointment, selectAppointments } from './appointment-row.ts';
import type { AppointmentWriting } from './appointment-writing.ts';
import { readCalendar } from './booking-calendar-store.ts';
import { shareCatalogue } from './catalogue-lock.ts';

type Move = { readonly appointmentId: string; readonly to: Rescheduling };
type Opening = Extract<Awaited<ReturnType<typeof findOpening>>, { kind: 'opening' }>;

export function rescheduleAppointment(writing: AppointmentWriting, scope: OrgScope, move: Move): Promise<RescheduleOutcome> {
  const { database, clock } = writing;
  return database.inOrg(scope, async (queries) => {
    await shareCatalogue(queries, scope);
    const now = clock.wallAt();
    const old = await lockAppointment(queries, scope, { appointmentId: move.appointmentId, now });
    if (!old) return { kind: 'not_found' };
    if (old.state === 'rescheduled') return movedBefore(queries, scope, { old, to: move.to, now });
    if (old.state === 'cancelled') return { kind: 'ended', appointment: old };
    const wanted = { ...move.to, serviceId: old.service.serviceId };
    const opening = await findOpening(queries, scope, { wanted, now });
    if (opening.kind !== 'opening') return opening;
    const staysWith = move.to.staffId === undefined || move.to.staffId === old.staff.staffId;
    if (opening.startsAt.getTime() === old.startsAt.getTime() && staysWith) return { kind: 'rescheduled', appointment: old };
    await endExpiredHolds(queries, scope, { range: opening, now });
    const moved = await exchange(queries, scope, { old, opening: sameStaffFirst(opening, old), to: move.to, now });
    if (!moved) return takenRefusal(queries, scope, { opening, date: move.to.date, now });
    if (writing.actor) {
      const details = { replacedBy: moved.appointmentId, startsAt: moved.startsAt.toISOString(), before: old.startsAt.toISOString() };
      const by = { scope, actor: writing.actor };
      await writing.audit.append(queries, by, { action: 'appointment.rescheduled', resource: old.appointmentId, details });
    }
    return { kind: 'rescheduled', appointment: moved };
  });
}

/** Nobody else moves or cancels it until the transaction ends. */
async function lockAppointment(queries: Queries, scope: OrgScope, { appointmentId, now }: { appointmentId: string; now: Date }) {
  const one = and(eq(appointments.orgId, scope.organizationId), eq(appointments.id, appointmentId));
  await queries.select({ id: appointments.id }).from(appointments).where(one).for('update');
  const { timeZone } = await readCalendar(queries, scope);
  return findAppointment(queries, scope, { appointmentId, now, timeZone });
}

/** Asked again for the same move, the answer is the same. */
async function movedBefore(
  queries: Queries,
  scope: OrgScope,
  { old, to, now }: { old: Appointment; to: Rescheduling; now: Date },
): Promise<RescheduleOutcome> {
  const { timeZone } = await readCalendar(queries, scope);
  const [row] = await selectAppointments(queries, scope, eq(appointments.replaces, old.appointmentId));
  const successor = row ? appointmentOf(row, { now, timeZone }) : null;
  const isSame = successor?.date === to.date && successor.time === to.time && successor.ended === null;
  return isSame ? { kind: 'rescheduled', appointment: successor } : { kind: 'ended', appointment: old };
}

function sameStaffFirst(opening: Opening, old: Appointment): Opening {
  const rank = ({ staffId }: { staffId: string }) => (staffId === old.staff.staffId ? 0 : 1);
  return { ...opening, staff: opening.staff.toSorted((a, b) => rank(a) - rank(b)) };
}

type Exchange = { readonly old: Appointment; readonly opening: Opening; readonly to: Rescheduling; readonly now: Date };

/** In a savepoint: the old one gives way first, because the new one may overlap it, and comes back when the new time is taken. */
async function exchange(queries: Queries, scope: OrgScope, { old, opening, to, now }: Exchange): Promise<Appointment | null> {
  const holder = {
    contactName: old.contactName,
    contactNumber: old.contactNumber,
    conversationId: to.conversationId,
    replaces: old.appointmentId,
    as: old.state === 'held' ? ('held' as const) : ('confirmed' as const),
  };
  try {
    return await queries.transaction(async (inside) => {
      await inside
        .update(appointments)
        .set({ state: 'rescheduled', heldUntil: null, updatedAt: now })
        .where(and(eq(appointments.orgId, scope.organizationId), eq(appointments.id, old.appointmentId)));
      const moved = await takeSlot(inside, scope, { opening, holder, now });
      return moved ?? inside.rollback();
    });
  } catch (error) {
    if (error instanceof TransactionRollbackError) return null;
    throw error;
  }
}
