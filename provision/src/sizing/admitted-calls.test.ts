// Whose figure counts: the machine's once it has measured itself, unless its operator wrote another.
import { describe, expect, it } from 'vitest';
import { admitCalls } from './admitted-calls.ts';

const table = { maxConcurrentCalls: 12, isMeasured: false };
const measured = { maxConcurrentCalls: 9, isMeasured: true };
const admit = (plan: typeof table, max?: number, sized?: number) =>
  admitCalls({ sizing: { plan }, settings: { MAX_CONCURRENT_CALLS: max, SIZED_CONCURRENT_CALLS: sized } });

describe('the calls that are admitted', () => {
  it('are planned until they are measured, and then measured', () => {
    expect(admit(table)).toEqual({ calls: 12, sized: 12, warning: null });
    expect(admit(measured, 12, 12)).toEqual({ calls: 9, sized: 9, warning: null });
    expect(admit(measured, 9, 9)).toEqual({ calls: 9, sized: 9, warning: null });
  });

  it('stay what they were planned with while free disk and memory come and go', () => {
    expect(admit({ ...table, maxConcurrentCalls: 11 }, 12, 12)).toEqual({ calls: 12, sized: 12, warning: null });
  });

  it('are the operator’s where he wrote a figure, with a warning above what was measured', () => {
    expect(admit(table, 5, 12)).toEqual({ calls: 5, sized: 12, warning: null });
    expect(admit(measured, 5, 12)).toEqual({ calls: 5, sized: 9, warning: null });
    expect(admit(measured, 40, 9)).toMatchObject({
      calls: 40,
      sized: 9,
      warning: expect.stringContaining('this machine bears 9') as string,
    });
  });

  it('are taken for planned where an earlier release wrote what would be planned today, and for the operator’s otherwise', () => {
    expect(admit(table, 12)).toEqual({ calls: 12, sized: 12, warning: null });
    expect(admit(table, 20)).toEqual({ calls: 20, sized: 12, warning: null });
    expect(admit(measured, 9)).toEqual({ calls: 9, sized: 9, warning: null });
  });

  it('are one at least, whatever the table says', () => {
    expect(admit({ ...table, maxConcurrentCalls: 0 }).calls).toBe(1);
  });
});
