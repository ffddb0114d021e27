import { describe, expect, it } from 'vitest';
import { clinicEs } from '#dialog/demo/clinic-es.ts';
import type { AgentChange } from './agent-draft.ts';
import { agentChangeSchema, changedFields, mergeDraft } from './agent-draft.ts';

const draft = clinicEs({ organizationName: 'Clínica', destination: '2001' });
const model = { kind: 'language_model', prompt: 'Eres la recepción.', maxOutputTokens: 200, temperature: 0.3 } as const;

describe('a change of an agent', () => {
  it('leaves everything that it does not mention', () => {
    expect(mergeDraft(draft, { voice: 'es+f2' })).toEqual({ kind: 'valid', draft: { ...draft, voice: 'es+f2' } });
    expect(mergeDraft(draft, {})).toEqual({ kind: 'valid', draft });
  });

  it('changes one setting of the conversation and keeps the others', () => {
    const merged = mergeDraft(draft, { conversation: { bargeIn: false } });
    expect(merged).toEqual({ kind: 'valid', draft: { ...draft, conversation: { ...draft.conversation, bargeIn: false } } });
  });

  it('changes one field of a responder, and replaces a responder of another kind', () => {
    const withModel = { ...draft, responder: model };
    expect(mergeDraft(withModel, { responder: { temperature: 1 } })).toMatchObject({ draft: { responder: { ...model, temperature: 1 } } });
    expect(mergeDraft(withModel, { responder: { kind: 'flow' } })).toMatchObject({ kind: 'valid', draft: { responder: { kind: 'flow' } } });
    expect(mergeDraft({ ...draft, responder: { kind: 'flow' } }, { responder: model })).toMatchObject({ draft: { responder: model } });
  });

  it('is refused when good parts do not fit together, with the path of each', () => {
    const slow = { ...draft, conversation: { ...draft.conversation, candidatePauseMs: 200, commitPauseMs: 500 } };
    expect(mergeDraft(slow, { conversation: { candidatePauseMs: 300, commitPauseMs: 300 } })).toMatchObject({
      kind: 'invalid',
      fields: [{ path: 'conversation.commitPauseMs' }],
    });
    expect(mergeDraft({ ...draft, responder: { kind: 'flow' } }, { responder: { kind: 'language_model' } })).toMatchObject({
      kind: 'invalid',
      fields: [{ path: 'responder.prompt' }, { path: 'responder.maxOutputTokens' }, { path: 'responder.temperature' }],
    });
  });

  it('names a wrong target inside a flow down to the field', () => {
    const at = draft.flow.nodes.findIndex(({ transitions }) => transitions.length > 0);
    const misled = draft.flow.nodes.with(at, {
      ...draft.flow.nodes[at]!,
      transitions: draft.flow.nodes[at]!.transitions.with(0, { ...draft.flow.nodes[at]!.transitions[0]!, goTo: 'nowhere' }),
    });
    const merged = mergeDraft(draft, { flow: { ...draft.flow, nodes: misled } } as AgentChange);
    expect(merged).toMatchObject({ kind: 'invalid', fields: [{ path: `flow.nodes.${at}.transitions.0.goTo` }] });
  });

  it('names a node that a disposition waits for and the flow does not have, whichever of the two was changed', () => {
    const known = draft.flow.nodes[0]!.name;
    const afterCall = { fields: [], dispositions: [{ name: 'booked', description: 'It was booked', nodes: [known, 'gone'] }] };
    const path = 'afterCall.dispositions.0.nodes.1';
    const refused = { kind: 'invalid', fields: [{ path, message: expect.stringContaining('there is no node "gone"') as string }] };
    expect(mergeDraft(draft, { afterCall })).toMatchObject(refused);
    const stored = { ...draft, afterCall };
    expect(mergeDraft(stored, { flow: draft.flow } as AgentChange)).toMatchObject(refused);
    expect(mergeDraft(stored, { voice: 'es+f2' })).toMatchObject({ kind: 'valid' });
  });

  it('takes no field that an agent does not have', () => {
    expect(agentChangeSchema.safeParse({ conversation: { patience: 3 } }).success).toBe(false);
    expect(agentChangeSchema.safeParse({ state: 'active' }).success).toBe(false);
    expect(agentChangeSchema.safeParse({ responder: { temperature: 9 } }).success).toBe(false);
  });
});

describe('the fields that differ between two drafts', () => {
  it('are named without what is in them', () => {
    const after = { ...draft, voice: 'es+f2', responder: model, conversation: { ...draft.conversation, maxCallMs: 60_000 } };
    const fields = changedFields({ ...draft, responder: { kind: 'flow' } }, after);
    expect(fields).toEqual([
      'voice',
      'responder.kind',
      'responder.prompt',
      'responder.maxOutputTokens',
      'responder.temperature',
      'conversation.maxCallMs',
    ]);
  });

  it('are none for the same draft with its keys in another order', () => {
    const turned = JSON.parse(JSON.stringify(draft), (_key, value: unknown) =>
      typeof value === 'object' && value !== null && !Array.isArray(value) ? Object.fromEntries(Object.entries(value).toReversed()) : value,
    ) as typeof draft;
    expect(changedFields(draft, turned)).toEqual([]);
  });
});
