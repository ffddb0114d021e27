// The limits of what may be asked of each call afterwards, checked where an agent is saved.
import { z } from 'zod';
import type { AfterCall } from '#ports/after-call.ts';
import type { Flow } from '#ports/agent-profile.ts';
import type { FlowIssue } from './flow-graph.ts';

/** At them an agent is refused with the field's path. A model is asked for all of it at once. */
const AFTER_CALL_LIMITS = {
  fields: 30,
  dispositions: 30,
  choices: 30,
  nodes: 50,
  descriptionCharacters: 300,
  choiceCharacters: 80,
} as const;

const name = z
  .string()
  .max(60)
  .regex(/^[a-z][a-z0-9_]*$/, 'a name is lower-case letters, digits and _, and starts with a letter');
const description = z.string().trim().min(1).max(AFTER_CALL_LIMITS.descriptionCharacters);
const choice = z.string().trim().min(1).max(AFTER_CALL_LIMITS.choiceCharacters);

const fieldSchema = z
  .strictObject({
    name,
    description,
    type: z.enum(['text', 'number', 'date', 'choice', 'yes_no']),
    choices: z.array(choice).min(1).max(AFTER_CALL_LIMITS.choices).exactOptional(),
    remember: z.boolean().exactOptional(),
  })
  .superRefine(({ type, choices }, check) => {
    const wrong = (message: string) => check.addIssue({ code: 'custom', path: ['choices'], message });
    if (type === 'choice' && choices === undefined) wrong('a choice needs the values to choose from');
    if (type !== 'choice' && choices !== undefined) wrong('only a choice has values to choose from: leave them out');
    if (choices && isRepeated(choices)) wrong('each value once');
  });

const dispositionSchema = z.strictObject({
  name,
  description,
  nodes: z.array(name).min(1).max(AFTER_CALL_LIMITS.nodes).exactOptional(),
  outcomes: z
    .array(z.enum(['completed', 'caller_hung_up', 'transferred', 'no_input', 'max_duration', 'failed']))
    .min(1)
    .exactOptional(),
});

/** What is made of each call of an agent. */
export const afterCallSchema = z
  .strictObject({
    fields: z.array(fieldSchema).max(AFTER_CALL_LIMITS.fields),
    dispositions: z.array(dispositionSchema).max(AFTER_CALL_LIMITS.dispositions),
  })
  .superRefine(({ fields, dispositions }, check) => {
    for (const [path, named] of Object.entries({ fields, dispositions }))
      if (isRepeated(named.map((one) => one.name))) check.addIssue({ code: 'custom', path: [path], message: 'each name once' });
  }) satisfies z.ZodType<AfterCall>;

/** Nodes that a disposition names and the agent's flow does not have: it would never fit by them. */
export function afterCallIssues({ flow, afterCall }: { flow: Pick<Flow, 'nodes'>; afterCall?: AfterCall | undefined }): FlowIssue[] {
  const names = new Set(flow.nodes.map((node) => node.name));
  return (afterCall?.dispositions ?? []).flatMap(({ nodes = [] }, index) =>
    nodes.flatMap((node, at) =>
      names.has(node)
        ? []
        : [
            {
              path: ['afterCall', 'dispositions', index, 'nodes', at],
              message: `there is no node "${node}"; the nodes are ${[...names].join(', ')}`,
            },
          ],
    ),
  );
}

function isRepeated(texts: readonly string[]): boolean {
  return new Set(texts).size < texts.length;
}
