// What belongs to which version of a flow, so that a flow says by its number what a reader must know to walk it.
import type { Flow, FlowNode, FlowTransition, Phrases } from '#ports/agent-profile.ts';
import type { FlowIssue, FlowPath } from './flow-graph.ts';

/** Parts of the other version. */
export function versionIssues(flow: Flow): FlowIssue[] {
  if (flow.version === 2) {
    return flow.nodes.flatMap(({ slot }, index) =>
      slot === undefined ? [] : [{ path: ['nodes', index, 'slot'], message: 'is of version 1; write "slots" with a type' }],
    );
  }
  return [
    ...(['language', 'timeZone', 'tools'] as const).flatMap((field) => (flow[field] === undefined ? [] : [needsV2([field])])),
    ...flow.global.flatMap((transition, index) => edgeIssues(transition, ['global', index])),
    ...flow.nodes.flatMap((node, index) => nodeIssues(node, ['nodes', index])),
  ];
}

function nodeIssues(node: FlowNode, path: FlowPath): FlowIssue[] {
  return [
    ...(['slots', 'expert', 'endsTask'] as const).flatMap((field) => (node[field] === undefined ? [] : [needsV2([...path, field])])),
    ...(node.action.kind === 'resume' || node.action.kind === 'use_tool' ? [needsV2([...path, 'action', 'kind'])] : []),
    ...(node.slot?.values ?? []).flatMap(({ phrases }, at) => languageIssues(phrases, [...path, 'slot', 'values', at, 'phrases'])),
    ...node.transitions.flatMap((transition, at) => edgeIssues(transition, [...path, 'transitions', at])),
  ];
}

function edgeIssues({ when, aside, clears }: FlowTransition, path: FlowPath): FlowIssue[] {
  const isV1 = when.kind === 'phrase' || when.kind === 'transfer_failed' || (when.kind === 'slot_filled' && when.slot === undefined);
  return [
    ...(isV1 ? [] : [needsV2([...path, 'when', 'kind'])]),
    ...(when.kind === 'phrase' ? languageIssues(when.phrases, [...path, 'when', 'phrases']) : []),
    ...(aside === undefined ? [] : [needsV2([...path, 'aside'])]),
    ...(clears === undefined ? [] : [needsV2([...path, 'clears'])]),
  ];
}

function languageIssues(phrases: Phrases, path: FlowPath): FlowIssue[] {
  return Array.isArray(phrases) ? [] : [needsV2(path)];
}

function needsV2(path: FlowPath): FlowIssue {
  return { path, message: 'needs "version": 2 at the root of the flow' };
}
