// The arguments that booking tools share. Their descriptions are read by the model.
import { z } from 'zod';
import { TIME_OF_DAY } from '#shared/time-of-day.ts';

/** A few statements of one transaction; a database that needs longer is away. */
export const BOOKING_BUDGET_MS = 3_000;

export const serviceArgument = z.string().trim().min(1).max(100).describe('The service as the caller calls it');
export const dateArgument = z.iso
  .date('must be a date that exists, as YYYY-MM-DD')
  .refine((date) => date >= '2000-01-01' && date <= '2999-12-31', 'must lie between the years 2000 and 2999')
  .describe('YYYY-MM-DD on the calendar of the place');
export const timeArgument = z
  .string()
  .regex(TIME_OF_DAY, 'must be a time of 24 hours, as HH:MM')
  .describe('HH:MM, 24 hours, on the clock of the place');
export const staffArgument = z.string().trim().min(1).max(100).describe('With whom, only when the caller wants somebody in particular');
