// What the caller is expected to say, as a bias for speech-to-text or as the only phrases that an engine without weights can tell apart.
import type { ExpertSlot, Flow, Phrases } from '#ports/agent-profile.ts';
import { plainWords } from '#shared/plain-words.ts';
import { getNode, slotsOf } from './flow-graph.ts';
import { phrasesIn } from './phrase-match.ts';

/**
 * The phrases of a node, of its slots, of the global transitions and of the experts, each once and in the flow's language. Phrases written in digits ("10") stay out: they
 * are how a transcript may spell a phrase that is listed in words, not another thing to say.
 */
export function flowHints(flow: Flow, nodeName: string): readonly string[] {
  const node = getNode(flow, nodeName);
  const { language = '' } = flow;
  const byWords = new Map<string, string>();
  const edges = [...node.transitions, ...flow.global].flatMap(({ when }) => (when.kind === 'phrase' ? [when.phrases] : []));
  const own = slotsOf(node).flatMap(phrasesOfSlot);
  const experts = flow.nodes.map(({ expert }) => expert?.phrases);
  for (const phrase of [...edges, ...own, ...experts].flatMap((phrases) => phrasesIn(phrases, language))) {
    const words = plainWords(phrase).join(' ');
    if (/\p{L}/u.test(words) && !byWords.has(words)) byWords.set(words, phrase);
  }
  return [...byWords.values()];
}

function phrasesOfSlot({ type, phrases = [] }: ExpertSlot): readonly Phrases[] {
  return [...(type.kind === 'choice' ? type.values.map((value) => value.phrases) : []), phrases];
}
