// What a flow's parts must be to each other, which no schema of a single part can see. Every finding has the path of the field to change.
import type { Flow, FlowNode } from '#ports/agent-profile.ts';
import { FLOW_STEP_LIMIT } from './flow.ts';
import { wordsOf } from './phrase-match.ts';

/** Something wrong with a flow: where, and what to do about it. */
export type FlowIssue = { readonly path: readonly (string | number)[]; readonly message: string };

/** Everything wrong with how the parts of a flow fit together; an empty list for a flow that can be walked. */
export function flowIssues(flow: Flow): readonly FlowIssue[] {
  return [
    ...duplicateNames(flow),
    ...unknownTargets(flow),
    ...unreachableNodes(flow),
    ...flow.nodes.flatMap((node, index) => nodeIssues(node, ['nodes', index])),
    ...globalIssues(flow),
    ...unknownSlots(flow),
    ...endlessChains(flow),
  ];
}

type Target = { readonly goTo: string; readonly path: readonly (string | number)[] };

function nodeTargets(node: FlowNode, index: number): Target[] {
  const targets: Target[] = node.transitions.map(({ goTo }, at) => ({ goTo, path: ['nodes', index, 'transitions', at, 'goTo'] }));
  if (node.action.kind === 'go_on') targets.push({ goTo: node.action.goTo, path: ['nodes', index, 'action', 'goTo'] });
  return targets;
}

function rootTargets(flow: Flow): Target[] {
  return [
    { goTo: flow.entry, path: ['entry'] },
    ...flow.global.map(({ goTo }, at) => ({ goTo, path: ['global', at, 'goTo'] })),
    { goTo: flow.notUnderstood.goTo, path: ['notUnderstood', 'goTo'] },
    { goTo: flow.noInputGoTo, path: ['noInputGoTo'] },
  ];
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

function nodeIssues(node: FlowNode, path: readonly (string | number)[]): FlowIssue[] {
  const issues: FlowIssue[] = [];
  const kinds = new Set(node.transitions.map(({ when }) => when.kind));
  const isTransfer = node.action.kind === 'transfer';
  const at = (...rest: (string | number)[]) => [...path, ...rest];
  if (isTransfer && !kinds.has('transfer_failed')) {
    issues.push({ path: at('transitions'), message: 'a node that transfers needs a transition "transfer_failed" for when nobody answers' });
  }
  if (!isTransfer && kinds.has('transfer_failed')) {
    issues.push({ path: at('transitions'), message: 'only a node that transfers can have a transition "transfer_failed"' });
  }
  if (node.slot !== undefined && !kinds.has('slot_filled')) {
    issues.push({ path: at('transitions'), message: `slot "${node.slot.name}" needs a transition "slot_filled" that says where to go on` });
  }
  if (node.slot === undefined && kinds.has('slot_filled')) {
    issues.push({ path: at('transitions'), message: 'a transition "slot_filled" needs a slot in its node' });
  }
  if (node.slot !== undefined && node.action.kind !== 'listen') {
    issues.push({
      path: at('slot'),
      message: `a node whose action is "${node.action.kind}" does not listen, so its slot cannot be filled`,
    });
  }
  if (node.action.kind === 'go_on' && node.transitions.length > 0) {
    issues.push({
      path: at('transitions'),
      message: 'a node that goes on by itself does not listen; remove its transitions or let it listen',
    });
  }
  return [...issues, ...ambiguities(node, path)];
}

/** Two meanings of one phrase or key in the same node: the second would never be taken. */
function ambiguities(node: FlowNode, path: readonly (string | number)[]): FlowIssue[] {
  const seen = new Set<string>();
  const issues: FlowIssue[] = [];
  const check = (key: string, shown: string, at: readonly (string | number)[]): void => {
    if (seen.has(key)) issues.push({ path: [...path, ...at], message: `"${shown}" is used twice in node "${node.name}"; keep one` });
    seen.add(key);
  };
  const checkChoice = (choice: { phrases: readonly string[]; dtmf?: string | undefined }, at: readonly (string | number)[]): void => {
    for (const [index, phrase] of choice.phrases.entries()) check(wordsOf(phrase).join(' '), phrase, [...at, 'phrases', index]);
    if (choice.dtmf !== undefined) check(`key ${choice.dtmf}`, choice.dtmf, [...at, 'dtmf']);
  };
  for (const [index, { when }] of node.transitions.entries()) if (when.kind === 'phrase') checkChoice(when, ['transitions', index, 'when']);
  for (const [index, value] of (node.slot?.values ?? []).entries()) checkChoice(value, ['slot', 'values', index]);
  return issues;
}

function globalIssues(flow: Flow): FlowIssue[] {
  return flow.global.flatMap(({ when }, index) =>
    when.kind === 'phrase'
      ? []
      : [{ path: ['global', index, 'when', 'kind'], message: `"${when.kind}" belongs to a node; a global transition has phrases` }],
  );
}

function unknownSlots(flow: Flow): FlowIssue[] {
  const known = new Set(flow.nodes.flatMap((node) => (node.slot === undefined ? [] : [node.slot.name])));
  return flow.nodes.flatMap((node, index) =>
    (['prompt', 'reprompt'] as const).flatMap((field) =>
      [...(node[field] ?? '').matchAll(/\{([^{}]*)\}/g)]
        .map((match) => match[1] ?? '')
        .filter((name) => !known.has(name))
        .map((name) => ({ path: ['nodes', index, field], message: `no node fills a slot named "${name}"` })),
    ),
  );
}

function endlessChains(flow: Flow): FlowIssue[] {
  return flow.nodes.flatMap((start, index) => {
    const passed: string[] = [];
    let node: FlowNode | undefined = start;
    while (node?.action.kind === 'go_on' && passed.length < FLOW_STEP_LIMIT) {
      passed.push(node.name);
      const goTo: string = node.action.goTo;
      node = flow.nodes.find(({ name }) => name === goTo);
    }
    if (passed.length < FLOW_STEP_LIMIT) return [];
    const shown = passed.slice(0, 4).join(' -> ');
    return [
      {
        path: ['nodes', index, 'action', 'goTo'],
        message: `${shown} … passes ${FLOW_STEP_LIMIT} nodes without listening; let one of them listen`,
      },
    ];
  });
}
