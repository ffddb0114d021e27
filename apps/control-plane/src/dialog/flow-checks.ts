// What a flow's parts must be to each other, which no schema of a single part can see. Every finding has the path of the field to change.
import type { Flow, FlowNode } from '#ports/agent-profile.ts';
import { ambiguities } from './flow-ambiguities.ts';
import { deadEndIssues, expertIssues } from './flow-expert-checks.ts';
import type { FlowIssue, FlowPath } from './flow-graph.ts';
import { nodeTargets, rootTargets, slotsOf } from './flow-graph.ts';
import { FLOW_STEP_LIMIT } from './flow-travel.ts';
import { versionIssues } from './flow-version-checks.ts';

/** Everything wrong with how the parts of a flow fit together; an empty list for a flow that can be walked. */
export function flowIssues(flow: Flow): readonly FlowIssue[] {
  return [
    ...versionIssues(flow),
    ...duplicateNames(flow),
    ...unknownTargets(flow),
    ...unreachableNodes(flow),
    ...flow.nodes.flatMap((node, index) => nodeIssues(node, ['nodes', index])),
    ...globalIssues(flow),
    ...ambiguities(flow),
    ...unknownPlaceholders(flow),
    ...endlessChains(flow),
    ...(flow.version === 2 ? expertIssues(flow) : []),
  ];
}

/**
 * What a flow that is saved now must be besides: one of version 1 has no dead ends either. Flows that were stored before this was asked are still
 * walked; their callers get out by silence, by not being understood, or by hanging up.
 */
export function savedFlowIssues(flow: Flow): readonly FlowIssue[] {
  return flow.version === 2 ? [] : deadEndIssues(flow);
}

function duplicateNames(flow: Flow): FlowIssue[] {
  return flow.nodes.flatMap(({ name }, index) => {
    const first = flow.nodes.findIndex((node) => node.name === name);
    return first === index
      ? []
      : [{ path: ['nodes', index, 'name'], message: `node ${first} is already named "${name}"; rename one of them` }];
  });
}

function unknownTargets(flow: Flow): FlowIssue[] {
  const names = new Set(flow.nodes.map((node) => node.name));
  return [...rootTargets(flow), ...flow.nodes.flatMap(nodeTargets)]
    .filter(({ goTo }) => !names.has(goTo))
    .map(({ goTo, path }) => ({ path, message: `there is no node "${goTo}"; the nodes are ${[...names].join(', ')}` }));
}

function unreachableNodes(flow: Flow): FlowIssue[] {
  const reached = new Set<string>();
  const open = rootTargets(flow).map(({ goTo }) => goTo);
  for (let name = open.pop(); name !== undefined; name = open.pop()) {
    if (reached.has(name)) continue;
    reached.add(name);
    const node = flow.nodes.find((candidate) => candidate.name === name);
    if (node !== undefined) open.push(...nodeTargets(node, 0).map(({ goTo }) => goTo));
  }
  return flow.nodes.flatMap(({ name }, index) =>
    reached.has(name)
      ? []
      : [{ path: ['nodes', index, 'name'], message: `nothing leads to node "${name}"; remove it or let a transition go to it` }],
  );
}

function nodeIssues(node: FlowNode, path: FlowPath): FlowIssue[] {
  const issues: FlowIssue[] = [];
  const kinds = new Set(node.transitions.map(({ when }) => when.kind));
  const isTransfer = node.action.kind === 'transfer';
  const at = (...rest: (string | number)[]) => [...path, ...rest];
  const slot = node.slot ?? node.slots?.[0];
  if (isTransfer && !kinds.has('transfer_failed')) {
    issues.push({ path: at('transitions'), message: 'a node that transfers needs a transition "transfer_failed" for when nobody answers' });
  }
  if (!isTransfer && kinds.has('transfer_failed')) {
    issues.push({ path: at('transitions'), message: 'only a node that transfers can have a transition "transfer_failed"' });
  }
  if (node.slot !== undefined && !kinds.has('slot_filled')) {
    issues.push({ path: at('transitions'), message: `slot "${node.slot.name}" needs a transition "slot_filled" that says where to go on` });
  }
  if (slot === undefined && kinds.has('slot_filled')) {
    issues.push({ path: at('transitions'), message: 'a transition "slot_filled" needs a slot in its node' });
  }
  if (slot !== undefined && node.action.kind !== 'listen') {
    issues.push({
      path: at(node.slot === undefined ? 'slots' : 'slot'),
      message: `a node whose action is "${node.action.kind}" does not listen, so its slot cannot be filled`,
    });
  }
  if ((node.action.kind === 'go_on' || node.action.kind === 'resume') && node.transitions.length > 0) {
    issues.push({
      path: at('transitions'),
      message: 'a node that goes on by itself does not listen; remove its transitions or let it listen',
    });
  }
  return issues;
}

