// Appointments over HTTP: what is free, what was made by agents and by people, and what becomes of it.
import { createRoutes } from '#http/app.ts';
import { json, jsonBody } from '#http/json-content.ts';
import { fromCursor, toPage } from '#http/page.ts';
import { notFound } from '#http/problem.ts';
import type { Guards } from '#http/route.ts';
import { orgRoute } from '#http/route.ts';
import type { Appointment } from '#ports/appointment-book.ts';
import { isId } from '#shared/id.ts';
import type { AppointmentStore } from './appointment-store.ts';
import {
  appointmentBody,
  appointmentPageSchema,
  appointmentParams,
  appointmentPositionSchema,
  appointmentQuerySchema,
  appointmentSchema,
  availabilityQuerySchema,
  availabilitySchema,
  dayBody,
  newAppointmentSchema,
  reschedulingSchema,
} from './appointment-schemas.ts';
import { hasEnded, refusedSlot } from './booking-problems.ts';
import { serviceParams } from './booking-schemas.ts';

/** What the routes of appointments work with. */
export type AppointmentRouteParts = { readonly appointments: AppointmentStore; readonly guards: Guards };

/** 24 hours of the shortest slots: nothing of a day is left out. */
const PER_DAY = 288;

export function createAppointmentRoutes(parts: AppointmentRouteParts) {
  return createRoutes().route('/', createReadRoutes(parts)).route('/', createWriteRoutes(parts));
}

function createReadRoutes({ appointments, guards }: AppointmentRouteParts) {
  const routes = declareReadRoutes(guards);
  return createRoutes()
    .openapi(routes.free, async (context) => {
      const { serviceId } = context.req.valid('param');
      if (!isId('bookingService', serviceId)) throw notFound('service');
      const { fromDate, days, staffId } = context.req.valid('query');
      const scope = context.get('scope');
      const { timeZone, now } = await appointments.catalogue(scope);
      const found = await appointments.listFree(scope, { serviceId, staffId, fromDate: fromDate ?? now.date, days, perDay: PER_DAY });
      if (found.kind === 'unknown_service') throw notFound('service');
      if (found.kind === 'unknown_staff') throw refusedSlot(found);
      return context.json({ timeZone, days: found.days.map(dayBody) }, 200);
    })
    .openapi(routes.list, async (context) => {
      const { limit, cursor, startsFrom, startsTo, state, staffId } = context.req.valid('query');
      const position = fromCursor(appointmentPositionSchema, cursor);
      const rows = await appointments.list(context.get('scope'), {
        startsFrom: startsFrom === undefined ? null : new Date(startsFrom),
        startsTo: startsTo === undefined ? null : new Date(startsTo),
        state: state ?? null,
        staffId: staffId ?? null,
        limit: limit + 1,
        after: position && { startsAt: new Date(position.startsAt), appointmentId: position.appointmentId },
      });
      const { page, nextCursor } = toPage(rows, limit, ({ startsAt, appointmentId }) => ({
        startsAt: startsAt.toISOString(),
        appointmentId,
      }));
      return context.json({ appointments: page.map(appointmentBody), nextCursor }, 200);
    })
    .openapi(routes.get, async (context) => {
      const found = await appointments.find(context.get('scope'), known(context.req.valid('param').appointmentId));
      if (!found) throw notFound('appointment');
      return context.json(appointmentBody(found), 200);
    });
}

