// What an agent may do with its organization's appointments. A book that two callers write in at once gives a slot to one of them.
import type { DayOfSlots, OpenSlot } from '#shared/booking-choice.ts';
import type { StartVerdict } from '#shared/booking-slots.ts';
import type { WallTime } from '#shared/opening-hours.ts';
import type { OrgScope } from '#shared/org-scope.ts';

/** Something that can be booked. */
export type BookableService = {
  readonly serviceId: string;
  readonly name: string;
  /** What callers also call it. */
  readonly synonyms: readonly string[];
  /** How long it takes, minutes. */
  readonly minutes: number;
  /** As it is told to callers, such as `40 euros`; null when it is not told. */
  readonly priceText: string | null;
};

/** Who attends, or what is taken up, such as a table: has one appointment at a time. */
export type BookableStaff = { readonly staffId: string; readonly name: string; readonly serviceIds: readonly string[] };

/** What there is to book, and what the clock shows where it is. */
export type BookingCatalogue = {
  /** IANA name. All dates and times of the book are of this zone. */
  readonly timeZone: string;
  readonly now: WallTime;
  /** How long a slot is kept for somebody who has not confirmed it, minutes. */
  readonly holdMinutes: number;
  /** By name. */
  readonly services: readonly BookableService[];
  /** By name. */
  readonly staff: readonly BookableStaff[];
};

export type AppointmentState = 'held' | 'confirmed' | 'cancelled' | 'rescheduled';

/** Why an appointment ended before its time; null for one that stands. */
export type AppointmentEnd = 'cancelled' | 'hold_expired' | 'rescheduled';

export type Appointment = WallTime & {
  readonly appointmentId: string;
  readonly service: { readonly serviceId: string; readonly name: string };
  readonly staff: { readonly staffId: string; readonly name: string };
  /** Personal data. */
  readonly contactName: string;
  /** Personal data. */
  readonly contactNumber: string;
  readonly startsAt: Date;
  readonly endsAt: Date;
  readonly state: AppointmentState;
  readonly ended: AppointmentEnd | null;
  /** Until when an unconfirmed one is kept; null once it is confirmed. */
  readonly heldUntil: Date | null;
  /** The call or chat that made it; null when it was made otherwise. */
  readonly conversationId: string | null;
  /** The appointment that it took the place of; null for a new one. */
  readonly replaces: string | null;
};

export type SlotSearch = {
  readonly serviceId: string;
  /** With this one only; anybody who does it when absent. */
  readonly staffId?: string | undefined;
  /** First date to look at. */
  readonly fromDate: string;
  /** Dates to look at, 1 to 31. */
  readonly days: number;
  /** Most slots of one date, 1 to 288. */
  readonly perDay: number;
};

export type SlotSearchOutcome =
  | { readonly kind: 'found'; readonly days: readonly DayOfSlots[] }
  /** No active service has this id, or nobody of this id does it. */
  | { readonly kind: 'unknown_service' }
  | { readonly kind: 'unknown_staff' };

export type BookingRequest = WallTime & {
  readonly serviceId: string;
  readonly staffId?: string | undefined;
  readonly contactName: string;
  readonly contactNumber: string;
  /** The call or chat that asks; null outside of one. A conversation that asks again for the same service at the same time gets what it has. */
  readonly conversationId: string | null;
  /** `held` is free again after the calendar's hold time unless it is confirmed. */
  readonly as: 'held' | 'confirmed';
};

/** Why a time cannot be had. */
export type SlotRefusal =
  | Exclude<StartVerdict, { readonly kind: 'open' }>
  | { readonly kind: 'taken'; readonly alternatives: readonly OpenSlot[] }
  | { readonly kind: 'unknown_service' }
  | { readonly kind: 'unknown_staff' };
export type BookOutcome =
  | { readonly kind: 'booked'; readonly appointment: Appointment }
  | { readonly kind: 'already_booked'; readonly appointment: Appointment }
  | SlotRefusal;
export type ConfirmOutcome =
  | { readonly kind: 'confirmed'; readonly appointment: Appointment }
  /** It was cancelled, rescheduled, or held for too long. */
  | { readonly kind: 'ended'; readonly appointment: Appointment }
  | { readonly kind: 'not_found' };
export type CancelOutcome =
  | { readonly kind: 'cancelled'; readonly appointment: Appointment }
  /** It was rescheduled: the one that replaces it is to be cancelled instead. */
  | { readonly kind: 'ended'; readonly appointment: Appointment }
  | { readonly kind: 'not_found' };
export type RescheduleOutcome =
  /** The new appointment, in the state that the old one had. Asking again for the same time gives it again. */
  | { readonly kind: 'rescheduled'; readonly appointment: Appointment }
  | { readonly kind: 'ended'; readonly appointment: Appointment }
  | { readonly kind: 'not_found' }
  /** The old one stands as it was. */
  | SlotRefusal;

export type Rescheduling = WallTime & {
  /** With this one; when absent, with the same as before if free, else with anybody who does it. */
  readonly staffId?: string | undefined;
  readonly conversationId: string | null;
};

/** Whose appointments are looked for: those made in the conversation, and those of the number. */
export type BookingParty = { readonly conversationId: string; readonly callerNumber: string | null };

/** The appointments of organizations. Throws only for faults. */
export type AppointmentBook = {
  catalogue(scope: OrgScope): Promise<BookingCatalogue>;
  listFree(scope: OrgScope, search: SlotSearch): Promise<SlotSearchOutcome>;
  book(scope: OrgScope, request: BookingRequest): Promise<BookOutcome>;
  /** Confirming what is confirmed changes nothing. */
  confirm(scope: OrgScope, appointmentId: string): Promise<ConfirmOutcome>;
  /** Cancelling what is cancelled changes nothing. */
  cancel(scope: OrgScope, appointmentId: string): Promise<CancelOutcome>;
  reschedule(scope: OrgScope, appointmentId: string, to: Rescheduling): Promise<RescheduleOutcome>;
  /** What stands and has not begun, and holds of the conversation that ran out and could be asked for again; the next one first, at most 10. */
  listUpcoming(scope: OrgScope, party: BookingParty): Promise<readonly Appointment[]>;
};
