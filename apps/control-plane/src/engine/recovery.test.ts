// Calls of a process that died: matched, gone on with as the same call, or closed for what was found.
import { describe, expect, it } from 'vitest';
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

  function rig(options: { survivors: readonly SurvivingLeg[]; open: readonly OpenCall[]; failures?: number }) {
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
      routing: { findRoute: async (number) => (number === '100' && options.open[0] ? scopeOf(options.open[0]) : null) },
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

  it('gives up at once when it is disposed while the database is away', async () => {
    const { recovery, journal } = rig({ survivors: [], open: [call('gone')], failures: 1_000 });
    await recovery[Symbol.asyncDispose]();
    expect(journal.events).toEqual([]);
  });
});
