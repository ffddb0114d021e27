// The tools of one conversation: which of them its agent may use at each place of its flow, and what they did so far.
import type { Flow } from '#ports/agent-profile.ts';
import type { Clock } from '#shared/clock.ts';
import type { ConversationState } from './dialog.ts';
import { createTaskTool } from './task-tool.ts';
import { createToolSet } from './tools/tool-set.ts';
import type { RanCall, ToolSet, ToolSetOptions } from './tools/tool-set.ts';
import type { Tool, ToolContext } from './tools/tool.ts';
import type { TurnTools } from './turn-tools.ts';

export type ConversationToolParts = {
  readonly flow: Flow;
  readonly tools: readonly Tool[];
  readonly context: ToolContext;
  readonly clock: Clock;
  readonly onFault?: ToolSetOptions['onFault'];
};

/** The tools of a conversation. */
export type ConversationTools = {
  /** For the model, at the node or in the task where the conversation is. */
  atPlace(state: ConversationState): TurnTools;
  /** For the flow, which names the tools that it runs itself. */
  ofFlow(): TurnTools;
};

/** Opens them. Tool sets are made once for each place: their schemas cost more than a turn. */
export function openConversationTools(parts: ConversationToolParts): ConversationTools {
  const { flow, context, clock, onFault } = parts;
  const taskTool = createTaskTool(flow);
  const tools = taskTool === null ? parts.tools : [...parts.tools, taskTool as Tool];
  const names = tools.map(({ name }) => name);
  const effects = new Map<string, RanCall>();
  const sets = new Map<string, ToolSet>();
  const setOf = (allowed: readonly string[]): ToolSet => {
    const key = allowed.join(' ');
    const known = sets.get(key);
    if (known !== undefined) return known;
    const set = createToolSet({ tools, allowed, language: context.language, clock, ...(onFault === undefined ? {} : { onFault }) });
    sets.set(key, set);
    return set;
  };
  const turnTools = (allowed: readonly string[]): TurnTools => ({
    set: setOf(allowed),
    effectOf: (name) => tools.find((tool) => tool.name === name)?.effect ?? null,
    context,
    effects,
  });
  return {
    atPlace(state) {
      const node = flow.nodes.find(({ name }) => name === (state.expert ?? state.node));
      const own = node?.expert?.tools;
      return turnTools(own === undefined ? names : [...own, ...(taskTool === null ? [] : [taskTool.name])]);
    },
    ofFlow: () => turnTools(parts.tools.map(({ name }) => name)),
  };
}
