import { AriError } from 'asterisk-ari-client/ari-error.ts';
import { describe, expect, it } from 'vitest';
import { openConnection, throughCuts } from './connection.ts';

const nobody = new AbortController().signal;
const broken = new Error('broken');

/** Work that does what it is told, try by try, and counts. */
function openWork(...tries: readonly (() => Promise<string>)[]) {
  let done = 0;
  const work = async (): Promise<string> => (await tries[done++]?.()) ?? 'more tries than expected';
  return { work, done: () => done };
}

/** A connection that is there. */
function connected() {
  const connection = openConnection();
  connection.changed(true);
  return connection;
}

describe('work on Asterisk', () => {
  it('is not begun before there is a connection', async () => {
    const connection = connected();
    connection.changed(false);
    const { work, done } = openWork(async () => 'done');
    const result = throughCuts(connection, nobody, work);
    await new Promise((resolve) => setTimeout(resolve, 20));
    expect(done()).toBe(0);
    connection.changed(true);
    expect(await result).toBe('done');
    expect(done()).toBe(1);
  });

  it('is done again when the connection broke under it, once there is one', async () => {
    const connection = connected();
    const { work, done } = openWork(
      async () => {
        connection.changed(false);
        throw broken;
      },
      async () => 'done',
    );
    const result = throughCuts(connection, nobody, work);
    await new Promise((resolve) => setTimeout(resolve, 150));
    expect(done()).toBe(1);
    connection.changed(true);
    expect(await result).toBe('done');
    expect(done()).toBe(2);
  });

  it('is done again when a request did not get through before anybody was told of a cut', async () => {
    for (const kind of ['connection_lost', 'unreachable'] as const) {
      const { work, done } = openWork(
        () => Promise.reject(new AriError('channels.answer', { kind })),
        async () => 'done',
      );
      expect(await throughCuts(connected(), nobody, work)).toBe('done');
      expect(done()).toBe(2);
    }
  });

  it('that fails for another reason is not done again', async () => {
    for (const error of [broken, new AriError('channels.answer', { kind: 'refused', status: 409 })]) {
      const { work, done } = openWork(() => Promise.reject(error));
      await expect(throughCuts(connected(), nobody, work)).rejects.toBe(error);
      expect(done()).toBe(1);
    }
  });

  it('is given up with what broke when its signal aborts, however long there is no connection', async () => {
    const connection = connected();
    const { work, done } = openWork(async () => {
      connection.changed(false);
      throw broken;
    });
    await expect(throughCuts(connection, AbortSignal.timeout(20), work)).rejects.toBe(broken);
    expect(done()).toBe(1);
  });
});

it('a cut is told to those who listen, and to nobody who does not any more', () => {
  const connection = connected();
  const told: string[] = [];
  using _stays = connection.onCut(() => told.push('stays'));
  connection.onCut(() => told.push('left'))[Symbol.dispose]();
  connection.changed(false);
  expect([told, connection.cuts()]).toEqual([['stays'], 1]);
});
