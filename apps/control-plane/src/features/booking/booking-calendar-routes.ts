// When an organization is open for appointments, over HTTP.
import { createRoutes } from '#http/app.ts';
import { json, jsonBody } from '#http/json-content.ts';
import type { Guards } from '#http/route.ts';
import { orgRoute } from '#http/route.ts';
import type { BookingCalendarStore } from './booking-calendar-store.ts';
import { calendarSchema } from './booking-calendar.ts';

/** What the routes of the calendar work with. */
export type BookingCalendarRouteParts = { readonly bookingCalendars: BookingCalendarStore; readonly guards: Guards };

const tags = ['Booking'];
const one = { path: '/booking/calendar', tags } as const;

export function createBookingCalendarRoutes({ bookingCalendars, guards }: BookingCalendarRouteParts) {
  const routes = declareRoutes(guards);
  return createRoutes()
    .openapi(routes.get, async (context) => context.json(writable(await bookingCalendars.get(context.get('scope'))), 200))
    .openapi(routes.save, async (context) => {
      const by = { scope: context.get('scope'), actor: context.get('actor') };
      await bookingCalendars.save(by, context.req.valid('json'));
      return context.json(writable(await bookingCalendars.get(by.scope)), 200);
    });
}

/** The document's lists are not read-only. */
function writable(calendar: Awaited<ReturnType<BookingCalendarStore['get']>>) {
  return calendarSchema.parse(calendar);
}

function declareRoutes(guards: Guards) {
  return {
    get: orgRoute(
      guards,
      { scope: 'agent:read' },
      {
        ...one,
        method: 'get',
        summary: 'When appointments can be had',
        description: 'Before it is configured: closed on every day.',
        responses: { 200: json('The calendar', calendarSchema) },
      },
    ),
    save: orgRoute(
      guards,
      { scope: 'agent:write' },
      {
        ...one,
        method: 'put',
        summary: 'Set when appointments can be had, whole',
        description:
          'Appointments that exist stay as they are. All times are of the wall clock of the time zone, also on days on which clocks change.',
        request: { body: jsonBody(calendarSchema) },
        responses: { 200: json('The calendar', calendarSchema) },
      },
    ),
  };
}
