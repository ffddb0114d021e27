// How the agent's turns came about as a Prometheus series: as they should, late, after a retry, or by the flow in the model's place.
import type { Registry } from 'prom-client';
import { Counter } from 'prom-client';
import type { CallEvent } from '#ports/call-event.ts';

/** From the best to the worst; a turn is counted as the worst that happened on its way. */
const outcomes = ['ok', 'late', 'repaired', 'fallback'] as const;
type TurnOutcome = (typeof outcomes)[number];

/** Registers the series; returns what takes the events. */
export function createTurnMetrics(registers: Registry[]): (event: CallEvent) => void {
  const turns = new Counter({
    name: 'centralita_turns_total',
    help: "Agent's turns in calls; late: the wait was filled by a prepared sound; repaired: a model failed and answered when asked again; fallback: the flow answered in the language model's place",
    labelNames: ['outcome'],
    registers,
  });
  for (const outcome of outcomes) turns.inc({ outcome }, 0);
  /** Of calls whose next turn is no longer ok. */
  const worst = new Map<string, TurnOutcome>();
  return (event) => {
    switch (event.kind) {
      case 'note': {
        const outcome = outcomeOf(event);
        const before = worst.get(event.callId) ?? 'ok';
        if (outcomes.indexOf(outcome) > outcomes.indexOf(before)) worst.set(event.callId, outcome);
        return;
      }
      case 'turn_recorded':
        if (event.turn.role !== 'agent') return;
        turns.inc({ outcome: worst.get(event.callId) ?? 'ok' });
        return void worst.delete(event.callId);
      case 'call_ended':
      case 'call_let_go':
        return void worst.delete(event.callId);
      default:
        return;
    }
  };
}

function outcomeOf({ name, fields }: Extract<CallEvent, { kind: 'note' }>): TurnOutcome {
  if (name === 'filler_played') return 'late';
  if (name === 'model_retried') return 'repaired';
  // The dialog's own note names no component: its model failed and the flow answered. With one, no turn follows.
  return name === 'model_failed' && fields['component'] === undefined ? 'fallback' : 'ok';
}
