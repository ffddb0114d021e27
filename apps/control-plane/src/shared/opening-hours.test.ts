import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { BookingCalendar } from './booking-slots.ts';
import { freeStartsOfDay, judgeStart, startsOfDay } from './booking-slots.ts';
import type { OpeningSpan } from './opening-hours.ts';
import { addDays, dayRange, daysBetween, instantOf, isTimeZone, openRanges, timeWithin, wallTimeOf, weekdays } from './opening-hours.ts';

/** The same hours on every day. */
function calendarOf(timeZone: string, spans: readonly OpeningSpan[], changes: Partial<BookingCalendar> = {}): BookingCalendar {
  const weekly = Object.fromEntries(weekdays.map((day) => [day, spans])) as BookingCalendar['weekly'];
  const rules = { slotMinutes: 30, minNoticeMinutes: 0, maxDaysAhead: 365, holdMinutes: 15 };
  return { timeZone, weekly, exceptions: [], ...rules, ...changes };
}

const night = [{ opensAt: '00:00', closesAt: '05:00' }];
const wholeDay = [{ opensAt: '00:00', closesAt: '24:00' }];
const utc = ({ startsAt }: { startsAt: Date }) => startsAt.toISOString().slice(0, 16);
const local = (timeZone: string) => (range: { startsAt: Date }) => wallTimeOf(timeZone, range.startsAt).time;
const now = new Date('2026-01-01T00:00:00Z');

describe('the two days of Europe/Madrid on which clocks change', () => {
  const madrid = 'Europe/Madrid';

  it('has no appointment at two on the day that has no two', () => {
    const calendar = calendarOf(madrid, night);
    const starts = startsOfDay({ calendar, minutes: 30, now }, '2026-03-29');
    expect(starts.map(local(madrid))).toEqual(['00:00', '00:30', '01:00', '01:30', '03:00', '03:30', '04:00', '04:30']);
    expect(judgeStart({ calendar, minutes: 30, now }, { date: '2026-03-29', time: '02:30' })).toEqual({ kind: 'skipped_time' });
    expect(instantOf(madrid, { date: '2026-03-29', time: '02:30' })).toEqual({ kind: 'skipped', jumpAt: new Date('2026-03-29T01:00:00Z') });
  });

  it('lets an hour over the jump end an hour of elapsed time later, and not after closing', () => {
    const calendar = calendarOf(madrid, night);
    const verdict = judgeStart({ calendar, minutes: 60, now }, { date: '2026-03-29', time: '01:30' });
    expect(verdict).toEqual({ kind: 'open', startsAt: new Date('2026-03-29T00:30:00Z'), endsAt: new Date('2026-03-29T01:30:00Z') });
    expect(judgeStart({ calendar, minutes: 240, now }, { date: '2026-03-29', time: '00:00' }).kind).toBe('open');
    expect(judgeStart({ calendar, minutes: 270, now }, { date: '2026-03-29', time: '00:00' }).kind).toBe('outside_hours');
    expect(judgeStart({ calendar, minutes: 270, now }, { date: '2026-03-30', time: '00:00' }).kind).toBe('open');
  });

  it('names each time once on the day that has two twice, and is open for the longer night', () => {
    const calendar = calendarOf(madrid, night);
    const starts = startsOfDay({ calendar, minutes: 30, now }, '2026-10-25');
    expect(starts.map(local(madrid))).toEqual(['00:00', '00:30', '01:00', '01:30', '02:00', '02:30', '03:00', '03:30', '04:00', '04:30']);
    expect(new Set(starts.map(utc)).size).toBe(10);
    expect(starts[5]?.startsAt).toEqual(new Date('2026-10-25T00:30:00Z'));
    expect(judgeStart({ calendar, minutes: 360, now }, { date: '2026-10-25', time: '00:00' }).kind).toBe('open');
  });

  it('keeps ten in the morning at ten, before and after', () => {
    const calendar = calendarOf(madrid, [{ opensAt: '10:00', closesAt: '11:00' }]);
    const starts = ['2026-03-28', '2026-03-29', '2026-10-24', '2026-10-25'].flatMap((date) =>
      startsOfDay({ calendar, minutes: 60, now }, date).map(utc),
    );
    expect(starts).toEqual(['2026-03-28T09:00', '2026-03-29T08:00', '2026-10-24T08:00', '2026-10-25T09:00']);
  });

  it('begins and ends hours that the jump cuts at the jump, and takes the longest of those that come twice', () => {
    const cut = calendarOf(madrid, [{ opensAt: '02:15', closesAt: '04:00' }]);
    expect(openRanges(cut, '2026-03-29').map(utc)).toEqual(['2026-03-29T01:00']);
    const swallowed = calendarOf(madrid, [{ opensAt: '02:00', closesAt: '03:00' }]);
    expect(openRanges(swallowed, '2026-03-29')).toEqual([]);
    const [twice] = openRanges(swallowed, '2026-10-25');
    expect(twice).toEqual({ startsAt: new Date('2026-10-25T00:00:00Z'), endsAt: new Date('2026-10-25T02:00:00Z') });
  });
});

