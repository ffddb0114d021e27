import { describe, expect, it } from 'vitest';
import type { Database, Notification } from '#db/client.ts';
import { silentLog } from '#shared/log.ts';
import { parseAccessChange } from './access-change-store.ts';
import { openAccessChanges } from './access-changes.ts';

/** A database that does not answer the first times. */
function databaseThatFails(times: number) {
  const channels: string[] = [];
  let listener: ((notification: Notification) => void) | null = null;
  let pings = 0;
  const ping = async () => {
    pings += 1;
    if (pings <= times) throw new Error('the database is away');
  };
  const listen: Database['listen'] = async (channel, told) => {
    channels.push(channel);
    listener = told;
    return {
      [Symbol.asyncDispose]: async () => {
        listener = null;
      },
    };
  };
  return { database: { listen, ping }, channels, pings: () => pings, tell: (notification: Notification) => listener?.(notification) };
}

describe('listening for changes of access', () => {
  it('goes on trying until the database is there, and then says that something may have been missed', async () => {
    const { database, channels, tell } = databaseThatFails(7);
    const heard: Notification[] = [];
    const waits: number[] = [];
    const there = Promise.withResolvers<void>();
    const changes = openAccessChanges({
      database,
      log: silentLog,
      observe(notification) {
        heard.push(notification);
        there.resolve();
      },
      wait: async (ms) => void waits.push(ms),
    });
    await there.promise;
    expect(waits).toEqual([500, 1_000, 2_000, 4_000, 8_000, 15_000, 15_000]);
    expect(channels).toEqual(['access_changes']);
    expect(heard).toEqual([{ kind: 'gap' }]);
    tell({ kind: 'payload', payload: 'token abc' });
    expect(heard).toHaveLength(2);
    await changes[Symbol.asyncDispose]();
    tell({ kind: 'payload', payload: 'token abc' });
    expect(heard).toHaveLength(2);
  });

  it('stops trying when it is told to', async () => {
    const { database, pings } = databaseThatFails(Infinity);
    const changes = openAccessChanges({ database, log: silentLog, observe: () => {} });
    await changes[Symbol.asyncDispose]();
    expect(pings()).toBe(1);
  });

  it.each([
    ['token abc', { kind: 'token', mac: 'abc' }],
    ['organization org_1', { kind: 'organization', organizationId: 'org_1' }],
    ['plan large', { kind: 'plan', planId: 'large' }],
    ['token', null],
    ['token a b', null],
    ['trunk t', null],
  ])('understands %s', (payload, change) => {
    expect(parseAccessChange(payload)).toEqual(change);
  });
});
