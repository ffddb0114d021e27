import { expect, it } from 'vitest';
import { isDatabaseAway } from './database-away.ts';

const coded = (code: string): Error => Object.assign(new Error('from the driver'), { code });

it.each(['53300', '57P01', '57014', '08006', 'CONNECTION_CLOSED', 'ECONNREFUSED'])(
  '%s is a database that is away, also as a cause',
  (code) => {
    expect(isDatabaseAway(coded(code))).toBe(true);
    expect(isDatabaseAway(new Error('query failed', { cause: coded(code) }))).toBe(true);
    expect(isDatabaseAway(new AggregateError([coded(code)]))).toBe(true);
  },
);

it('a fault of ours is none', () => {
  for (const error of [coded('23505'), coded('42P01'), coded('ENOENT'), new Error('57P01'), '53300', null])
    expect(isDatabaseAway(error)).toBe(false);
});