describe('America/Mexico_City, which has no daylight saving time since 2022', () => {
  const mexico = 'America/Mexico_City';

  it('is six hours behind on every day of the year, also on those on which clocks once changed', () => {
    const calendar = calendarOf(mexico, [{ opensAt: '10:00', closesAt: '11:00' }], { maxDaysAhead: 730 });
    for (const date of ['2026-01-15', '2026-04-05', '2026-04-06', '2026-07-15', '2026-10-25', '2026-10-26']) {
      expect(startsOfDay({ calendar, minutes: 60, now }, date).map(utc)).toEqual([`${date}T16:00`]);
    }
  });

  it('has a two in the morning on the first Sunday of April', () => {
    const calendar = calendarOf(mexico, night);
    expect(judgeStart({ calendar, minutes: 30, now }, { date: '2026-04-05', time: '02:30' })).toMatchObject({ kind: 'open' });
    expect(startsOfDay({ calendar, minutes: 30, now }, '2026-04-05')).toHaveLength(10);
  });

  it('had it still in 2021: what this machine knows of zones is what the tests believe', () => {
    expect(instantOf(mexico, { date: '2021-04-04', time: '02:30' }).kind).toBe('skipped');
  });
});

describe('opening hours', () => {
  it('go on past midnight where one span follows another', () => {
    const calendar = calendarOf('Europe/Madrid', [
      { opensAt: '00:00', closesAt: '02:00' },
      { opensAt: '20:00', closesAt: '24:00' },
    ]);
    expect(judgeStart({ calendar, minutes: 180, now }, { date: '2026-03-03', time: '23:00' }).kind).toBe('open');
    expect(judgeStart({ calendar, minutes: 210, now }, { date: '2026-03-03', time: '23:00' }).kind).toBe('outside_hours');
  });

  it('of a date that differs take the place of its weekday', () => {
    const exceptions = [{ date: '2026-12-24', spans: [{ opensAt: '09:00', closesAt: '10:00' }], note: 'Nochebuena' }];
    const calendar = calendarOf('Europe/Madrid', wholeDay, { exceptions });
    expect(startsOfDay({ calendar, minutes: 30, now }, '2026-12-24')).toHaveLength(2);
    expect(startsOfDay({ calendar, minutes: 30, now }, '2026-12-25')).toHaveLength(48);
  });

  it('leave nothing to book in the past, within the notice or too far ahead', () => {
    const calendar = calendarOf('Europe/Madrid', [{ opensAt: '09:00', closesAt: '12:00' }], { minNoticeMinutes: 60, maxDaysAhead: 1 });
    const at = new Date('2026-03-02T09:10:00Z');
    expect(startsOfDay({ calendar, minutes: 30, now: at }, '2026-03-02').map(local('Europe/Madrid'))).toEqual(['11:30']);
    expect(startsOfDay({ calendar, minutes: 30, now: at }, '2026-03-01')).toEqual([]);
    expect(startsOfDay({ calendar, minutes: 30, now: at }, '2026-03-03')).toHaveLength(6);
    expect(startsOfDay({ calendar, minutes: 30, now: at }, '2026-03-04')).toEqual([]);
  });

  it('offer exactly the times that may be booked, in any zone and on any day', () => {
    const zones = ['Europe/Madrid', 'America/Mexico_City', 'America/Santiago', 'Australia/Lord_Howe', 'Asia/Kathmandu'];
    const cases = fc.record({
      timeZone: fc.constantFrom(...zones),
      dayOfYear: fc.integer({ min: 2, max: 360 }),
      slotMinutes: fc.constantFrom(15, 20, 30, 45),
      minutes: fc.constantFrom(15, 30, 60, 90),
    });
    fc.assert(
      fc.property(cases, ({ timeZone, dayOfYear, slotMinutes, minutes }) => {
        const calendar = calendarOf(timeZone, night, { slotMinutes });
        const date = addDays('2026-01-01', dayOfYear);
        const question = { calendar, minutes, now };
        for (const start of startsOfDay(question, date)) {
          const verdict = judgeStart(question, wallTimeOf(timeZone, start.startsAt));
          expect(verdict).toEqual({ kind: 'open', ...start });
          expect(timeWithin(timeZone, dayRange(timeZone, date), start.startsAt)).toBe(wallTimeOf(timeZone, start.startsAt).time);
        }
      }),
      { numRuns: 60 },
    );
  });

  it('give nobody a time at which they are busy', () => {
    const calendar = calendarOf('Europe/Madrid', [{ opensAt: '09:00', closesAt: '11:00' }]);
    const busy = [{ staffId: 'a', startsAt: new Date('2026-03-02T08:30:00Z'), endsAt: new Date('2026-03-02T09:00:00Z') }];
    const free = freeStartsOfDay({ calendar, minutes: 60, now }, { date: '2026-03-02', staffIds: ['a', 'b'], busy });
    expect(free.map((start) => [local('Europe/Madrid')(start), start.staffIds])).toEqual([
      ['09:00', ['b']],
      ['09:30', ['b']],
      ['10:00', ['a', 'b']],
    ]);
  });
});

describe('time zones', () => {
  it('are known by their IANA names alone', () => {
    for (const name of ['Europe/Madrid', 'America/Argentina/Buenos_Aires', 'UTC', 'Etc/GMT+5'])
      expect([name, isTimeZone(name)]).toEqual([name, true]);
    for (const name of ['', 'Madrid', '+01:00', 'Europe/Nowhere', '../etc', 'Europe/Madrid; drop']) {
      expect([name, isTimeZone(name)]).toEqual([name, false]);
    }
  });

  it('count days across a change of clocks', () => {
    expect(daysBetween('2026-03-28', '2026-03-30')).toBe(2);
    expect(addDays('2026-10-24', 2)).toBe('2026-10-26');
    expect(daysBetween('2026-03-02', '2026-03-01')).toBe(-1);
  });
});
