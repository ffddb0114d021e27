// Calls of a process that died: matched, gone on with as the same call, or closed for what was found.
import { describe, expect, it, vi } from 'vitest';
import { openManualClock } from '#ports/testing/manual-clock.ts';
import { openMemoryJournal } from '#ports/testing/memory-journal.ts';
import { openScriptedCallControl, openScriptedCallLeg } from '#ports/testing/scripted-call-leg.ts';
import type { ScriptedCallLeg } from '#ports/testing/scripted-call-leg.ts';
import type { SurvivingLeg } from '#ports/call-control.ts';
import type { OpenCall } from '#ports/open-calls.ts';
import { newId } from '#shared/id.ts';
import { silentLog } from '#shared/log.ts';
import { mintOrgScope } from '#shared/org-scope.ts';
import { planRecovery, startRecovery } from './recovery.ts';
import { clinicAgent } from './testing/clinic-agent.ts';
import { routeTo } from './testing/engine-rig.ts';

const clock = openManualClock();
const survivor = (): SurvivingLeg => ({
  leg: openScriptedCallLeg({ clock }),
  isAnswered: true,
  gapMs: 900,
  hasApologised: false,
  talk: null,
});
const call = (legId: string | null, at = '2026-11-21T10:00:00Z'): OpenCall => ({
  callId: newId('call'),
  scope: mintOrgScope(newId('organization')),
  legId,
  dialledNumber: '100',
  callerNumber: '',
  startedAt: new Date(at),
  answeredAt: null,
  turns: 0,
  stand: null,
});

describe('the plan of a recovery', () => {
  it('goes on with calls whose callers are there, closes those whose are not, and greets callers of whom nothing is known', () => {
    const [there, unknown] = [survivor(), survivor()];
    const [known, gone] = [call(there.leg.legId), call('gone')];
    expect(planRecovery([there, unknown], [gone, known], null)).toEqual({
      resume: [{ survivor: there, call: known }],
      close: [{ call: gone, because: 'ended_while_away' }],
      greet: [unknown.leg],
    });
  });

  it('closes calls that are older than the telephone system as lost with it', () => {
    const [older, younger] = [call('a', '2026-11-21T09:00:00Z'), call('b', '2026-11-21T11:00:00Z')];
    const { close } = planRecovery([], [older, younger], new Date('2026-11-21T10:00:00Z'));
    expect(close.map(({ because }) => because)).toEqual(['node_lost', 'ended_while_away']);
  });

  it('gives a leg that two calls name to the newer one', () => {
    const there = survivor();
    const [older, newer] = [call(there.leg.legId, '2026-11-21T09:00:00Z'), call(there.leg.legId, '2026-11-21T11:00:00Z')];
    const plan = planRecovery([there], [newer, older], null);
    expect(plan.resume.map((each) => each.call)).toEqual([newer]);
    expect(plan.close.map((each) => each.call)).toEqual([older]);
  });
});

