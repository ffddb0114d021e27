import { expect, it } from 'vitest';
import type { CallEvent } from '#ports/call-event.ts';
import { newId } from '#shared/id.ts';
import { mintOrgScope } from '#shared/org-scope.ts';
import { createCallFailureWatch, WATCH_WINDOW_MS } from './call-failure-watch.ts';
import type { Trip } from './call-failure-watch.ts';

function open(maxFailed: number) {
  const time = { ms: 0 };
  const trips: Trip[] = [];
  const clock = { nowMs: () => time.ms, wallAt: () => new Date(0) };
  const watch = createCallFailureWatch({ maxFailed, clock, onTrip: (trip) => void trips.push(trip) });
  const scope = mintOrgScope(newId('organization'));
  const call = (component: string | null): void => {
    const stamp = { callId: newId('call'), at: new Date(0), scope };
    const events: CallEvent[] = [
      ...(component === null
        ? []
        : [{ ...stamp, kind: 'note', name: 'failure_state', fields: { from: 'bridging', to: 'apologising', component } } as const]),
      { ...stamp, kind: 'call_ended', outcome: component === null ? 'completed' : 'transferred', reason: '', durationMs: 1 },
    ];
    for (const event of events) watch.observe(event);
  };
  return { time, trips, watch, call };
}

it('stops after enough failed calls, names what failed, and begins anew', () => {
  const { trips, call } = open(3);
  for (const component of ['speech_to_text', 'text_to_speech']) call(component);
  expect(trips).toEqual([]);
  call('speech_to_text');
  expect(trips).toEqual([{ failedCalls: 3, endedCalls: 3, components: ['speech_to_text', 'text_to_speech'] }]);
  call('speech_to_text');
  expect(trips).toHaveLength(1);
});

it('goes on while more calls go well than fail, and however many fail long apart', () => {
  const { time, trips, call } = open(3);
  for (let count = 0; count < 20; count += 1) {
    call('speech_to_text');
    call(null);
    call(null);
  }
  expect(trips).toEqual([]);
  const rare = open(3);
  for (let count = 0; count < 20; count += 1) {
    rare.time.ms += WATCH_WINDOW_MS / 2;
    rare.call('speech_to_text');
  }
  expect([rare.trips, time.ms]).toEqual([[], 0]);
});

it('counts no agent that is set up wrongly, and nothing at all when it is told to stop never', () => {
  for (const [maxFailed, component] of [
    [2, 'configuration'],
    [0, 'speech_to_text'],
  ] as const) {
    const { trips, call } = open(maxFailed);
    for (let count = 0; count < 10; count += 1) call(component);
    expect(trips).toEqual([]);
  }
});

it('forgets what was when calls are taken again', () => {
  const { trips, watch, call } = open(2);
  call('speech_to_text');
  watch.forget();
  call('speech_to_text');
  expect(trips).toEqual([]);
});
