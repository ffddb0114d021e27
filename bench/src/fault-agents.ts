/** The agents that faults are tried on, each of an organization of its own: what fails for one opens no breaker of another. */
import type { AgentProfile, Flow } from '@centralita/control-plane/ports/agent-profile.ts';
import { benchAgent } from './bench-agent.ts';
import { askingAgent } from './recover-agent.ts';

type Draft = Omit<AgentProfile, 'agentId'>;

/** Of the organization's own system, see `openFaultShop`. */
export const SHOP_TOOL = 'register_order';

const shopFlow: Flow = {
  version: 2,
  language: 'es',
  tools: [SHOP_TOOL],
  entry: 'greeting',
  nodes: [
    { name: 'greeting', prompt: 'Tienda, dígame.', transitions: [], action: { kind: 'go_on', goTo: 'desk' } },
    {
      name: 'desk',
      prompt: '¿Qué necesita?',
      expert: { goal: 'Apuntar pedidos', tools: [SHOP_TOOL] },
      transitions: [{ when: { kind: 'phrase', phrases: ['hasta luego'] }, goTo: 'bye' }],
      action: { kind: 'listen' },
    },
    { name: 'bye', prompt: 'Adiós.', transitions: [], action: { kind: 'end_call' } },
  ],
  global: [],
  notUnderstood: { say: 'No le he entendido.', limit: 5, goTo: 'bye' },
  noInputGoTo: 'bye',
};

const transferFlow: Flow = {
  entry: 'greeting',
  nodes: [
    {
      name: 'greeting',
      prompt: 'Marque cero para hablar con alguien.',
      transitions: [{ when: { kind: 'phrase', phrases: ['con alguien'], dtmf: '0' }, goTo: 'person' }],
      action: { kind: 'listen' },
    },
    {
      name: 'person',
      prompt: 'Le paso.',
      transitions: [{ when: { kind: 'transfer_failed' }, goTo: 'nobody' }],
      action: { kind: 'transfer', destination: '2099', ringMs: 5_000 },
    },
    { name: 'nobody', prompt: 'Ahora no hay nadie. ¿Algo más?', transitions: [], action: { kind: 'listen' } },
    { name: 'bye', prompt: 'Adiós.', transitions: [], action: { kind: 'end_call' } },
  ],
  global: [],
  notUnderstood: { say: 'No le oigo.', limit: 5, goTo: 'bye' },
  noInputGoTo: 'bye',
};

/** Asks twice for something that it never understands, then says goodbye. */
const impatientFlow: Flow = {
  entry: 'greeting',
  nodes: [
    {
      name: 'greeting',
      prompt: 'Diga sí o no.',
      transitions: [{ when: { kind: 'phrase', phrases: ['sí'] }, goTo: 'bye' }],
      action: { kind: 'listen' },
    },
    { name: 'bye', prompt: 'Adiós.', transitions: [], action: { kind: 'end_call' } },
  ],
  global: [],
  notUnderstood: { say: 'No le oigo.', limit: 2, goTo: 'bye' },
  noInputGoTo: 'bye',
};

/** Takes a key, and another one for the end. */
const ordinaryFlow: Flow = {
  entry: 'greeting',
  nodes: [
    {
      name: 'greeting',
      prompt: 'Marque uno o nueve.',
      transitions: [
        { when: { kind: 'phrase', phrases: ['uno'], dtmf: '1' }, goTo: 'more' },
        { when: { kind: 'phrase', phrases: ['nueve'], dtmf: '9' }, goTo: 'bye' },
      ],
      action: { kind: 'listen' },
    },
    {
      name: 'more',
      prompt: '¿Algo más?',
      transitions: [{ when: { kind: 'phrase', phrases: ['nueve'], dtmf: '9' }, goTo: 'bye' }],
      action: { kind: 'listen' },
    },
    { name: 'bye', prompt: 'Adiós.', transitions: [], action: { kind: 'end_call' } },
  ],
  global: [],
  notUnderstood: { say: 'No le oigo.', limit: 5, goTo: 'bye' },
  noInputGoTo: 'bye',
};

/** Numbers, and who answers there. `model0` and the like are one and the same agent in organizations of their own. */
export const faultAgents = {
  model: ['4001', benchAgent()],
  keys: ['4002', askingAgent(5)],
  shop: ['4003', { ...benchAgent(), flow: shopFlow }],
  silent: ['4004', benchAgent({ noInputMs: 1_500, noInputPrompts: 1 })],
  short: ['4005', benchAgent({ maxCallMs: 10_000 })],
  transfer: ['4006', { ...benchAgent(), flow: transferFlow, responder: { kind: 'flow' } }],
  impatient: ['4007', { ...benchAgent(), flow: impatientFlow, responder: { kind: 'flow' } }],
  ordinary: ['4008', { ...benchAgent(), flow: ordinaryFlow, responder: { kind: 'flow' } }],
  modelsDown: ['4011', benchAgent()],
  modelsKilled: ['4012', benchAgent()],
  modelsBack: ['4013', benchAgent()],
  modelsFrozen: ['4014', benchAgent()],
  hearing: ['4015', benchAgent()],
  voice: ['4016', benchAgent()],
  words: ['4017', benchAgent()],
  wordsCut: ['4018', benchAgent()],
  wordsNone: ['4019', benchAgent()],
  memory: ['4020', benchAgent()],
} as const satisfies Readonly<Record<string, readonly [number: string, draft: Draft]>>;

export type FaultAgentName = keyof typeof faultAgents;
