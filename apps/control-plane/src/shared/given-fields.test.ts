import { expect, it } from 'vitest';
import { givenFields } from './given-fields.ts';

it('leaves out what is undefined and keeps whatever else is empty', () => {
  const change: { name?: string | undefined; limit?: number | null | undefined; active?: boolean } = {
    name: undefined,
    limit: null,
    active: false,
  };
  const given = givenFields(change);
  expect(Object.keys(given)).toEqual(['limit', 'active']);
  expect({ name: 'kept', ...given }).toEqual({ name: 'kept', limit: null, active: false });
});