function globalIssues(flow: Flow): FlowIssue[] {
  const allowed = flow.version === 2 ? ['phrase', 'dtmf', 'condition', 'no_input', 'tool_result'] : ['phrase'];
  return flow.global.flatMap(({ when }, index) =>
    allowed.includes(when.kind)
      ? []
      : [
          {
            path: ['global', index, 'when', 'kind'],
            message: `"${when.kind}" belongs to a node; a global transition has ${allowed.join(', ')}`,
          },
        ],
  );
}

/** Names in braces that nothing fills. */
function unknownPlaceholders(flow: Flow): FlowIssue[] {
  const kept = flow.nodes.flatMap(({ action }) => (action.kind === 'use_tool' ? (action.keeps ?? []) : []));
  const known = new Set([...flow.nodes.flatMap((node) => slotsOf(node).map(({ name }) => name)), ...kept]);
  if (flow.version === 2) known.add('result');
  return flow.nodes.flatMap((node, index) =>
    textsOf(node).flatMap(({ text, path }) =>
      [...text.matchAll(/\{([^{}]*)\}/g)]
        .map((match) => match[1] ?? '')
        .filter((name) => !known.has(name))
        .map((name) => ({ path: ['nodes', index, ...path], message: `no node fills a slot named "${name}"` })),
    ),
  );
}

function textsOf(node: FlowNode): { text: string; path: FlowPath }[] {
  const args = node.action.kind === 'use_tool' ? Object.entries(node.action.arguments) : [];
  return [
    { text: node.prompt, path: ['prompt'] },
    { text: node.reprompt ?? '', path: ['reprompt'] },
    ...(node.slots ?? []).flatMap(({ ask = '', invalid = '' }, at) => [
      { text: ask, path: ['slots', at, 'ask'] },
      { text: invalid, path: ['slots', at, 'invalid'] },
    ]),
    ...args.map(([name, text]) => ({ text, path: ['action', 'arguments', name] })),
  ];
}

function endlessChains(flow: Flow): FlowIssue[] {
  return flow.nodes.flatMap((start, index) => {
    const passed: string[] = [];
    let node: FlowNode | undefined = start;
    let onward = onwardWithoutAnswer(start);
    const { path } = onward ?? { path: [] };
    while (node !== undefined && onward !== null && passed.length < FLOW_STEP_LIMIT) {
      passed.push(node.name);
      const { goTo }: { goTo: string } = onward;
      node = flow.nodes.find(({ name }) => name === goTo);
      onward = node === undefined ? null : onwardWithoutAnswer(node);
    }
    if (passed.length < FLOW_STEP_LIMIT) return [];
    const shown = passed.slice(0, 4).join(' -> ');
    const message = `${shown} … passes ${FLOW_STEP_LIMIT} nodes without listening; let one of them listen`;
    return [{ path: ['nodes', index, ...path], message }];
  });
}

/** Where a node may lead without the caller: by itself, or because all of its slots were filled before. */
function onwardWithoutAnswer(node: FlowNode): { goTo: string; path: FlowPath } | null {
  if (node.action.kind === 'go_on') return { goTo: node.action.goTo, path: ['action', 'goTo'] };
  if (node.action.kind === 'resume') return { goTo: node.action.otherwise, path: ['action', 'otherwise'] };
  const { slots = [] } = node;
  if (slots.length === 0 || slots.some(({ type, required = true }) => required && type.kind === 'yes_no')) return null;
  const at = node.transitions.findIndex(
    ({ when, clears }) => when.kind === 'slot_filled' && when.slot === undefined && clears === undefined,
  );
  const edge = node.transitions[at];
  return edge === undefined ? null : { goTo: edge.goTo, path: ['transitions', at, 'goTo'] };
}
