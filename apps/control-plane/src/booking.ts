// What can be booked, composed: the configuration that an organization writes, and the book that its agents and its people write in.
import type { Database } from '#db/client.ts';
import type { AuditTrail } from '#features/access/audit-store.ts';
import { createAppointmentStore } from '#features/booking/appointment-store.ts';
import { createBookingCalendarStore } from '#features/booking/booking-calendar-store.ts';
import { createBookingServiceStore } from '#features/booking/booking-service-store.ts';
import { createBookingStaffStore } from '#features/booking/booking-staff-store.ts';
import type { Clock } from '#shared/clock.ts';

export function createBookingStores(parts: { readonly database: Database; readonly audit: AuditTrail; readonly clock: Clock }) {
  return {
    bookingCalendars: createBookingCalendarStore(parts),
    bookingServices: createBookingServiceStore(parts),
    bookingStaff: createBookingStaffStore(parts),
    appointments: createAppointmentStore(parts),
  };
}
