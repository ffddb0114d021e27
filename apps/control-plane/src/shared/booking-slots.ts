// Which times can be booked: the rules alone, without rows, so that every appointment book answers alike.
import type { OpeningHours, OpeningSpan, TimeRange, WallTime } from './opening-hours.ts';
import { addDays, dayRange, daysBetween, instantOf, isPlainDay, openRanges, spansOf, wallTimeOf } from './opening-hours.ts';

/** Opening hours and how they are cut into appointments. */
export type BookingCalendar = OpeningHours & {
  /** Appointments begin every so many minutes from opening on. */
  readonly slotMinutes: number;
  /** Shortest time from now to an appointment, minutes. */
  readonly minNoticeMinutes: number;
  /** Dates that far ahead may be booked. */
  readonly maxDaysAhead: number;
  /** A slot that was taken and never confirmed is free again after this time, minutes. */
  readonly holdMinutes: number;
};

/** What the rules look at: the calendar, how long it takes, and now. */
export type SlotQuestion = { readonly calendar: BookingCalendar; readonly minutes: number; readonly now: Date };
/** Somebody's time that is taken. */
export type BusyRange = TimeRange & { readonly staffId: string };
/** A time that can be booked and who has it free, in the order of the staff that was asked for. */
export type FreeStart = TimeRange & { readonly staffIds: readonly string[] };

/** Whether an appointment may begin at a time, as far as the calendar says; whether somebody is free is another matter. */
export type StartVerdict =
  | ({ readonly kind: 'open' } & TimeRange)
  | { readonly kind: 'past' }
  | { readonly kind: 'too_soon'; readonly minNoticeMinutes: number }
  | { readonly kind: 'too_far'; readonly lastDate: string }
  /** `note` is the exception's, such as a holiday's name; empty without one. */
  | { readonly kind: 'closed_day'; readonly note: string }
  /** Open on that day at other times, or not long enough. */
  | { readonly kind: 'outside_hours'; readonly spans: readonly OpeningSpan[] }
  /** Clocks jump over this time on that day. */
  | { readonly kind: 'skipped_time' }
  /** Open, but appointments begin at other minutes; the nearest ones of the day. */
  | { readonly kind: 'between_slots'; readonly nearest: readonly string[] };

const MINUTE_MS = 60_000;

/** Judges one wall-clock time. */
export function judgeStart({ calendar, minutes, now }: SlotQuestion, wall: WallTime): StartVerdict {
  const { timeZone, maxDaysAhead, minNoticeMinutes } = calendar;
  const today = wallTimeOf(timeZone, now).date;
  if (daysBetween(today, wall.date) < 0) return { kind: 'past' };
  const lastDate = addDays(today, maxDaysAhead);
  if (wall.date > lastDate) return { kind: 'too_far', lastDate };
  const instant = instantOf(timeZone, wall);
  if (instant.kind === 'skipped') return { kind: 'skipped_time' };
  const startsAt = instant.at;
  if (startsAt <= now) return { kind: 'past' };
  if (startsAt.getTime() < now.getTime() + minNoticeMinutes * MINUTE_MS) return { kind: 'too_soon', minNoticeMinutes };
  const { spans, note } = spansOf(calendar, wall.date);
  if (spans.length === 0) return { kind: 'closed_day', note: note ?? '' };
  const endsAt = new Date(startsAt.getTime() + minutes * MINUTE_MS);
  const range = openRanges(calendar, wall.date).find((open) => open.startsAt <= startsAt && open.endsAt >= endsAt);
  if (!range) return { kind: 'outside_hours', spans };
  if ((startsAt.getTime() - range.startsAt.getTime()) % (calendar.slotMinutes * MINUTE_MS) === 0) return { kind: 'open', startsAt, endsAt };
  const starts = startsOfDay({ calendar, minutes, now }, wall.date);
  const byDistance = starts.toSorted((a, b) => distance(a, startsAt) - distance(b, startsAt)).slice(0, 2);
  return { kind: 'between_slots', nearest: byDistance.map((start) => wallTimeOf(timeZone, start.startsAt).time).toSorted() };
}

/**
 * Every time of a date at which an appointment may begin, in order, as far as the calendar says. Steps are of elapsed time. Of a wall-clock
 * time that comes twice only the first is a start: nobody could say which of the two they mean.
 */
export function startsOfDay({ calendar, minutes, now }: SlotQuestion, date: string): TimeRange[] {
  const { timeZone, slotMinutes, minNoticeMinutes, maxDaysAhead } = calendar;
  const today = wallTimeOf(timeZone, now).date;
  if (date < today || date > addDays(today, maxDaysAhead)) return [];
  const day = dayRange(timeZone, date);
  const earliestMs = Math.max(day.startsAt.getTime(), now.getTime() + minNoticeMinutes * MINUTE_MS, now.getTime() + 1);
  const comesAgain = !isPlainDay(day);
  const starts: TimeRange[] = [];
  for (const open of openRanges(calendar, date)) {
    const lastMs = Math.min(open.endsAt.getTime() - minutes * MINUTE_MS, day.endsAt.getTime() - 1);
    for (let ms = open.startsAt.getTime(); ms <= lastMs; ms += slotMinutes * MINUTE_MS) {
      const startsAt = new Date(ms);
      if (ms < earliestMs || (comesAgain && !isFirst(timeZone, startsAt))) continue;
      starts.push({ startsAt, endsAt: new Date(ms + minutes * MINUTE_MS) });
    }
  }
  return starts;
}

/** The starts of a date that somebody of `staffIds` has free. */
export function freeStartsOfDay(
  question: SlotQuestion,
  { date, staffIds, busy }: { readonly date: string; readonly staffIds: readonly string[]; readonly busy: readonly BusyRange[] },
): FreeStart[] {
  const starts = startsOfDay(question, date);
  const [first, last] = [starts[0], starts.at(-1)];
  if (!first || !last) return [];
  const span = { startsAt: first.startsAt, endsAt: last.endsAt };
  const takenOf = Map.groupBy(
    busy.filter((taken) => overlaps(taken, span)),
    ({ staffId }) => staffId,
  );
  return starts.flatMap((start) => {
    const free = staffIds.filter((staffId) => takenOf.get(staffId)?.some((taken) => overlaps(taken, start)) !== true);
    return free.length === 0 ? [] : [{ ...start, staffIds: free }];
  });
}

/** Whether two stretches share any time. */
export function overlaps(a: TimeRange, b: TimeRange): boolean {
  return a.startsAt < b.endsAt && b.startsAt < a.endsAt;
}

/** Whether it is the first instant at which the clock shows what it shows. */
function isFirst(timeZone: string, at: Date): boolean {
  const named = instantOf(timeZone, wallTimeOf(timeZone, at));
  return named.kind === 'exact' && named.at.getTime() === at.getTime();
}

function distance({ startsAt }: TimeRange, to: Date): number {
  return Math.abs(startsAt.getTime() - to.getTime());
}
