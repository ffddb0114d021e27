// Everything of booking over HTTP.
import { createRoutes } from '#http/app.ts';
import type { AppointmentRouteParts } from './appointment-routes.ts';
import { createAppointmentRoutes } from './appointment-routes.ts';
import type { BookingCalendarRouteParts } from './booking-calendar-routes.ts';
import { createBookingCalendarRoutes } from './booking-calendar-routes.ts';
import type { BookingServiceRouteParts } from './booking-service-routes.ts';
import { createBookingServiceRoutes } from './booking-service-routes.ts';
import type { BookingStaffRouteParts } from './booking-staff-routes.ts';
import { createBookingStaffRoutes } from './booking-staff-routes.ts';

/** What the routes of booking work with. */
export type BookingRouteParts = BookingCalendarRouteParts & BookingServiceRouteParts & BookingStaffRouteParts & AppointmentRouteParts;

export function createBookingRoutes(parts: BookingRouteParts) {
  return createRoutes()
    .route('/', createBookingCalendarRoutes(parts))
    .route('/', createBookingServiceRoutes(parts))
    .route('/', createBookingStaffRoutes(parts))
    .route('/', createAppointmentRoutes(parts));
}
