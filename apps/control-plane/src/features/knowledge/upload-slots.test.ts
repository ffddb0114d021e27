import { expect, test } from 'vitest';
import { createUploadSlots } from './upload-slots.ts';

test('one organization cannot take all places, and the appliance has so many', () => {
  const slots = createUploadSlots({ all: 3, own: 2 });
  const first = slots.take('org_a');
  expect([first.kind, slots.take('org_a').kind]).toEqual(['taken', 'taken']);
  expect(slots.take('org_a')).toEqual({ kind: 'full', whose: 'own' });
  expect(slots.take('org_b').kind).toBe('taken');
  expect(slots.take('org_c')).toEqual({ kind: 'full', whose: 'all' });
  if (first.kind === 'taken') first.slot[Symbol.dispose]();
  expect(slots.take('org_c').kind).toBe('taken');
});
