// A small agent for the engine's tests: every kind of node once, short prompts.
import type { AgentProfile, ConversationSettings } from '#ports/agent-profile.ts';

/** What the agent says, by node. */
export const PROMPTS = {
  greeting: 'Hello, this is the clinic, how can I help you?',
  hours: 'We open at nine in the morning and we close at five in the afternoon.',
  more: 'Anything else?',
  person: 'I put you through.',
  sorry: 'Nobody is free now.',
  bye: 'Goodbye.',
} as const;
/** What it says when it did not understand, before it asks again. */
export const NOT_UNDERSTOOD = 'Pardon?';

/** The agent; `conversation` replaces single settings. */
export function clinicAgent(options: { voice?: string; conversation?: Partial<ConversationSettings> } = {}): AgentProfile {
  const listen = { kind: 'listen' } as const;
  return {
    agentId: 'agent_clinic',
    name: 'clinic',
    language: 'en',
    voice: options.voice ?? 'ana',
    speed: 1,
    responder: { kind: 'flow' },
    conversation: {
      candidatePauseMs: 250,
      commitPauseMs: 500,
      bargeIn: true,
      bargeInSpeechMs: 300,
      noInputMs: 4_000,
      noInputPrompts: 2,
      maxCallMs: 120_000,
      ...options.conversation,
    },
    flow: {
      entry: 'greeting',
      nodes: [
        { name: 'greeting', prompt: PROMPTS.greeting, transitions: [], action: listen },
        { name: 'hours', prompt: PROMPTS.hours, transitions: [], action: { kind: 'go_on', goTo: 'more' } },
        { name: 'more', prompt: PROMPTS.more, transitions: [], action: listen },
        {
          name: 'person',
          prompt: PROMPTS.person,
          transitions: [{ when: { kind: 'transfer_failed' }, goTo: 'sorry' }],
          action: { kind: 'transfer', destination: '200', ringMs: 5_000 },
        },
        { name: 'sorry', prompt: PROMPTS.sorry, transitions: [], action: { kind: 'go_on', goTo: 'more' } },
        { name: 'bye', prompt: PROMPTS.bye, transitions: [], action: { kind: 'end_call' } },
      ],
      global: [
        { when: { kind: 'phrase', phrases: ['opening hours'], dtmf: '1' }, goTo: 'hours' },
        { when: { kind: 'phrase', phrases: ['a person'], dtmf: '2' }, goTo: 'person' },
        { when: { kind: 'phrase', phrases: ['that is all'], dtmf: '3' }, goTo: 'bye' },
      ],
      notUnderstood: { say: NOT_UNDERSTOOD, limit: 2, goTo: 'person' },
      noInputGoTo: 'bye',
    },
  };
}
