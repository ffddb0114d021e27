/** An agent that asks one thing after the other, so that what a caller gave before a crash can be looked for after it. */
import type { AgentProfile, FlowNode } from '@centralita/control-plane/ports/agent-profile.ts';
import { benchAgent } from './bench-agent.ts';

/** Digits that a caller may answer with. */
export const DIGITS = ['1', '2', '3', '4', '5', '6', '7', '8', '9'] as const;

/** Name of the slot that the caller fills in a round. */
export const slotOf = (round: number): string => `digit_${round}`;

const nodeOf = (round: number): string => `ask_${round}`;

/** Asks `rounds` digits and one more than is ever answered. Its questions last two seconds each: a crash often falls into one. */
export function askingAgent(rounds: number): Omit<AgentProfile, 'agentId'> {
  const nodes: FlowNode[] = Array.from({ length: rounds + 1 }, (_, round) => ({
    name: nodeOf(round),
    prompt: round === 0 ? 'Marque una cifra, por favor.' : 'Gracias. Marque la siguiente.',
    slot: { name: slotOf(round), values: DIGITS.map((digit) => ({ value: digit, phrases: [`cifra ${digit}`], dtmf: digit })) },
    transitions: [{ when: { kind: 'slot_filled' as const }, goTo: nodeOf(Math.min(round + 1, rounds)) }],
    action: { kind: 'listen' as const },
  }));
  const goodbye: FlowNode = { name: 'goodbye', prompt: 'Adiós.', transitions: [], action: { kind: 'end_call' } };
  return {
    ...benchAgent(),
    flow: {
      entry: nodeOf(0),
      nodes: [...nodes, goodbye],
      global: [],
      notUnderstood: { say: 'No le oigo.', limit: 10, goTo: 'goodbye' },
      noInputGoTo: 'goodbye',
    },
    responder: { kind: 'flow' },
  };
}
