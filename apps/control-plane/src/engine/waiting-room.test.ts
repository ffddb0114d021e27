// The line's places among organizations: none takes all of them, and none is refused while it has nobody in the line and a place is free.
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { openManualClock } from '#ports/testing/manual-clock.ts';
import { openScriptedCallLeg } from '#ports/testing/scripted-call-leg.ts';
import type { ScriptedCallLeg } from '#ports/testing/scripted-call-leg.ts';
import type { WaitOutcome } from './waiting-room.ts';
import { openWaitingRoom } from './waiting-room.ts';

beforeEach(() => void vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] }));
afterEach(() => void vi.useRealTimers());

/** A line of `max` places in front of a box that lets nobody in. */
function openLine(max: number) {
  const clock = openManualClock();
  const room = openWaitingRoom(clock, max);
  const wait = async (organizationId: string): Promise<{ leg: ScriptedCallLeg; outcome: WaitOutcome | 'held' }> => {
    const leg = openScriptedCallLeg({ clock });
    const outcome = room.wait({ leg, organizationId, maxWaitMs: 60_000, enter: () => 'full', teller: null });
    const settled = Promise.race([outcome, clock.run(0).then(() => 'held' as const)]);
    return { leg, outcome: await settled };
  };
  return {
    room,
    clock,
    wait,
    /** Callers of these organizations come in turns until the line takes none of them; how many of each are held. */
    async fill(...organizationIds: string[]): Promise<Record<string, number>> {
      const held: Record<string, number> = Object.fromEntries(organizationIds.map((id) => [id, 0]));
      let isRefusing = new Set<string>();
      for (let turn = 0; isRefusing.size < organizationIds.length && turn <= max * organizationIds.length; turn += 1) {
        const id = organizationIds[turn % organizationIds.length] ?? '';
        const { outcome } = await wait(id);
        if (outcome === 'held') {
          held[id] = (held[id] ?? 0) + 1;
          isRefusing = new Set();
        } else if (outcome.kind === 'full') {
          isRefusing.add(id);
        } else {
          throw new Error(`a caller of ${id} was neither held nor refused: ${outcome.kind}`);
        }
      }
      return held;
    },
  };
}

describe('a line of a hundred places', () => {
  it('gives one organization eighty of them, however many of its callers come', async () => {
    const line = openLine(100);
    expect(await line.fill('org_a')).toEqual({ org_a: 80 });
    expect(line.room.count()).toBe(80);
  });

  it.each([
    ['two', { org_a: 45, org_b: 44 }],
    ['three', { org_a: 31, org_b: 31, org_c: 31 }],
  ])('gives %s organizations that want more about as many each, and has a place for one that has nobody in it', async (_, shares) => {
    const line = openLine(100);
    expect(await line.fill(...Object.keys(shares))).toEqual(shares);
    expect((await line.wait('org_late')).outcome).toBe('held');
  });

  it('gives those who come one after the other less and less, and the last free place to one with fewer than four callers in it', async () => {
    const line = openLine(100);
    expect([await line.fill('org_a'), await line.fill('org_b')]).toEqual([{ org_a: 80 }, { org_b: 16 }]);
    expect(await line.fill('org_c')).toEqual({ org_c: 4 });
    expect((await line.wait('org_d')).outcome).toEqual({ kind: 'full' });
  });

  it('is never longer than its places, however many organizations come', async () => {
    const line = openLine(100);
    const held = await line.fill(...Array.from({ length: 40 }, (_, index) => `org_${index}`));
    expect([line.room.count(), Math.max(...Object.values(held)), Math.min(...Object.values(held))]).toEqual([100, 3, 2]);
  });

  it('sends nobody away when others come, and takes one who was refused once enough of his own have left', async () => {
    const line = openLine(100);
    const legs: ScriptedCallLeg[] = [];
    for (let index = 0; index < 80; index += 1) legs.push((await line.wait('org_a')).leg);
    await line.fill('org_b');
    expect(line.room.count()).toBe(96);
    // 12 of its own fewer are 68, and 16 places free let it have 64; one more are 67, and 17 let it have 68.
    for (const leg of legs.slice(0, 12)) leg.callerHangsUp();
    await line.clock.run(0);
    expect((await line.wait('org_a')).outcome).toEqual({ kind: 'full' });
    legs[12]?.callerHangsUp();
    await line.clock.run(0);
    expect((await line.wait('org_a')).outcome).toBe('held');
    expect(line.room.count()).toBe(84);
  });
});

it.each([
  [0, 0],
  [1, 1],
  [4, 4],
  [5, 4],
  [12, 10],
])('a line of %i places has %i for an organization alone', async (max, places) => {
  expect(await openLine(max).fill('org_a')).toEqual({ org_a: places });
});
