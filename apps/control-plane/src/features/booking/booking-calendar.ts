// The form of an organization's calendar, in a request and in its row, and what stands in for one that was never configured.
import { z } from '@hono/zod-openapi';
import type { BookingCalendar } from '#shared/booking-slots.ts';
import type { OpeningSpan } from '#shared/opening-hours.ts';
import { isTimeZone } from '#shared/opening-hours.ts';
import { TIME_OF_DAY } from '#shared/time-of-day.ts';

const MAX_SPANS = 6;
/** A year of days that differ. */
const MAX_EXCEPTIONS = 400;
const NOTE_CHARACTERS = 200;

/** `HH:MM` on a wall clock. */
export const timeSchema = z.string().regex(TIME_OF_DAY, 'must be a time such as 09:30').openapi({ example: '09:30' });
/** A date that exists, in the years that a calendar is about. */
export const dateSchema = z.iso
  .date('must be a date such as 2026-11-30')
  .refine((date) => date >= '2000-01-01' && date <= '2999-12-31', 'must lie between the years 2000 and 2999');

const span = z
  .strictObject({
    opensAt: timeSchema,
    closesAt: z.union([timeSchema, z.literal('24:00')]).openapi({ description: 'After opensAt; 24:00 for midnight', example: '14:00' }),
  })
  .refine(({ opensAt, closesAt }) => opensAt < closesAt, {
    path: ['closesAt'],
    message: 'must come after opensAt; past midnight is a second span on the next day',
  });
const spans = z
  .array(span)
  .max(MAX_SPANS)
  .refine(areApart, 'must not overlap one another')
  .openapi('OpeningSpans', { description: 'Empty for a closed day' });

const weekly = z.strictObject({
  monday: spans,
  tuesday: spans,
  wednesday: spans,
  thursday: spans,
  friday: spans,
  saturday: spans,
  sunday: spans,
});
const exceptions = z
  .array(z.strictObject({ date: dateSchema, spans, note: z.string().max(NOTE_CHARACTERS) }))
  .max(MAX_EXCEPTIONS)
  .refine((days) => new Set(days.map(({ date }) => date)).size === days.length, 'must name each date once');

/** What the row holds as JSON. */
export const hoursSchema = z.strictObject({ weekly, exceptions });

/** A calendar, whole. */
export const calendarSchema = z
  .strictObject({
    timeZone: z
      .string()
      .max(64)
      .refine(isTimeZone, 'must be an IANA time zone such as Europe/Madrid')
      .openapi({ description: 'IANA time zone of every date and time of the calendar', example: 'America/Mexico_City' }),
    slotMinutes: z.int().min(5).max(240).openapi({ description: 'Appointments begin every so many minutes from opening on' }),
    minNoticeMinutes: z.int().min(0).max(43_200).openapi({ description: 'Shortest time from now to an appointment' }),
    maxDaysAhead: z.int().min(1).max(730),
    holdMinutes: z.int().min(1).max(1_440).openapi({ description: 'A slot that is not confirmed is free again after this time' }),
    weekly: weekly.openapi({ description: 'Opening hours of each weekday' }),
    exceptions: exceptions.openapi({ description: 'Dates that are not like their weekday: other hours, or none for a closed day' }),
  })
  .openapi('BookingCalendar');

/** Always closed: what an organization has before it says when it is open. */
export const closedCalendar: BookingCalendar = {
  timeZone: 'UTC',
  slotMinutes: 30,
  minNoticeMinutes: 0,
  maxDaysAhead: 90,
  holdMinutes: 15,
  weekly: { monday: [], tuesday: [], wednesday: [], thursday: [], friday: [], saturday: [], sunday: [] },
  exceptions: [],
};

function areApart(given: readonly OpeningSpan[]): boolean {
  const inOrder = given.toSorted((a, b) => (a.opensAt < b.opensAt ? -1 : 1));
  return inOrder.every(({ opensAt }, index) => index === 0 || opensAt >= (inOrder[index - 1]?.closesAt ?? ''));
}
