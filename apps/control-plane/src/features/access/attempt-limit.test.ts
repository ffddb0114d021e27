import { describe, expect, it } from 'vitest';
import { openJumpingClock } from '#ports/testing/jumping-clock.ts';
import { ADMIN_ATTEMPTS, createAttemptLimit, TOKEN_ATTEMPTS } from './attempt-limit.ts';

function opened(rate = TOKEN_ATTEMPTS) {
  const clock = openJumpingClock();
  const limit = createAttemptLimit({ rate, clock });
  const fail = (address: string, times: number) => {
    for (let attempt = 0; attempt < times; attempt += 1) limit.failed(address, 'stranger');
  };
  const isRefused = (address: string, caller = 'stranger') => {
    try {
      limit.check(address, caller);
      return false;
    } catch {
      return true;
    }
  };
  return { clock, limit, fail, isRefused };
}

describe('the limit on failed attempts', () => {
  it('refuses an address after its failures and looks at it again with time', () => {
    const { clock, fail, isRefused } = opened();
    fail('192.0.2.7', 9);
    expect(isRefused('192.0.2.7')).toBe(false);
    fail('192.0.2.7', 1);
    expect([isRefused('192.0.2.7'), isRefused('192.0.2.8')]).toEqual([true, false]);
    clock.advance(6_000);
    expect(isRefused('192.0.2.7')).toBe(false);
    fail('192.0.2.7', 1);
    expect(isRefused('192.0.2.7')).toBe(true);
  });

  it('says when to come back', () => {
    const { limit, fail } = opened(ADMIN_ATTEMPTS);
    fail('192.0.2.7', 5);
    expect(() => limit.check('192.0.2.7', 'x')).toThrow(
      expect.objectContaining({ problemCode: 'rate_limited', headers: { 'retry-after': '180' } }),
    );
  });

  it('counts the addresses of one IPv6 network together', () => {
    const { fail, isRefused } = opened();
    for (let host = 1; host <= 10; host += 1) fail(`2001:db8:1:2::${host}`, 1);
    expect([isRefused('2001:db8:1:2:ffff::1'), isRefused('2001:db8:1:3::1')]).toEqual([true, false]);
  });

  it('lets a caller through that was right within the hour, until it is wrong', () => {
    const { clock, limit, fail, isRefused } = opened();
    limit.proved('client');
    const stillRefused = () => {
      fail('192.0.2.7', 10);
      return isRefused('192.0.2.7');
    };
    expect([stillRefused(), isRefused('192.0.2.7', 'client')]).toEqual([true, false]);
    clock.advance(3_600_000);
    expect([stillRefused(), isRefused('192.0.2.7', 'client')]).toEqual([true, true]);
    limit.proved('client');
    expect(isRefused('192.0.2.7', 'client')).toBe(false);
    limit.failed('192.0.2.7', 'client');
    expect(isRefused('192.0.2.7', 'client')).toBe(true);
  });
});