describe('recovery', () => {
  const scopeOf = (each: OpenCall) => ({ ...routeTo(clinicAgent()), scope: each.scope });

  type RigOptions = {
    readonly survivors: readonly SurvivingLeg[];
    readonly open: readonly OpenCall[];
    /** Tries to read the rows that fail. */
    readonly failures?: number;
    /** Comes before each look-up of an agent; throws where it fails. */
    readonly beforeRoute?: () => Promise<void> | void;
  };

  function rig(options: RigOptions) {
    const journal = openMemoryJournal();
    const resumed: string[] = [];
    const taken: string[] = [];
    let failures = options.failures ?? 0;
    const recovery = startRecovery({
      callControl: openScriptedCallControl({ survivors: options.survivors }),
      openCalls: {
        async list() {
          if (failures-- > 0) throw new Error('the database is away');
          return options.open;
        },
      },
      routing: {
        async findRoute(number) {
          await options.beforeRoute?.();
          return number === '100' && options.open[0] ? scopeOf(options.open[0]) : null;
        },
      },
      journal,
      engine: {
        async resume({ call: { callId } }) {
          resumed.push(callId);
        },
        take: (leg) => taken.push(leg.legId),
        isLive: () => false,
      },
      clock,
      log: silentLog,
    });
    return { recovery, journal, resumed, taken };
  }

  it('waits for a database that is away, then goes on with who is there and closes who is not', async () => {
    const [there, unknown] = [survivor(), survivor()];
    const known = call(there.leg.legId);
    const gone = call('gone');
    const { recovery, journal, resumed, taken } = rig({ survivors: [there, unknown], open: [known, gone], failures: 2 });
    await recovery.done;
    await recovery[Symbol.asyncDispose]();
    expect(resumed).toEqual([known.callId]);
    expect(taken).toEqual([unknown.leg.legId]);
    expect(journal.ends()).toMatchObject([{ callId: gone.callId, outcome: 'failed', reason: 'ended_while_away' }]);
  });

  it('hangs up a caller whose number leads to another organization by now', async () => {
    const there = survivor();
    const moved = call(there.leg.legId);
    const { recovery, journal, resumed } = rig({ survivors: [there], open: [{ ...call('other'), legId: null }, moved] });
    await recovery.done;
    await recovery[Symbol.asyncDispose]();
    expect(resumed).toEqual([]);
    expect((there.leg as ScriptedCallLeg).progress()).toBe('ended');
    expect(journal.ends().map(({ reason }) => reason)).toEqual(['ended_while_away', 'agent_gone']);
  });

  it('asks again for the agent while the database is away or slow, and goes on with the caller', async () => {
    const there = survivor();
    const known = call(there.leg.legId);
    let failures = 2;
    const beforeRoute = (): void => {
      if (failures-- > 0) throw new Error('canceling statement due to statement timeout');
    };
    const { recovery, journal, resumed } = rig({ survivors: [there], open: [known], beforeRoute });
    await recovery.done;
    await recovery[Symbol.asyncDispose]();
    expect(resumed).toEqual([known.callId]);
    expect((there.leg as ScriptedCallLeg).progress()).toBe('ringing');
    expect(journal.ends()).toEqual([]);
  });

  it('hangs up a caller whose agent could not be read for a minute, and does not call it gone', async () => {
    const there = survivor();
    let asked = 0;
    const beforeRoute = async (): Promise<void> => {
      asked += 1;
      await clock.run(40_000);
      throw new Error('the database is away');
    };
    const { recovery, journal, resumed } = rig({ survivors: [there], open: [call(there.leg.legId)], beforeRoute });
    await recovery.done;
    await recovery[Symbol.asyncDispose]();
    expect([resumed, asked]).toEqual([[], 2]);
    expect((there.leg as ScriptedCallLeg).progress()).toBe('ended');
    expect(journal.ends()).toMatchObject([{ outcome: 'failed', reason: 'agent_unknown' }]);
  });

  it('takes no row for a stray one while its agent is looked up', async () => {
    vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] });
    try {
      const there = survivor();
      const known = call(there.leg.legId, '2025-12-31T00:00:00Z');
      const found = Promise.withResolvers<void>();
      const { recovery, journal, resumed } = rig({ survivors: [there], open: [known], beforeRoute: () => found.promise });
      await vi.advanceTimersByTimeAsync(130_000);
      await clock.run(10);
      expect(journal.events).toEqual([]);
      found.resolve();
      await recovery.done;
      await recovery[Symbol.asyncDispose]();
      expect(resumed).toEqual([known.callId]);
    } finally {
      vi.useRealTimers();
    }
  });

  it('gives up at once when it is disposed while the agent cannot be read, and leaves the caller to the next process', async () => {
    const there = survivor();
    const asked = Promise.withResolvers<void>();
    const beforeRoute = (): void => {
      asked.resolve();
      throw new Error('the database is away');
    };
    const { recovery, journal } = rig({ survivors: [there], open: [call(there.leg.legId)], beforeRoute });
    await asked.promise;
    await recovery[Symbol.asyncDispose]();
    expect((there.leg as ScriptedCallLeg).progress()).toBe('ringing');
    expect(journal.events).toEqual([]);
  });

  it('gives up at once when it is disposed while the database is away', async () => {
    const { recovery, journal } = rig({ survivors: [], open: [call('gone')], failures: 1_000 });
    await recovery[Symbol.asyncDispose]();
    expect(journal.events).toEqual([]);
  });
});
