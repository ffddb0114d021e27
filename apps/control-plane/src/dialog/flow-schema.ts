// The limits of what an operator may configure, checked where a profile enters: a call trusts what it is given.
import { z } from 'zod';
import type {
  AgentProfile,
  ConversationSettings,
  Flow,
  FlowAction,
  FlowNode,
  FlowSlot,
  FlowTransition,
  Responder,
} from '#ports/agent-profile.ts';
import { afterCallSchema } from './after-call-schema.ts';
import { flowIssues } from './flow-checks.ts';
import { wordsOf } from './phrase-match.ts';

/** Everything of an agent that its owner edits. */
export type AgentDraft = Omit<AgentProfile, 'agentId'>;

/** Sizes of a flow. At them a profile is refused with the field's path; a call never meets a larger one. */
export const FLOW_LIMITS = {
  nodes: 200,
  transitionsPerNode: 30,
  globalTransitions: 20,
  phrasesPerChoice: 20,
  slotValues: 60,
  /** About a minute of speech. */
  promptCharacters: 1_000,
  phraseCharacters: 80,
  nameCharacters: 60,
  dtmfKeys: 8,
} as const;

const nodeName = z
  .string()
  .max(FLOW_LIMITS.nameCharacters)
  .regex(/^[a-z][a-z0-9_]*$/, 'a name is lower-case letters, digits and _, and starts with a letter');
const spoken = z
  .string()
  .max(FLOW_LIMITS.promptCharacters)
  .regex(/\p{L}|\p{N}/u, 'a prompt needs a word to say');
const dtmf = z.string().regex(new RegExp(`^[0-9*#]{1,${FLOW_LIMITS.dtmfKeys}}$`), `keys are 1 to ${FLOW_LIMITS.dtmfKeys} of 0-9, * and #`);
const phrase = z
  .string()
  .max(FLOW_LIMITS.phraseCharacters)
  .refine((text) => wordsOf(text).length > 0, 'a phrase needs a letter or a digit');
const phrases = z.array(phrase).min(1).max(FLOW_LIMITS.phrasesPerChoice);

const slotSchema = z.strictObject({
  name: nodeName,
  values: z
    .array(z.strictObject({ value: z.string().min(1).max(FLOW_LIMITS.phraseCharacters), phrases, dtmf: dtmf.exactOptional() }))
    .min(1)
    .max(FLOW_LIMITS.slotValues),
}) satisfies z.ZodType<FlowSlot>;

const transitionSchema = z.strictObject({
  when: z.discriminatedUnion('kind', [
    z.strictObject({ kind: z.literal('phrase'), phrases, dtmf: dtmf.exactOptional() }),
    z.strictObject({ kind: z.literal('slot_filled') }),
    z.strictObject({ kind: z.literal('transfer_failed') }),
  ]),
  goTo: nodeName,
}) satisfies z.ZodType<FlowTransition>;

const actionSchema = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('listen') }),
  z.strictObject({ kind: z.literal('go_on'), goTo: nodeName }),
  z.strictObject({
    kind: z.literal('transfer'),
    // An extension and nothing more: a technology or an address here would be a way out over any trunk.
    destination: z.string().regex(/^[0-9]{2,8}$/, "a destination is a phone's extension of 2 to 8 digits, such as 2001"),
    ringMs: z.int().min(5_000).max(120_000),
  }),
  z.strictObject({ kind: z.literal('end_call') }),
]) satisfies z.ZodType<FlowAction>;

const nodeSchema = z.strictObject({
  name: nodeName,
  prompt: spoken,
  reprompt: spoken.exactOptional(),
  slot: slotSchema.exactOptional(),
  transitions: z.array(transitionSchema).max(FLOW_LIMITS.transitionsPerNode),
  action: actionSchema,
}) satisfies z.ZodType<FlowNode>;

/** A conversation that can be walked to its end: sizes, names, and how the nodes fit together. */
export const flowSchema = z
  .strictObject({
    entry: nodeName,
    nodes: z.array(nodeSchema).min(1).max(FLOW_LIMITS.nodes),
    global: z.array(transitionSchema).max(FLOW_LIMITS.globalTransitions),
    notUnderstood: z.strictObject({ say: spoken, limit: z.int().min(1).max(10), goTo: nodeName }),
    noInputGoTo: nodeName,
  })
  .superRefine((flow, check) => {
    for (const { path, message } of flowIssues(flow)) check.addIssue({ code: 'custom', path: [...path], message });
  }) satisfies z.ZodType<Flow>;

/** Times of a conversation, ms. */
export const conversationSettingsSchema = z
  .strictObject({
    candidatePauseMs: z.int().min(200).max(300),
    commitPauseMs: z.int().min(300).max(800),
    bargeIn: z.boolean(),
    bargeInSpeechMs: z.int().min(200).max(500),
    noInputMs: z.int().min(1_000).max(60_000),
    noInputPrompts: z.int().min(0).max(5),
    // Four hours: longer than any call we know of, short enough that a forgotten one ends the same day.
    maxCallMs: z.int().min(10_000).max(14_400_000),
  })
  .refine((settings) => settings.candidatePauseMs < settings.commitPauseMs, {
    path: ['commitPauseMs'],
    message: 'must be longer than candidatePauseMs: the reply is prepared between the two',
  }) satisfies z.ZodType<ConversationSettings>;

const responderSchema = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('flow') }),
  z.strictObject({
    kind: z.literal('language_model'),
    prompt: z.string().min(1).max(20_000),
    maxOutputTokens: z.int().min(1).max(4_096),
    temperature: z.number().min(0).max(2),
  }),
]) satisfies z.ZodType<Responder>;

/** An agent as its owner writes it. */
export const agentDraftSchema = z.strictObject({
  name: z.string().trim().min(1).max(100),
  language: z.string().regex(/^[a-z]{2,3}(-[A-Za-z0-9]{2,8})*$/, 'a language tag, such as es or en-US'),
  // Empty asks for the language's default voice.
  voice: z
    .string()
    .max(100)
    .regex(/^[A-Za-z0-9_+.-]*$/, 'letters, digits and _ + . -'),
  speed: z.number().min(0.5).max(2),
  flow: flowSchema,
  responder: responderSchema,
  conversation: conversationSettingsSchema,
  afterCall: afterCallSchema.optional(),
}) satisfies z.ZodType<AgentDraft>;
