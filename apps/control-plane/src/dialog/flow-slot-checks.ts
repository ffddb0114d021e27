// What must hold of the slots of a flow of version 2.
import type { ExpertSlot, Flow, FlowNode, SlotType } from '#ports/agent-profile.ts';
import type { FlowIssue, FlowPath } from './flow-graph.ts';

export function slotIssues(flow: Flow): FlowIssue[] {
  return [
    ...flow.nodes.flatMap((node, index) => [
      ...neverAsked(node, ['nodes', index]),
      ...leadNowhere(node, ['nodes', index]),
      ...(node.slots ?? []).flatMap(({ type }, at) => limitIssues(type, ['nodes', index, 'slots', at, 'type'])),
    ]),
    ...nameIssues(flow),
    ...unknownSlots(flow),
  ];
}

/** A required slot without a question, unless the node's prompt is its question. */
function neverAsked({ slots = [] }: FlowNode, path: FlowPath): FlowIssue[] {
  return slots.flatMap(({ name, ask, required = true }, at) =>
    required && ask === undefined && at > 0
      ? [
          {
            path: [...path, 'slots', at, 'ask'],
            message: `slot "${name}" is never asked: only the first slot may leave its question to the prompt`,
          },
        ]
      : [],
  );
}

/** Values after which the node goes on nowhere. */
function leadNowhere({ slots = [], transitions }: FlowNode, path: FlowPath): FlowIssue[] {
  if (slots.length === 0) return [];
  const filled = transitions.flatMap(({ when }) => (when.kind === 'slot_filled' ? [when] : []));
  const at = [...path, 'transitions'];
  const byModel = transitions.some(({ when }) => when.kind === 'tool_result' || when.kind === 'condition');
  if (filled.length === 0 && !byModel)
    return [{ path: at, message: 'a node with slots needs a transition "slot_filled" that says where to go on' }];
  if (byModel || filled.some(({ slot }) => slot === undefined)) return [];
  // The last slot to be asked decides where the node goes on; each of its values must lead somewhere.
  const last = slots.findLast(({ required = true }) => required);
  if (last === undefined) return [];
  const own = filled.filter(({ slot }) => slot === last.name);
  if (own.some(({ equals }) => equals === undefined)) return [];
  const open = valuesOf(last).filter((value) => !own.some(({ equals }) => equals === value));
  if (own.length > 0 && open.length === 0 && valuesOf(last).length > 0) return [];
  const which = open.length === 0 || own.length === 0 ? '' : ` with the value ${open.map((value) => `"${value}"`).join(', ')}`;
  return [{ path: at, message: `no transition says where to go on once slot "${last.name}" is filled${which}` }];
}

function valuesOf({ type }: ExpertSlot): readonly string[] {
  if (type.kind === 'choice') return type.values.map(({ value }) => value);
  return type.kind === 'yes_no' ? ['yes', 'no'] : [];
}

function limitIssues(type: SlotType, path: FlowPath): FlowIssue[] {
  const limits: readonly [string, string, number | string | undefined, number | string | undefined][] = (() => {
    switch (type.kind) {
      case 'text':
        return [['minCharacters', 'maxCharacters', type.minCharacters, type.maxCharacters]];
      case 'number':
        return [['min', 'max', type.min, type.max]];
      case 'date':
        return [['fromDays', 'toDays', type.fromDays ?? 0, type.toDays ?? 365]];
      case 'time':
        return [['from', 'to', type.from, type.to]];
      case 'phone':
        return [['minDigits', 'maxDigits', type.minDigits ?? 7, type.maxDigits ?? 15]];
      case 'choice':
      case 'yes_no':
        return [];
    }
  })();
  return limits.flatMap(([low, high, from, to]) =>
    from !== undefined && to !== undefined && from > to
      ? [{ path: [...path, high], message: `must not be below "${low}", which is ${from}` }]
      : [],
  );
}

function nameIssues(flow: Flow): FlowIssue[] {
  const kinds = new Map<string, string>();
  return flow.nodes.flatMap(({ slots = [] }, index) =>
    slots.flatMap(({ name, type }, at): FlowIssue[] => {
      const path = ['nodes', index, 'slots', at];
      if (name === 'result') return [{ path: [...path, 'name'], message: '"result" is what the last tool came to; rename the slot' }];
      if (slots.findIndex((slot) => slot.name === name) !== at)
        return [{ path: [...path, 'name'], message: `slot "${name}" is in the node twice` }];
      const first = kinds.get(name) ?? type.kind;
      kinds.set(name, first);
      return first === type.kind
        ? []
        : [
            {
              path: [...path, 'type', 'kind'],
              message: `slot "${name}" is a ${first} in another node; give it another name or the same type`,
            },
          ];
    }),
  );
}

/** Names of slots that no node has, and values that a slot cannot have. */
function unknownSlots(flow: Flow): FlowIssue[] {
  const all = flow.nodes.flatMap(({ slots = [] }) => slots);
  const kept = flow.nodes.flatMap(({ action }) => (action.kind === 'use_tool' ? (action.keeps ?? []) : []));
  const known = new Set([...all.map(({ name }) => name), ...kept]);
  const unknown = (names: readonly string[] = [], path: FlowPath): FlowIssue[] =>
    names.flatMap((name, at) => (known.has(name) ? [] : [{ path: [...path, at], message: `there is no slot "${name}"` }]));
  const edges = [
    ...flow.global.map((edge, at) => ({ edge, slots: [] as readonly ExpertSlot[], path: ['global', at] as FlowPath })),
    ...flow.nodes.flatMap(({ transitions, slots = [] }, index) =>
      transitions.map((edge, at) => ({ edge, slots, path: ['nodes', index, 'transitions', at] as FlowPath })),
    ),
  ];
  return [
    ...edges.flatMap(({ edge, path }) => unknown(edge.clears, [...path, 'clears'])),
    ...flow.nodes.flatMap(({ slots = [] }, index) =>
      slots.flatMap(({ restarts }, at) => unknown(restarts, ['nodes', index, 'slots', at, 'restarts'])),
    ),
    ...edges.flatMap(({ edge: { when }, slots, path }): FlowIssue[] => {
      if (when.kind !== 'slot_filled' || when.slot === undefined) return [];
      const slot = slots.find(({ name }) => name === when.slot);
      if (slot === undefined) return [{ path: [...path, 'when', 'slot'], message: `the node has no slot "${when.slot}"` }];
      const values = valuesOf(slot);
      if (when.equals === undefined || values.length === 0 || values.includes(when.equals)) return [];
      return [
        {
          path: [...path, 'when', 'equals'],
          message: `"${when.equals}" is no value of slot "${slot.name}"; its values are ${values.join(', ')}`,
        },
      ];
    }),
  ];
}
