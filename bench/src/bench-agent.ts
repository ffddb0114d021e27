/** The agents that benchmarks call: one sentence of greeting, and a language model that answers whatever is said. */
import type { AgentProfile, ConversationSettings } from '@centralita/control-plane/ports/agent-profile.ts';

/** What callers of every bench meet unless a bench wants otherwise. The pauses are the ones that the figures are promised for. */
export const benchConversation: ConversationSettings = {
  candidatePauseMs: 240,
  commitPauseMs: 500,
  bargeIn: true,
  bargeInSpeechMs: 240,
  // Longer than any bench: a silent caller is not asked anything.
  noInputMs: 60_000,
  noInputPrompts: 5,
  maxCallMs: 600_000,
};

/** An agent before it is stored. */
export function benchAgent(conversation: Partial<ConversationSettings> = {}): Omit<AgentProfile, 'agentId'> {
  return {
    name: 'Bench',
    language: 'es',
    voice: '',
    speed: 1,
    flow: {
      entry: 'greeting',
      nodes: [
        { name: 'greeting', prompt: 'Dígame.', transitions: [], action: { kind: 'listen' } },
        { name: 'goodbye', prompt: 'Adiós.', transitions: [], action: { kind: 'end_call' } },
      ],
      global: [{ when: { kind: 'phrase', phrases: ['terminar la llamada'] }, goTo: 'goodbye' }],
      notUnderstood: { say: 'No le oigo.', limit: 10, goTo: 'goodbye' },
      noInputGoTo: 'goodbye',
    },
    responder: { kind: 'language_model', prompt: 'Contesta con una frase.', maxOutputTokens: 100, temperature: 0 },
    conversation: { ...benchConversation, ...conversation },
  };
}
