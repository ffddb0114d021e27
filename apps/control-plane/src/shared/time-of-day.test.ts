import { expect, it } from 'vitest';
import { minutesOfDay, TIME_OF_DAY } from './time-of-day.ts';

it('knows the times of a day, all of two digits', () => {
  for (const time of ['00:00', '09:30', '19:59', '23:59']) expect(time).toMatch(TIME_OF_DAY);
  for (const time of ['24:00', '9:30', '09:60', '09:3', '09:30:00', '0930', ' 09:30']) expect(time).not.toMatch(TIME_OF_DAY);
});

it('counts the minutes since midnight', () => {
  expect([minutesOfDay('00:00'), minutesOfDay('09:05'), minutesOfDay('23:59')]).toEqual([0, 545, 1_439]);
});
