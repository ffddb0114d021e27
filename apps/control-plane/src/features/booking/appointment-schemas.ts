// How appointments and free times look on the wire.
import { z } from '@hono/zod-openapi';
import { pageQuerySchema } from '#http/page.ts';
import type { Appointment } from '#ports/appointment-book.ts';
import { appointmentEnds, appointmentStates } from '#db/schema/booking.ts';
import type { DayOfSlots } from '#shared/booking-choice.ts';
import { dateSchema, timeSchema } from './booking-calendar.ts';

const instantSchema = z.iso
  .datetime({ offset: true, error: 'must be an instant such as 2026-11-21T10:00:00Z' })
  .refine(
    (text) => Date.parse(text) >= 0 && Date.parse(text) < Date.parse('3000-01-01T00:00:00Z'),
    'must lie between the years 1970 and 2999',
  );
const id = z.string().max(100);
const date = dateSchema.openapi({ description: "Of the calendar's time zone", example: '2026-11-30' });

export const appointmentParams = z.object({ appointmentId: id });
export const newAppointmentSchema = z
  .strictObject({
    serviceId: id,
    staffId: id.optional().openapi({ description: 'Anybody free who does the service when left out' }),
    date,
    time: timeSchema,
    contactName: z.string().trim().min(1).max(120),
    contactNumber: z.string().regex(/^\+?[0-9 ()-]{3,24}$/, 'must be a telephone number such as +34600111222'),
    hold: z.boolean().default(false).openapi({ description: 'Keep it for the time that the calendar says, until it is confirmed' }),
  })
  .openapi('NewAppointment');
export const reschedulingSchema = z
  .strictObject({
    date,
    time: timeSchema,
    staffId: id.optional().openapi({ description: 'The same as before if free, else anybody who does the service, when left out' }),
  })
  .openapi('Rescheduling');
export const appointmentQuerySchema = pageQuerySchema.extend({
  startsFrom: instantSchema.optional(),
  startsTo: instantSchema.optional().openapi({ description: 'Those that begin before' }),
  state: z.enum(appointmentStates).optional(),
  staffId: z
    .string()
    .regex(/^staff_[0-9a-f]{32}$/, 'must be the id of a member of staff')
    .optional(),
});
/** Where a page ends. */
export const appointmentPositionSchema = z.strictObject({
  startsAt: instantSchema,
  appointmentId: z.string().regex(/^appt_[0-9a-f]{32}$/),
});

const instant = z.iso.datetime();
export const appointmentSchema = z
  .object({
    appointmentId: z.string(),
    service: z.object({ serviceId: z.string(), name: z.string() }),
    staff: z.object({ staffId: z.string(), name: z.string() }),
    contactName: z.string(),
    contactNumber: z.string(),
    date: z.string(),
    time: z.string(),
    startsAt: instant,
    endsAt: instant,
    state: z.enum(appointmentStates),
    ended: z.enum(appointmentEnds).nullable().openapi({ description: 'Why it no longer stands' }),
    heldUntil: instant.nullable().openapi({ description: 'Until when it is kept unconfirmed' }),
    conversationId: z.string().nullable().openapi({ description: 'The call or chat that made it' }),
    replaces: z.string().nullable().openapi({ description: 'The appointment that it took the place of' }),
  })
  .openapi('Appointment');
export const appointmentPageSchema = z.object({ appointments: z.array(appointmentSchema), nextCursor: z.string().nullable() });

export const availabilityQuerySchema = z.strictObject({
  fromDate: dateSchema.optional().openapi({ description: 'Today when left out' }),
  days: z.coerce.number().int().min(1).max(31).default(7),
  staffId: id.optional(),
});
export const availabilitySchema = z
  .object({
    timeZone: z.string(),
    days: z.array(
      z.object({
        date: z.string(),
        open: z.array(z.object({ opensAt: z.string(), closesAt: z.string() })),
        slots: z.array(
          z.object({ time: z.string(), startsAt: instant, staff: z.array(z.object({ staffId: z.string(), name: z.string() })) }),
        ),
      }),
    ),
  })
  .openapi('Availability');

export function appointmentBody({ startsAt, endsAt, heldUntil, ...appointment }: Appointment) {
  return {
    ...appointment,
    startsAt: startsAt.toISOString(),
    endsAt: endsAt.toISOString(),
    heldUntil: heldUntil?.toISOString() ?? null,
  };
}

export function dayBody({ date: day, spans, slots }: DayOfSlots) {
  return {
    date: day,
    open: spans.map((span) => ({ ...span })),
    slots: slots.map(({ time, startsAt, staff }) => ({ time, startsAt: startsAt.toISOString(), staff: [...staff] })),
  };
}
