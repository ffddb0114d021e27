// How agents look on the wire, for the routes of the admin and of their organization alike.
import { z } from '@hono/zod-openapi';
import { afterCallIssues, afterCallSchema } from '#dialog/after-call-schema.ts';
import { addIssues, agentDraftSchema, conversationSettingsSchema, flowSchema, savedFlowSchema } from '#dialog/flow-schema.ts';
import { toPage } from '#http/page.ts';
import { DIALLED_NUMBER_ADVICE, DIALLED_NUMBER_FORM } from '#shared/dialled-number.ts';
import { agentChangeSchema } from './agent-draft.ts';
import type { AgentDetails, AgentSummary } from './agent-store.ts';
import { agentStates } from './agent-store.ts';
import type { AgentVersionDetails, AgentVersionSummary } from './agent-version-store.ts';

const instant = z.iso.datetime();
const COMMENT_CHARACTERS = 500;
const dialledNumber = z.string().regex(DIALLED_NUMBER_FORM, DIALLED_NUMBER_ADVICE).openapi({ example: '+34910000001' });

/** What is saved is checked with more care than what is read. Named in the document: flows stand in five operations. Its own JSON schema, because the generator takes fields that may be absent for required. */
const flow = savedFlowSchema.clone().openapi('Flow', documentOf(flowSchema));
const responder = agentDraftSchema.shape.responder.clone().openapi('Responder', documentOf(agentDraftSchema.shape.responder));
const afterCall = afterCallSchema.clone().openapi('AfterCall', documentOf(afterCallSchema));
const conversation = conversationSettingsSchema.clone().openapi('ConversationSettings', documentOf(conversationSettingsSchema));

/** What an agent is registered with. */
export const draftBodySchema = z
  .strictObject({ ...agentDraftSchema.shape, flow, responder, conversation, afterCall: afterCall.optional() })
  .superRefine((draft, check) => addIssues(afterCallIssues(draft), check))
  .openapi('AgentDraft');

const comment = z.string().max(COMMENT_CHARACTERS).optional().openapi({ description: 'Why, for the list of versions' });
/** A change of any part of a draft. */
export const changeBodySchema = z
  .strictObject({
    ...agentChangeSchema.shape,
    flow: flow.optional(),
    afterCall: afterCall.optional(),
    comment,
    expectedVersion: z
      .int()
      .min(1)
      .optional()
      .openapi({ description: 'Refuse the change with 409 when the agent has another version by now' }),
  })
  .openapi('AgentChange');

const versionNumber = z.coerce.number().int().min(1).max(2_147_483_647);
/** Which version to go back to. */
export const rollbackBodySchema = z.strictObject({ version: z.int().min(1).max(2_147_483_647), comment }).openapi('AgentRollback');
/** With which number to put an agent to work. */
export const provisionBodySchema = z
  .strictObject({
    number: dialledNumber
      .optional()
      .openapi({ description: 'A number of the organization, which then leads here, or one that nobody has' }),
  })
  .openapi('AgentProvisioning');

export const organizationParams = z.object({ organizationId: z.string().max(100) });
export const agentParams = z.object({ agentId: z.string().max(100) });
export const versionParams = z.object({ agentId: z.string().max(100), version: versionNumber });

const summaryFields = {
  organizationId: z.string(),
  agentId: z.string(),
  name: z.string(),
  language: z.string(),
  voice: z.string(),
  state: z.enum(agentStates),
  version: z.int(),
  createdAt: instant,
  updatedAt: instant,
};
export const agentSummarySchema = z.object(summaryFields).openapi('AgentSummary');
export const agentSchema = z
  .object({ ...agentDraftSchema.shape, flow, responder, conversation, afterCall: afterCall.optional(), ...summaryFields })
  .openapi('Agent');
export const agentPageSchema = z.object({ agents: z.array(agentSummarySchema), nextCursor: z.string().nullable() });

const versionFields = {
  version: z.int(),
  name: z.string(),
  comment: z.string(),
  restoredFrom: z.int().nullable(),
  createdAt: instant,
  createdBy: z.string(),
};
export const versionSummarySchema = z.object(versionFields).openapi('AgentVersionSummary');
export const versionSchema = z
  .object({ ...agentDraftSchema.shape, flow, responder, conversation, afterCall: afterCall.optional(), ...versionFields })
  .openapi('AgentVersion');
export const versionPageSchema = z.object({ versions: z.array(versionSummarySchema), nextCursor: z.string().nullable() });

/** Where a page of agents or of versions ends. */
export const agentPositionSchema = z.strictObject({ name: z.string().max(100), agentId: z.string().max(100) });
export const versionPositionSchema = z.strictObject({ version: z.int().min(1).max(2_147_483_647) });

export function agentSummaryBody(agent: AgentSummary) {
  return { ...agent, createdAt: agent.createdAt.toISOString(), updatedAt: agent.updatedAt.toISOString() };
}

/** A page from rows that were read with `limit + 1`. */
export function agentPageBody(rows: readonly AgentSummary[], limit: number) {
  const { page, nextCursor } = toPage(rows, limit, ({ name, agentId }) => ({ name, agentId }));
  return { agents: page.map(agentSummaryBody), nextCursor };
}

export function agentBody({ draft, ...summary }: AgentDetails): z.infer<typeof agentSchema> {
  return { ...agentSummaryBody(summary), ...mutable(draft) };
}

export function versionSummaryBody(version: AgentVersionSummary) {
  return { ...version, createdAt: version.createdAt.toISOString() };
}

export function versionBody({ draft, ...summary }: AgentVersionDetails): z.infer<typeof versionSchema> {
  return { ...versionSummaryBody(summary), ...mutable(draft) };
}

/** The port's types are read-only and the schema's are not; nobody writes to a body. */
function mutable(draft: AgentDetails['draft']): z.infer<typeof draftBodySchema> {
  return draft as z.infer<typeof draftBodySchema>;
}

function documentOf(schema: z.ZodType) {
  const { $schema: _dialect, ...document } = z.toJSONSchema(schema, { io: 'input' });
  return document as object;
}
