// Looks up what can be booked and when; takes nothing.
import { z } from 'zod';
import type { AppointmentBook, BookableService } from '#ports/appointment-book.ts';
import type { DayOfSlots, OpenSlot } from '#shared/booking-choice.ts';
import { addDays } from '#shared/opening-hours.ts';
import { minutesOfDay } from '#shared/time-of-day.ts';
import { BOOKING_BUDGET_MS, dateArgument, serviceArgument, staffArgument, timeArgument } from './booking-arguments.ts';
import type { BookingWork } from './booking-lookup.ts';
import { describeDay, findService, findStaffId, isoOf, nowThere, refused, spoken, startWork } from './booking-lookup.ts';
import { spokenDate } from './spoken-time.ts';
import type { Tool, ToolOutcome } from './tool.ts';

const argumentsSchema = z.strictObject({
  service: serviceArgument.optional().describe('The service as the caller calls it; leave it out to hear which services there are'),
  date: dateArgument.optional().describe('YYYY-MM-DD; leave it out for the next free times'),
  time: timeArgument.optional().describe('HH:MM, 24 hours; with it, whether just that time is free'),
  staff: staffArgument.optional(),
});
type Arguments = z.infer<typeof argumentsSchema>;

/** Dates that are searched when the one asked for, or none, is given; and how much of what is free the model is told. */
const SEARCH_DAYS = 14;
const DAYS_TOLD = 3;
const TIMES_TOLD = 6;
/** 24 hours of the shortest slots. */
const WHOLE_DAY = 288;

/** Offers `check_availability`. */
export function createCheckAvailabilityTool(book: AppointmentBook): Tool<Arguments> {
  return {
    name: 'check_availability',
    description:
      'Tells which services can be booked, what the clock shows now, and which times are free. Use it before book; never offer a time that it did not name.',
    effect: 'read',
    arguments: argumentsSchema,
    budgetMs: BOOKING_BUDGET_MS,
    async run(args, context) {
      const work = await startWork(book, context);
      if (args.service === undefined) return listServices(work);
      const service = findService(work, args.service);
      if (service.kind === 'refused') return service;
      const staffId = findStaffId(work, service.value, args.staff);
      if (staffId.kind === 'refused') return staffId;
      return search(work, { ...args, service: service.value, staffId: staffId.value });
    },
  };
}

function listServices(work: BookingWork): ToolOutcome {
  const { catalogue, texts } = work;
  if (catalogue.services.length === 0) return refused(texts.nothingToBook);
  const list = texts.list(catalogue.services.map(({ name, minutes, priceText }) => texts.service(name, minutes, priceText)));
  return { kind: 'done', text: `${texts.services(list)} ${texts.today(nowThere(work))}` };
}

type Search = Pick<Arguments, 'date' | 'time'> & { readonly service: BookableService; readonly staffId: string | undefined };

async function search(work: BookingWork, { service, staffId, date, time }: Search): Promise<ToolOutcome> {
  const { book, context, catalogue, texts } = work;
  const today = catalogue.now.date;
  if (date !== undefined && date < today) return refused(texts.past(nowThere(work)));
  const fromDate = date ?? today;
  const query = { serviceId: service.serviceId, staffId, fromDate, days: SEARCH_DAYS, perDay: WHOLE_DAY };
  const found = await book.listFree(context.scope, query);
  if (found.kind !== 'found') return refused(texts.nothingToBook);
  const [first] = found.days;
  const exact = time === undefined ? undefined : first?.slots.find((slot) => slot.time === time);
  if (exact && date !== undefined) {
    const staff = texts.list(exact.staff.map(({ name }) => name));
    return { kind: 'done', text: `${texts.isFree(spoken(work, exact), staff)} ${texts.forBooking(isoOf(exact))}` };
  }
  const days = found.days
    .filter(({ slots }) => slots.length > 0)
    .slice(0, date !== undefined && first && first.slots.length > 0 ? 1 : DAYS_TOLD);
  if (days.length === 0) {
    const until = spokenDate(addDays(fromDate, SEARCH_DAYS - 1), today, context.language);
    return { kind: 'done', text: texts.nothingFree(service.name, until) };
  }
  const told = days.map((day) => ({ ...day, slots: chooseSlots(day, time) }));
  const title = texts.service(service.name, service.minutes, service.priceText);
  const prefix = dayNote(work, { date, time, first });
  const moments = told.flatMap(({ slots }) => slots.map(isoOf)).join(', ');
  return {
    kind: 'done',
    text: `${prefix}${texts.free(
      title,
      told.map((day) => describeDay(work, day)),
    )} ${texts.forBooking(moments)} ${texts.today(nowThere(work))}`,
  };
}

/** Why the asked time is not what follows. */
function dayNote(
  { texts, catalogue, context }: BookingWork,
  asked: { date?: string | undefined; time?: string | undefined; first: DayOfSlots | undefined },
) {
  const { date, time, first } = asked;
  if (date === undefined || first === undefined) return '';
  if (first.spans.length === 0) return `${texts.closedDay(spokenDate(date, catalogue.now.date, context.language), '')} `;
  if (first.slots.length === 0) return `${texts.fullDay(spokenDate(date, catalogue.now.date, context.language))} `;
  return time === undefined ? '' : `${texts.notFree} `;
}

/** The times nearest to the wanted one, or some spread over the day. */
function chooseSlots({ slots }: DayOfSlots, time: string | undefined): readonly OpenSlot[] {
  if (slots.length <= TIMES_TOLD) return slots;
  if (time !== undefined) {
    const distance = (slot: OpenSlot) => Math.abs(minutesOfDay(slot.time) - minutesOfDay(time));
    const nearest = new Set(slots.toSorted((a, b) => distance(a) - distance(b)).slice(0, TIMES_TOLD));
    return slots.filter((slot) => nearest.has(slot));
  }
  const step = slots.length / TIMES_TOLD;
  return Array.from({ length: TIMES_TOLD }, (_, index) => slots[Math.floor(index * step)]).filter((slot) => slot !== undefined);
}
