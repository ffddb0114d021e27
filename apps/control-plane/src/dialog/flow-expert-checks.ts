// What must hold in flows of version 2: every node can be left, every slot is asked, every tool exists, every question in mid-task comes back.
import type { Flow, FlowNode, FlowTransition } from '#ports/agent-profile.ts';
import type { FlowIssue, FlowPath } from './flow-graph.ts';
import { isChosenByWords, nodeTargets } from './flow-graph.ts';
import { slotIssues } from './flow-slot-checks.ts';
import { PRODUCT_TOOL_NAMES } from './tools/tool-names.ts';

export function expertIssues(flow: Flow): FlowIssue[] {
  return [
    ...deadEndIssues(flow),
    ...unknownTools(flow),
    ...flow.nodes.flatMap((node, index) => toolNodeIssues(node, ['nodes', index])),
    ...lostAsides(flow),
    ...slotIssues(flow),
    ...flow.nodes.flatMap((node, index) =>
      node.expert !== undefined && node.endsTask === true
        ? [{ path: ['nodes', index, 'endsTask'], message: 'a node cannot begin a task and end it; end it at the node after' }]
        : [],
    ),
  ];
}

/** Nodes that cannot be left, and nodes from which no way leads to an end, in flows of any version. */
export function deadEndIssues(flow: Flow) {
  return [...flow.nodes.flatMap((node, index) => deadEnds(flow, node, index)), ...endlessConversations(flow)];
}

/** A node that listens, and nothing that the caller or a tool can do leads out of it. Silence and misunderstanding are no ways out. */
function deadEnds(flow: Flow, node: FlowNode, index: number): FlowIssue[] {
  if (node.action.kind !== 'listen') return [];
  const leads = ({ goTo, when }: FlowTransition) => goTo !== node.name && when.kind !== 'no_input';
  const isLeft =
    node.transitions.some(leads) || flow.global.some(leads) || flow.nodes.some((other) => other !== node && isChosenByWords(other));
  if (isLeft || endsByTool(node)) return [];
  return [
    {
      path: ['nodes', index, 'transitions'],
      message: `a dead end: nothing that a caller says leads out of "${node.name}"; add a transition or a global one`,
    },
  ];
}

function endsByTool({ expert }: FlowNode): boolean {
  return expert?.tools?.some((tool) => tool === 'end_call' || tool === 'transfer_to_person') ?? false;
}

/** Nodes from which no way leads to the end of the call or to a person. */
function endlessConversations(flow: Flow): FlowIssue[] {
  const fromAnywhere = [
    ...flow.global.map(({ goTo }) => goTo),
    ...flow.nodes.filter(isChosenByWords).map(({ name }) => name),
    flow.notUnderstood.goTo,
    flow.noInputGoTo,
  ];
  const ends = new Set(
    flow.nodes
      .filter((node) => node.action.kind === 'end_call' || node.action.kind === 'transfer' || endsByTool(node))
      .map(({ name }) => name),
  );
  for (let before = -1; before !== ends.size;) {
    before = ends.size;
    for (const [index, node] of flow.nodes.entries()) {
      const ways = [...nodeTargets(node, index).map(({ goTo }) => goTo), ...(node.action.kind === 'listen' ? fromAnywhere : [])];
      if (ways.some((goTo) => ends.has(goTo))) ends.add(node.name);
    }
  }
  return flow.nodes.flatMap(({ name }, index) =>
    ends.has(name)
      ? []
      : [
          {
            path: ['nodes', index, 'name'],
            message: `a dead end: no way from "${name}" ends the call or reaches a person; add an "end_call" node`,
          },
        ],
  );
}

function unknownTools(flow: Flow): FlowIssue[] {
  const known = new Set<string>([...PRODUCT_TOOL_NAMES, ...(flow.tools ?? [])]);
  const edges = (transitions: readonly FlowTransition[], path: FlowPath) =>
    transitions.flatMap(({ when }, at) => (when.kind === 'tool_result' ? [{ tool: when.tool, path: [...path, at, 'when', 'tool'] }] : []));
  const named = [
    ...edges(flow.global, ['global']),
    ...flow.nodes.flatMap((node, index) => [
      ...(node.expert?.tools ?? []).map((tool, at) => ({ tool, path: ['nodes', index, 'expert', 'tools', at] })),
      ...(node.action.kind === 'use_tool' ? [{ tool: node.action.tool, path: ['nodes', index, 'action', 'tool'] }] : []),
      ...edges(node.transitions, ['nodes', index, 'transitions']),
    ]),
  ];
  return named
    .filter(({ tool }) => !known.has(tool))
    .map(({ tool, path }) => ({
      path,
      message: `there is no tool "${tool}"; the tools are ${[...known].join(', ')}, and the organization's own, named under "tools" of the flow`,
    }));
}

/** A node that runs a tool waits for its result and for nothing else. */
function toolNodeIssues({ action, transitions }: FlowNode, path: FlowPath): FlowIssue[] {
  if (action.kind !== 'use_tool') return [];
  const at = [...path, 'transitions'];
  const wrong = transitions.flatMap(({ when }, index) =>
    when.kind === 'tool_result' && when.tool === action.tool
      ? []
      : [
          {
            path: [...at, index, 'when'],
            message: `a node that runs "${action.tool}" waits for a "tool_result" of it and for nothing else`,
          },
        ],
  );
  const missing = (['done', 'refused'] as const)
    .filter((outcome) => !transitions.some(({ when }) => when.kind === 'tool_result' && when.outcome === outcome))
    .map((outcome) => ({ path: at, message: `a node that runs a tool needs a "tool_result" for the outcome "${outcome}"` }));
  return [...wrong, ...missing];
}

/** Questions in mid-task whose answer never comes back to the task. */
function lostAsides(flow: Flow): FlowIssue[] {
  const asides = [
    ...flow.global.map((edge, at) => ({ edge, path: ['global', at, 'aside'] })),
    ...flow.nodes.flatMap((node, index) =>
      node.transitions.map((edge, at) => ({ edge, path: ['nodes', index, 'transitions', at, 'aside'] })),
    ),
  ];
  return asides
    .filter(({ edge }) => edge.aside === true && !resumes(flow, edge.goTo))
    .map(({ edge, path }) => ({
      path,
      message: `nothing after "${edge.goTo}" has the action "resume", so the task would not be taken up again`,
    }));
}

function resumes(flow: Flow, from: string): boolean {
  const reached = new Set<string>();
  const open = [from];
  for (let name = open.pop(); name !== undefined; name = open.pop()) {
    const node = reached.has(name) ? undefined : flow.nodes.find((candidate) => candidate.name === name);
    reached.add(name);
    if (node?.action.kind === 'resume') return true;
    if (node !== undefined) open.push(...nodeTargets(node, 0).map(({ goTo }) => goTo));
  }
  return false;
}
