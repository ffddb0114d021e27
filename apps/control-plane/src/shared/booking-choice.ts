// Who can take an appointment and what is free on which day: the part of the rules that looks at services, staff and what is taken.
import type { BookingCalendar, BusyRange, FreeStart, SlotQuestion } from './booking-slots.ts';
import { freeStartsOfDay } from './booking-slots.ts';
import type { OpeningSpan, TimeRange, WallTime } from './opening-hours.ts';
import { addDays, dayRange, spansOf, timeWithin } from './opening-hours.ts';

type Offered = { readonly serviceId: string; readonly minutes: number };
type Taker = { readonly staffId: string; readonly name: string; readonly serviceIds: readonly string[] };

/** A time that can be booked, and who has it free. */
export type OpenSlot = WallTime & {
  readonly startsAt: Date;
  readonly staff: readonly { readonly staffId: string; readonly name: string }[];
};
/** One date: when it is open at all, and what is free. */
export type DayOfSlots = { readonly date: string; readonly spans: readonly OpeningSpan[]; readonly slots: readonly OpenSlot[] };

/** A service and those who do it, or what is not known of the two. */
export type Offer<Service, Staff> =
  | { readonly kind: 'offered'; readonly service: Service; readonly staff: readonly Staff[] }
  | { readonly kind: 'unknown_service' }
  | { readonly kind: 'unknown_staff' };

/** How many other times are named when one is taken, and in how many days from it they are looked for. */
const ALTERNATIVES = 3;
export const ALTERNATIVE_DAYS = 8;

/** Looks up what is asked for. Without `staffId`, everybody who does the service. */
export function findOffer<Service extends Offered, Staff extends Taker>(
  catalogue: { readonly services: readonly Service[]; readonly staff: readonly Staff[] },
  { serviceId, staffId }: { readonly serviceId: string; readonly staffId?: string | undefined },
): Offer<Service, Staff> {
  const service = catalogue.services.find((one) => one.serviceId === serviceId);
  if (!service) return { kind: 'unknown_service' };
  const able = catalogue.staff.filter(({ serviceIds }) => serviceIds.includes(serviceId));
  const staff = staffId === undefined ? able : able.filter((one) => one.staffId === staffId);
  if (staffId !== undefined && staff.length === 0) return { kind: 'unknown_staff' };
  return { kind: 'offered', service, staff };
}

/** All the time from the start of a date until the end of another, which `days` counts. */
export function rangeOfDays({ timeZone }: BookingCalendar, { fromDate, days }: { fromDate: string; days: number }): TimeRange {
  return { startsAt: dayRange(timeZone, fromDate).startsAt, endsAt: dayRange(timeZone, addDays(fromDate, days - 1)).endsAt };
}

type FreeQuery = { readonly staff: readonly Taker[]; readonly busy: readonly BusyRange[] };

/** What is free on the dates asked for, day by day. */
export function freeDays(
  question: SlotQuestion,
  asked: FreeQuery & { readonly fromDate: string; readonly days: number; readonly perDay: number },
): DayOfSlots[] {
  return Array.from({ length: asked.days }, (_, index) => {
    const date = addDays(asked.fromDate, index);
    const free = freeStarts(question, asked, date).slice(0, asked.perDay);
    const toSlot = slotMaker(question, asked.staff, date);
    return { date, spans: spansOf(question.calendar, date).spans, slots: free.map(toSlot) };
  });
}

/** The free times that lie nearest to a wanted one, from its date on, in their order. */
export function nearestFree(question: SlotQuestion, wanted: FreeQuery & { readonly date: string; readonly startsAt: Date }): OpenSlot[] {
  const distanceMs = ({ startsAt }: FreeStart) => Math.abs(startsAt.getTime() - wanted.startsAt.getTime());
  const starts = Array.from({ length: ALTERNATIVE_DAYS }, (_, index) => addDays(wanted.date, index)).flatMap((date) =>
    freeStarts(question, wanted, date).map((start) => ({ date, start })),
  );
  const nearest = starts.toSorted((a, b) => distanceMs(a.start) - distanceMs(b.start)).slice(0, ALTERNATIVES);
  const inOrder = nearest.toSorted((a, b) => a.start.startsAt.getTime() - b.start.startsAt.getTime());
  return inOrder.map(({ date, start }) => slotMaker(question, wanted.staff, date)(start));
}

function freeStarts(question: SlotQuestion, { staff, busy }: FreeQuery, date: string): FreeStart[] {
  return freeStartsOfDay(question, { date, staffIds: staff.map(({ staffId }) => staffId), busy });
}

/** Makes slots of one date's starts. */
function slotMaker({ calendar: { timeZone } }: SlotQuestion, staff: readonly Taker[], date: string): (start: FreeStart) => OpenSlot {
  const day = dayRange(timeZone, date);
  const known = new Map(staff.map(({ staffId, name }) => [staffId, { staffId, name }]));
  return ({ startsAt, staffIds }) => ({
    date,
    time: timeWithin(timeZone, day, startsAt),
    startsAt,
    staff: staffIds.flatMap((staffId) => known.get(staffId) ?? []),
  });
}
