// Two meanings of one phrase or key in the same place: the second would never be taken.
import type { Flow, FlowNode, FlowTransition, Phrases } from '#ports/agent-profile.ts';
import { plainWords } from '#shared/plain-words.ts';
import type { FlowIssue, FlowPath } from './flow-graph.ts';

type Choice = {
  readonly phrases?: Phrases | undefined;
  readonly dtmf?: string | undefined;
  readonly path: FlowPath;
  readonly keyField?: string;
  /** Which of the node's slots it is a value of. */
  readonly slot?: number;
};

/** Phrases and keys that are used twice in a node, or twice among those that hold everywhere (the globals and what experts are for). */
export function ambiguities(flow: Flow): FlowIssue[] {
  const everywhere = [...edgeChoices(flow.global, ['global']), ...flow.nodes.flatMap(expertChoice)];
  return [
    ...flow.nodes.flatMap((node, index) => twice(nodeChoices(node, ['nodes', index]), `in node "${node.name}"`)),
    // Version 1 allowed it, and its calls went on with the first.
    ...(flow.version === 2 ? twice(everywhere, 'among the global transitions and the experts') : []),
  ];
}

function nodeChoices(node: FlowNode, path: FlowPath): Choice[] {
  const slots = (node.slots ?? []).flatMap(({ type }, at) =>
    type.kind === 'choice'
      ? type.values.map((value, index) => ({ ...value, slot: at, path: [...path, 'slots', at, 'type', 'values', index] }))
      : [],
  );
  const v1 = (node.slot?.values ?? []).map((value, index) => ({ ...value, path: [...path, 'slot', 'values', index] }));
  return [...edgeChoices(node.transitions, [...path, 'transitions']), ...v1, ...slots];
}

function edgeChoices(transitions: readonly FlowTransition[], path: FlowPath): Choice[] {
  return transitions.flatMap(({ when }, index): Choice[] => {
    if (when.kind === 'phrase') return [{ phrases: when.phrases, dtmf: when.dtmf, path: [...path, index, 'when'] }];
    return when.kind === 'dtmf' ? [{ dtmf: when.keys, keyField: 'keys', path: [...path, index, 'when'] }] : [];
  });
}

function expertChoice({ expert }: FlowNode, index: number): Choice[] {
  return expert === undefined ? [] : [{ phrases: expert.phrases, dtmf: expert.dtmf, path: ['nodes', index, 'expert'] }];
}

function twice(choices: readonly Choice[], where: string): FlowIssue[] {
  const seen = new Map<string, Choice>();
  const issues: FlowIssue[] = [];
  const check = (key: string, found: { shown: string; path: FlowPath; choice: Choice; isOtherLanguage: boolean }): void => {
    const first = seen.get(key);
    // One choice may be called the same in two languages.
    if (first !== undefined && !(first === found.choice && found.isOtherLanguage)) {
      issues.push({ path: found.path, message: `"${found.shown}" is used twice ${where}; keep one` });
    }
    seen.set(key, first ?? found.choice);
  };
  for (const choice of choices) {
    for (const { text, path, isOtherLanguage } of textsOf(choice.phrases)) {
      check(plainWords(text).join(' '), { shown: text, path: [...choice.path, 'phrases', ...path], choice, isOtherLanguage });
    }
    if (choice.dtmf === undefined) continue;
    const path = [...choice.path, choice.keyField ?? 'dtmf'];
    // Keys are for the slot that is asked, so each slot may have a 1; an edge may have none of them.
    const key =
      choice.slot === undefined || seen.has(`key ${choice.dtmf}`) ? `key ${choice.dtmf}` : `key ${choice.dtmf} of slot ${choice.slot}`;
    check(key, { shown: choice.dtmf, path, choice, isOtherLanguage: false });
  }
  return issues;
}

function textsOf(phrases: Phrases = []): { text: string; path: FlowPath; isOtherLanguage: boolean }[] {
  const isList = Array.isArray as (value: Phrases) => value is readonly string[];
  if (isList(phrases)) return phrases.map((text, index) => ({ text, path: [index], isOtherLanguage: false }));
  return Object.entries(phrases).flatMap(([language, list], at) =>
    list.map((text, index) => ({ text, path: [language, index], isOtherLanguage: at > 0 && list.indexOf(text) === index })),
  );
}