function createWriteRoutes({ appointments, guards }: AppointmentRouteParts) {
  const routes = declareWriteRoutes(guards);
  return createRoutes()
    .openapi(routes.book, async (context) => {
      const { hold, ...request } = context.req.valid('json');
      const book = appointments.by(context.get('actor'));
      const as = hold ? 'held' : 'confirmed';
      const outcome = await book.book(context.get('scope'), { ...request, conversationId: null, as });
      if (outcome.kind !== 'booked' && outcome.kind !== 'already_booked') throw refusedSlot(outcome);
      return context.json(appointmentBody(outcome.appointment), 201);
    })
    .openapi(routes.confirm, async (context) => {
      const appointmentId = known(context.req.valid('param').appointmentId);
      const outcome = await appointments.by(context.get('actor')).confirm(context.get('scope'), appointmentId);
      return context.json(appointmentBody(standing(outcome)), 200);
    })
    .openapi(routes.cancel, async (context) => {
      const appointmentId = known(context.req.valid('param').appointmentId);
      const outcome = await appointments.by(context.get('actor')).cancel(context.get('scope'), appointmentId);
      return context.json(appointmentBody(standing(outcome)), 200);
    })
    .openapi(routes.reschedule, async (context) => {
      const appointmentId = known(context.req.valid('param').appointmentId);
      const to = { ...context.req.valid('json'), conversationId: null };
      const outcome = await appointments.by(context.get('actor')).reschedule(context.get('scope'), appointmentId, to);
      if (outcome.kind !== 'rescheduled' && outcome.kind !== 'ended' && outcome.kind !== 'not_found') throw refusedSlot(outcome);
      return context.json(appointmentBody(standing(outcome)), 200);
    });
}

/** The id of one that may exist. */
function known(appointmentId: string): string {
  if (!isId('appointment', appointmentId)) throw notFound('appointment');
  return appointmentId;
}

type Ending = { readonly kind: string; readonly appointment: Appointment } | { readonly kind: 'not_found' };

/** The appointment that it came to; throws the problem when it came to nothing. */
function standing(outcome: Ending): Appointment {
  if (!('appointment' in outcome)) throw notFound('appointment');
  if (outcome.kind === 'ended') throw hasEnded();
  return outcome.appointment;
}

const tags = ['Booking'];
const all = { path: '/booking/appointments', tags } as const;
const answer = json('The appointment', appointmentSchema);

function declareReadRoutes(guards: Guards) {
  const read = { scope: 'calls:read' } as const;
  return {
    free: orgRoute(guards, read, {
      method: 'get',
      path: '/booking/services/{serviceId}/availability',
      tags,
      summary: 'Times at which a service can be booked',
      request: { params: serviceParams, query: availabilityQuerySchema },
      responses: { 200: json('Day by day', availabilitySchema) },
    }),
    list: orgRoute(guards, read, {
      ...all,
      method: 'get',
      summary: 'Appointments by start',
      request: { query: appointmentQuerySchema },
      responses: { 200: json('A page', appointmentPageSchema) },
    }),
    get: orgRoute(guards, read, {
      method: 'get',
      path: '/booking/appointments/{appointmentId}',
      tags,
      summary: 'One appointment',
      request: { params: appointmentParams },
      responses: { 200: answer },
    }),
  };
}

function declareWriteRoutes(guards: Guards) {
  const write = { scope: 'calls:write' } as const;
  const params = { params: appointmentParams };
  return {
    book: orgRoute(guards, write, {
      ...all,
      method: 'post',
      summary: 'Make an appointment',
      description: 'A time that is taken gives 409 and names others; one that cannot be had gives 422 and says why.',
      request: { body: jsonBody(newAppointmentSchema) },
      responses: { 201: answer },
    }),
    confirm: orgRoute(guards, write, {
      method: 'post',
      tags,
      path: '/booking/appointments/{appointmentId}/confirm',
      summary: 'Confirm an appointment that is held',
      description: 'Confirming what is confirmed changes nothing.',
      request: params,
      responses: { 200: answer },
    }),
    cancel: orgRoute(guards, write, {
      method: 'post',
      tags,
      path: '/booking/appointments/{appointmentId}/cancel',
      summary: 'Cancel an appointment; its time is free at once',
      description: 'Cancelling what is cancelled changes nothing.',
      request: params,
      responses: { 200: answer },
    }),
    reschedule: orgRoute(guards, write, {
      method: 'post',
      tags,
      path: '/booking/appointments/{appointmentId}/reschedule',
      summary: 'Move an appointment to another time',
      description: 'A new appointment takes its place and says which one it replaces. If the time cannot be had, the old one stands.',
      request: { ...params, body: jsonBody(reschedulingSchema) },
      responses: { 200: answer },
    }),
  };
}
