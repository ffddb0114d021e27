// The limits of what an operator may configure, checked where a profile enters: a call trusts what it is given.
import { z } from 'zod';
import type { AgentProfile, ConversationSettings, Flow, Responder } from '#ports/agent-profile.ts';
import { isTimeZone } from '#shared/opening-hours.ts';
import { afterCallIssues, afterCallSchema } from './after-call-schema.ts';
import { flowIssues, savedFlowIssues } from './flow-checks.ts';
import type { FlowIssue } from './flow-graph.ts';
import { FLOW_LIMITS, languageTag, nodeName, nodeSchema, spoken, toolName, transitionSchema } from './flow-node-schema.ts';

/** Everything of an agent that its owner edits. */
export type AgentDraft = Omit<AgentProfile, 'agentId'>;

/** A conversation as it may be stored: sizes, names, and how the nodes fit together. */
export const flowSchema = z
  .strictObject({
    version: z.union([z.literal(1), z.literal(2)]).exactOptional(),
    language: languageTag.exactOptional(),
    timeZone: z.string().max(60).refine(isTimeZone, 'a time zone of the IANA list, such as Europe/Madrid').exactOptional(),
    tools: z.array(toolName).max(FLOW_LIMITS.ownTools).exactOptional(),
    entry: nodeName,
    nodes: z.array(nodeSchema).min(1).max(FLOW_LIMITS.nodes),
    global: z.array(transitionSchema).max(FLOW_LIMITS.globalTransitions),
    notUnderstood: z.strictObject({ say: spoken, limit: z.int().min(1).max(10), goTo: nodeName }),
    noInputGoTo: nodeName,
  })
  .superRefine((flow, check) => addIssues(flowIssues(flow), check)) satisfies z.ZodType<Flow>;

/** A conversation as it may be saved: it can be walked to its end from everywhere. */
export const savedFlowSchema = flowSchema.superRefine((flow, check) => addIssues(savedFlowIssues(flow), check)) satisfies z.ZodType<Flow>;

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

/** An agent as it may be stored. */
export const agentDraftSchema = z.strictObject({
  name: z.string().trim().min(1).max(100),
  language: languageTag,
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

/** An agent as its owner may save it. */
export const savedDraftSchema = z
  .strictObject({ ...agentDraftSchema.shape, flow: savedFlowSchema })
  .superRefine((draft, check) => addIssues(afterCallIssues(draft), check)) satisfies z.ZodType<AgentDraft>;

/** Hands what does not fit together to a schema as its own. */
export function addIssues(issues: readonly FlowIssue[], check: z.RefinementCtx): void {
  for (const { path, message } of issues) check.addIssue({ code: 'custom', path: [...path], message });
}
