// The tool by which a model tells the flow what it understood: which task the caller wants, what was found out, which conditions hold.
import { z } from 'zod';
import type { Flow } from '#ports/agent-profile.ts';
import type { FlowVerdict } from './flow-state.ts';
import type { Tool } from './tools/tool.ts';

/** No organization can define a tool of this name: theirs have no leading underscore. */
export const TASK_TOOL_NAME = '_note_task';

/** The tool for a flow; null for one that has no experts, conditions or slots to tell of. */
export function createTaskTool(flow: Flow): Tool<FlowVerdict> | null {
  if (flow.version !== 2) return null;
  const experts = flow.nodes.filter(({ expert }) => expert !== undefined);
  const slots = flow.nodes.flatMap((node) => node.slots ?? []);
  const edges = [...flow.global, ...flow.nodes.flatMap(({ transitions }) => transitions)];
  const conditions = edges.flatMap(({ when }) => (when.kind === 'condition' ? [when.text] : []));
  if (experts.length === 0 && slots.length === 0 && conditions.length === 0) return null;
  const shape = {
    ...(experts.length === 0
      ? {}
      : {
          intent: z
            .enum(experts.map(({ name }) => name))
            .describe(goals(experts))
            .optional(),
        }),
    ...(slots.length === 0
      ? {}
      : {
          slots: z
            .strictObject(
              Object.fromEntries(
                slots.map(({ name, description, type }) => [
                  name,
                  z
                    .string()
                    .max(500)
                    .describe(description ?? formOf(type.kind))
                    .optional(),
                ]),
              ),
            )
            .describe('What the caller said, only what was really said')
            .optional(),
        }),
    ...(conditions.length === 0
      ? {}
      : { conditions: z.array(z.enum(conditions)).max(conditions.length).describe('Those that hold now').optional() }),
  };
  return {
    name: TASK_TOOL_NAME,
    description: 'Notes what the caller wants and said. Use it whenever the caller gives a detail, changes one, or wants something else.',
    effect: 'read',
    arguments: z.strictObject(shape) as unknown as z.ZodType<FlowVerdict>,
    budgetMs: 500,
    run: () => Promise.resolve({ kind: 'done', text: 'OK' }),
  };
}

function goals(experts: Flow['nodes']): string {
  return experts.map(({ name, expert }) => `${name}: ${expert?.goal ?? ''}`).join('; ');
}

/** The stored form of a slot, as the flow will check it. */
function formOf(kind: string): string {
  const forms: Readonly<Record<string, string>> = {
    date: 'a date such as 2026-12-31',
    time: 'a time such as 16:30',
    number: 'a whole number in digits',
    phone: 'a telephone number in digits',
    yes_no: 'yes or no',
  };
  return forms[kind] ?? 'in the caller’s words';
}
