// Calls of a process that died: matched, gone on with as the same call, or closed for what was found.
import { describe, expect, it } from 'vitest';
import { openManualClock } from '#ports/testing/manual-clock.ts';
import { openScriptedCallLeg } from '#ports/testing/scripted-call-leg.ts';
import type { SurvivingLeg } from '#ports/call-control.ts';
import type { OpenCall } from '#ports/open-calls.ts';
import { newId } from '#shared/id.ts';
import { mintOrgScope } from '#shared/org-scope.ts';
import { planRecovery } from './recovery.ts';

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
