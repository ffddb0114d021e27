// What the routes of booking answer when something cannot be.
import { ProblemError, conflict, notFound, unprocessable } from '#http/problem.ts';
import type { SlotRefusal } from '#ports/appointment-book.ts';
import type { BookingRemoval } from './catalogue-rows.ts';

export function nameTaken(): ProblemError {
  return conflict('name', 'another one has this name');
}

export function tooMany(what: string, limit: number): ProblemError {
  return new ProblemError('unprocessable', `there are ${limit} ${what}, which is the limit; remove one that is not used`);
}

/** Throws the problem when it was not removed. */
export function assertRemoved(what: string, removal: BookingRemoval): void {
  if (removal === 'not_found') throw notFound(what);
  if (removal === 'in_use') throw new ProblemError('conflict', `the ${what} has appointments; make it inactive instead (active: false)`);
}

/** The appointment was cancelled, moved, or held for too long. */
export function hasEnded(): ProblemError {
  return new ProblemError('conflict', 'the appointment no longer stands; its state says why');
}

/** Why a time cannot be had. */
export function refusedSlot(refusal: SlotRefusal): ProblemError {
  switch (refusal.kind) {
    case 'taken': {
      const others = refusal.alternatives.map(({ date, time }) => `${date} ${time}`).join(', ');
      return conflict('time', `it is taken${others === '' ? '' : `; free are ${others}`}`);
    }
    case 'unknown_service':
      return unprocessable('serviceId', 'the organization has no such active service');
    case 'unknown_staff':
      return unprocessable('staffId', 'nobody active of this id does the service');
    case 'past':
      return unprocessable('date', 'that time is over');
    case 'too_soon':
      return unprocessable('time', `appointments need ${refusal.minNoticeMinutes} minutes of notice`);
    case 'too_far':
      return unprocessable('date', `appointments can be made until ${refusal.lastDate}`);
    case 'closed_day':
      return unprocessable('date', `closed on that day${refusal.note === '' ? '' : ` (${refusal.note})`}`);
    case 'outside_hours':
      return unprocessable(
        'time',
        `open ${refusal.spans.map(({ opensAt, closesAt }) => `${opensAt} to ${closesAt}`).join(', ')} on that day`,
      );
    case 'skipped_time':
      return unprocessable('time', 'clocks go forward on that day and skip it');
    case 'between_slots':
      return unprocessable('time', `appointments do not begin then; the nearest are ${refusal.nearest.join(', ')}`);
  }
}
