// A flow as a graph: its nodes by name, and what leads where.
import type { ExpertSlot, Flow, FlowNode, FlowTransition } from '#ports/agent-profile.ts';

/** Where something is in a flow, from its root. */
export type FlowPath = readonly (string | number)[];

/** Something wrong with a flow: where, and what to do about it. */
export type FlowIssue = { readonly path: FlowPath; readonly message: string };

/** A way to a node, and the field that names it. */
export type Target = { readonly goTo: string; readonly path: FlowPath };

/** The node of that name. Throws when the flow has none, as after an edit that removed it during a call. */
export function getNode(flow: Flow, name: string): FlowNode {
  const node = flow.nodes.find((candidate) => candidate.name === name);
  if (node === undefined) throw new Error(`flow has no node "${name}"; it has ${flow.nodes.map((known) => known.name).join(', ')}`);
  return node;
}

/** What a node asks for; the one slot of version 1 is a choice. */
export function slotsOf(node: FlowNode): readonly ExpertSlot[] {
  if (node.slots !== undefined) return node.slots;
  return node.slot === undefined ? [] : [{ name: node.slot.name, type: { kind: 'choice', values: node.slot.values } }];
}

/** The first slot that a node must still ask for. That of version 1 is asked whenever its node is reached: its way on is to be filled. */
export function missingSlot(node: FlowNode, slots: Readonly<Record<string, string>>): ExpertSlot | null {
  if (node.action.kind !== 'listen') return null;
  if (node.slots === undefined) return slotsOf(node)[0] ?? null;
  return node.slots.find(({ name, required = true }) => required && !Object.hasOwn(slots, name)) ?? null;
}

/** The ways out of a node that it names itself. */
export function nodeTargets(node: FlowNode, index: number): Target[] {
  const targets: Target[] = node.transitions.map(({ goTo }, at) => ({ goTo, path: ['nodes', index, 'transitions', at, 'goTo'] }));
  if (node.action.kind === 'go_on') targets.push({ goTo: node.action.goTo, path: ['nodes', index, 'action', 'goTo'] });
  if (node.action.kind === 'resume') targets.push({ goTo: node.action.otherwise, path: ['nodes', index, 'action', 'otherwise'] });
  return targets;
}

/** The ways that are open from everywhere: the entry, the global edges, the ways out of trouble, and what callers want of experts. */
export function rootTargets(flow: Flow): Target[] {
  return [
    { goTo: flow.entry, path: ['entry'] },
    ...flow.global.map(({ goTo }, at) => ({ goTo, path: ['global', at, 'goTo'] })),
    { goTo: flow.notUnderstood.goTo, path: ['notUnderstood', 'goTo'] },
    { goTo: flow.noInputGoTo, path: ['noInputGoTo'] },
    ...flow.nodes.flatMap((node, index) => (isChosenByWords(node) ? [{ goTo: node.name, path: ['nodes', index, 'expert'] }] : [])),
  ];
}

/** The slots of the last questions for a yes on the ways to a node: of each way the nearest node that asks one, and its last. */
export function questionsBefore(flow: Flow, name: string): readonly string[] {
  const questions: string[] = [];
  const seen = new Set([name]);
  for (const at of seen) {
    for (const node of flow.nodes) {
      if (seen.has(node.name) || !nodeTargets(node, 0).some(({ goTo }) => goTo === at)) continue;
      const question = node.slots?.findLast(({ type }) => type.kind === 'yes_no');
      if (question === undefined) seen.add(node.name);
      else if (!questions.includes(question.name)) questions.push(question.name);
    }
  }
  return questions;
}

/** Whether a caller's words or keys choose this node: an expert with something to be chosen by. */
export function isChosenByWords({ expert }: FlowNode): boolean {
  return expert?.phrases !== undefined || expert?.dtmf !== undefined;
}

/** The first edge of a node that is of this kind and fits. */
export function findEdge<Kind extends FlowTransition['when']['kind']>(
  transitions: readonly FlowTransition[],
  kind: Kind,
  fits: (when: Extract<FlowTransition['when'], { kind: Kind }>) => boolean = () => true,
): FlowTransition | null {
  return transitions.find(({ when }) => when.kind === kind && fits(when as Extract<FlowTransition['when'], { kind: Kind }>)) ?? null;
}
