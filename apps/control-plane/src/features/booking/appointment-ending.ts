// Confirming and cancelling: one conditional update each, so that of two who act at once the second sees what the first did.
import { and, eq, inArray } from 'drizzle-orm';
import type { Queries } from '#db/client.ts';
import { appointments } from '#db/schema/booking.ts';
import type { Appointment, CancelOutcome, ConfirmOutcome } from '#ports/appointment-book.ts';
import type { OrgScope } from '#shared/org-scope.ts';
import { findAppointment, standsAt } from './appointment-row.ts';
import type { AppointmentWriting } from './appointment-writing.ts';
import { readCalendar } from './booking-calendar-store.ts';

export function confirmAppointment(writing: AppointmentWriting, scope: OrgScope, appointmentId: string): Promise<ConfirmOutcome> {
  return writing.database.inOrg(scope, async (queries) => {
    const now = writing.clock.wallAt();
    const confirmed = await queries
      .update(appointments)
      .set({ state: 'confirmed', heldUntil: null, updatedAt: now })
      .where(and(isAppointment(scope, appointmentId), eq(appointments.state, 'held'), standsAt(now)))
      .returning({ id: appointments.id });
    const appointment = await read(queries, scope, { appointmentId, now });
    if (!appointment) return { kind: 'not_found' };
    if (confirmed.length > 0) await write(writing, queries, { scope, appointment, action: 'appointment.confirmed' });
    return { kind: appointment.state === 'confirmed' ? 'confirmed' : 'ended', appointment };
  });
}

export function cancelAppointment(writing: AppointmentWriting, scope: OrgScope, appointmentId: string): Promise<CancelOutcome> {
  return writing.database.inOrg(scope, async (queries) => {
    const now = writing.clock.wallAt();
    const cancelled = await queries
      .update(appointments)
      .set({ state: 'cancelled', heldUntil: null, updatedAt: now })
      .where(and(isAppointment(scope, appointmentId), inArray(appointments.state, ['held', 'confirmed'])))
      .returning({ id: appointments.id });
    const appointment = await read(queries, scope, { appointmentId, now });
    if (!appointment) return { kind: 'not_found' };
    if (cancelled.length > 0) await write(writing, queries, { scope, appointment, action: 'appointment.cancelled' });
    return { kind: appointment.state === 'cancelled' ? 'cancelled' : 'ended', appointment };
  });
}

async function read(queries: Queries, scope: OrgScope, one: { appointmentId: string; now: Date }): Promise<Appointment | null> {
  const { timeZone } = await readCalendar(queries, scope);
  return findAppointment(queries, scope, { ...one, timeZone });
}

async function write(
  { audit, actor }: AppointmentWriting,
  queries: Queries,
  { scope, appointment, action }: { scope: OrgScope; appointment: Appointment; action: string },
): Promise<void> {
  if (actor) await audit.append(queries, { scope, actor }, { action, resource: appointment.appointmentId });
}

function isAppointment({ organizationId }: OrgScope, appointmentId: string) {
  return and(eq(appointments.orgId, organizationId), eq(appointments.id, appointmentId));
}
