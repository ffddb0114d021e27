// What the caller is expected to say, as a bias for speech-to-text or as the only phrases that an engine without weights can tell apart.
import type { ExpertSlot, Flow, FlowTransition } from '#ports/agent-profile.ts';
import { getNode, slotsOf } from './flow-graph.ts';
import { phrasesOf, wordsOf } from './phrase-match.ts';

/**
 * The phrases of a node, of its slots, of the global transitions and of the experts, each once. Phrases written in digits ("10") stay out: they
 * are how a transcript may spell a phrase that is listed in words, not another thing to say.
 */
export function flowHints(flow: Flow, nodeName: string): readonly string[] {
  const node = getNode(flow, nodeName);
  const byWords = new Map<string, string>();
  const phrases = [
    ...node.transitions.flatMap(phrasesOfEdge),
    ...slotsOf(node).flatMap(phrasesOfSlot),
    ...flow.global.flatMap(phrasesOfEdge),
    ...flow.nodes.flatMap(({ expert }) => phrasesOf(expert?.phrases)),
  ];
  for (const phrase of phrases) {
    const words = wordsOf(phrase).join(' ');
    if (/\p{L}/u.test(words) && !byWords.has(words)) byWords.set(words, phrase);
  }
  return [...byWords.values()];
}

function phrasesOfEdge({ when }: FlowTransition): readonly string[] {
  return when.kind === 'phrase' ? phrasesOf(when.phrases) : [];
}

function phrasesOfSlot({ type, phrases }: ExpertSlot): readonly string[] {
  const values = type.kind === 'choice' ? type.values.flatMap((value) => phrasesOf(value.phrases)) : [];
  return [...values, ...phrasesOf(phrases)];
}
