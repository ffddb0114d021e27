import { expect, it } from 'vitest';
import type { CallEvent } from '#ports/call-event.ts';
import { newId } from '#shared/id.ts';
import { mintOrgScope } from '#shared/org-scope.ts';
import { eventOfText, isStored, textOfEvent } from './call-event-text.ts';
import { queued } from './call-event-writer.ts';

const scope = mintOrgScope(newId('organization'));
const about = { callId: newId('call'), scope, at: new Date('2026-11-21T10:00:00.123Z') };
const conversation = { state: { node: 'a', slots: { day: 'martes' } }, trace: null, nextStep: { kind: 'listen' } };
const turn = {
  seq: 3,
  role: 'caller' as const,
  text: 'el mártes\n"sí"',
  input: 'speech' as const,
  startedAt: about.at,
  endedAt: about.at,
  heardMs: null,
  interrupted: false,
  latency: null,
};
const events: readonly CallEvent[] = [
  { ...about, kind: 'call_started', agentId: 'agent_1', legId: 'leg', dialledNumber: '1', callerNumber: '', recordingPath: null },
  { ...about, kind: 'call_rejected', scope: null, dialledNumber: '1', callerNumber: '', outcome: 'rejected_unknown_number' },
  { ...about, kind: 'call_answered', setupMs: 12.5 },
  { ...about, kind: 'turn_recorded', turn, conversation },
  { ...about, kind: 'conversation_moved', turns: 4, conversation },
  { ...about, kind: 'note', name: 'dtmf', fields: { digit: '1' } },
  {
    ...about,
    kind: 'leg_measured',
    measurement: {
      leg: 'caller',
      codec: 'ulaw',
      packetsReceived: 1,
      packetsSent: 2,
      receivedLossRatio: 0,
      sentLossRatio: null,
      receivedJitterMs: 0.5,
      sentJitterMs: null,
      roundTripMs: null,
      receivedMos: 4.4,
      sentMos: null,
    },
  },
  { ...about, kind: 'call_ended', outcome: 'completed', reason: 'goodbye', durationMs: 1 },
];

it.each(events.map((event) => [event.kind, event] as const))('%s is the same after it was a line', (_kind, event) => {
  const item = queued(event);
  const text = textOfEvent(item);
  expect(text).not.toContain('\n');
  expect(eventOfText(text)).toEqual(item);
});

it('what is no event is none', () => {
  for (const text of [
    '',
    '{',
    '[]',
    '{"id":"x","event":{}}',
    textOfEvent(queued(events[2] as CallEvent)).replace('call_answered', 'call_flew'),
  ])
    expect(eventOfText(text)).toBeNull();
});

it('news for this process alone are not kept', () => {
  expect(isStored({ ...about, kind: 'call_let_go' })).toBe(false);
  expect(events.every(isStored)).toBe(true);
});
