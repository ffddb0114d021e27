// A change of an agent: what its owner sends, laid over what is there and checked as a whole, because parts that are good alone may not fit together.
import { isDeepStrictEqual } from 'node:util';
import { z } from 'zod';
import { afterCallIssues } from '#dialog/after-call-schema.ts';
import type { AgentDraft } from '#dialog/flow-schema.ts';
import { agentDraftSchema, conversationSettingsSchema } from '#dialog/flow-schema.ts';
import type { FieldProblem } from '#http/problem.ts';
import { unprocessable } from '#http/problem.ts';
import { givenFields } from '#shared/given-fields.ts';

const { responder, conversation: _conversation, ...plainParts } = agentDraftSchema.shape;
const [flowResponder, modelResponder] = responder.options;

/** Any part of a draft. `responder` and `conversation` may themselves be given in part; a flow is given whole. */
export const agentChangeSchema = z.strictObject({
  ...z.strictObject(plainParts).partial().shape,
  responder: z
    .strictObject({ ...modelResponder.shape, kind: z.enum([flowResponder.shape.kind.value, modelResponder.shape.kind.value]) })
    .partial()
    .optional(),
  conversation: z.strictObject(conversationSettingsSchema.shape).partial().optional(),
});
export type AgentChange = z.infer<typeof agentChangeSchema>;

/** What a change makes of a draft. */
export type MergedDraft =
  | { readonly kind: 'valid'; readonly draft: AgentDraft }
  | { readonly kind: 'invalid'; readonly fields: readonly FieldProblem[] };

/** Lays a change over a draft. A responder of another kind replaces the one that is there, since their fields have nothing in common. */
export function mergeDraft(current: AgentDraft, change: AgentChange): MergedDraft {
  const { responder: nextResponder = {}, conversation = {}, ...others } = givenFields(change);
  const isOtherKind = nextResponder.kind !== undefined && nextResponder.kind !== current.responder.kind;
  const merged = checkDraft({
    ...current,
    ...others,
    responder: isOtherKind ? givenFields(nextResponder) : { ...current.responder, ...givenFields(nextResponder) },
    conversation: { ...current.conversation, ...givenFields(conversation) },
  });
  // What was stored before this was asked stays as it is until one of the two is changed.
  const issues =
    merged.kind === 'invalid' || (others.flow === undefined && others.afterCall === undefined) ? [] : afterCallIssues(merged.draft);
  return issues.length === 0 ? merged : { kind: 'invalid', fields: issues.map(fieldProblem) };
}

/** Checks a whole draft, naming every field that is wrong. */
function checkDraft(draft: unknown): MergedDraft {
  const parsed = agentDraftSchema.safeParse(draft);
  if (parsed.success) return { kind: 'valid', draft: parsed.data };
  return { kind: 'invalid', fields: parsed.error.issues.map(fieldProblem) };
}

function fieldProblem({ path, message }: { readonly path: readonly PropertyKey[]; readonly message: string }): FieldProblem {
  return { path: path.join('.'), message };
}

/** The longest call of the appliance, ms: `MAX_CALL_SECONDS`. */
export type CallLimit = { readonly maxCallMs: number };

/** Throws a problem for calls that are longer than the appliance lets any be. Where it is not given, what is stored stays, and the appliance's holds. */
export function checkLongestCall(conversation: { readonly maxCallMs?: number | undefined } | undefined, { maxCallMs }: CallLimit): void {
  if ((conversation?.maxCallMs ?? 0) <= maxCallMs) return;
  throw unprocessable(
    'conversation.maxCallMs',
    `is at most ${maxCallMs}: the appliance ends every call after MAX_CALL_SECONDS=${maxCallMs / 1_000}`,
  );
}

/** Names of the fields that differ, such as `flow` and `conversation.commitPauseMs`; never what is in them. */
export function changedFields(before: AgentDraft, after: AgentDraft): string[] {
  const { responder: responderBefore, conversation: conversationBefore, ...restBefore } = before;
  const { responder: responderAfter, conversation: conversationAfter, ...restAfter } = after;
  return [
    ...differing(restBefore, restAfter),
    ...differing(responderBefore, responderAfter).map((field) => `responder.${field}`),
    ...differing(conversationBefore, conversationAfter).map((field) => `conversation.${field}`),
  ];
}

function differing(before: object, after: object): string[] {
  const [was, is] = [new Map(Object.entries(before)), new Map(Object.entries(after))];
  return [...new Set([...was.keys(), ...is.keys()])].filter((field) => !isDeepStrictEqual(was.get(field), is.get(field)));
}
