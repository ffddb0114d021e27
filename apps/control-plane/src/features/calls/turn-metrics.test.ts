import { Registry } from 'prom-client';
import { expect, it } from 'vitest';
import type { CallEvent, NoteName } from '#ports/call-event.ts';
import { newId } from '#shared/id.ts';
import { mintOrgScope } from '#shared/org-scope.ts';
import { createTurnMetrics } from './turn-metrics.ts';

const scope = mintOrgScope(newId('organization'));
const at = new Date('2026-11-22T10:00:00Z');
const [one, two] = [newId('call'), newId('call')];
const note = (callId: typeof one, name: NoteName, fields = {}): CallEvent => ({ kind: 'note', scope, callId, at, name, fields });
const spoken = (callId: typeof one, role: 'agent' | 'caller'): CallEvent => {
  const turn = { seq: 1, role, text: 'x', input: null, startedAt: at, endedAt: at, heardMs: null, interrupted: false, latency: null };
  return { kind: 'turn_recorded', scope, callId, at, turn };
};
const ended = (callId: typeof one): CallEvent => ({
  kind: 'call_ended',
  scope,
  callId,
  at,
  outcome: 'failed',
  reason: 'x',
  durationMs: 1,
});

it('counts each turn of an agent once, as the worst that happened on its way, each call for itself', async () => {
  const registry = new Registry();
  const observe = createTurnMetrics([registry]);
  const events = [
    spoken(one, 'agent'),
    note(one, 'filler_played', { component: 'language_model' }),
    note(one, 'model_retried', { component: 'language_model' }),
    note(one, 'filler_played', { component: 'language_model' }),
    spoken(two, 'agent'),
    spoken(one, 'caller'),
    spoken(one, 'agent'),
    note(one, 'filler_played', { component: 'text_to_speech' }),
    spoken(one, 'agent'),
    note(two, 'model_failed'),
    spoken(two, 'agent'),
    note(two, 'model_failed', { component: 'text_to_speech' }),
    note(two, 'model_retried', { component: 'text_to_speech' }),
    ended(two),
    spoken(two, 'agent'),
  ];
  for (const event of events) observe(event);
  const text = await registry.metrics();
  for (const [outcome, count] of Object.entries({ ok: 3, late: 1, repaired: 1, fallback: 1 }))
    expect(text).toContain(`centralita_turns_total{outcome="${outcome}"} ${count}\n`);
});
