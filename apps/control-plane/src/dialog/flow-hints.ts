// What the caller is expected to say, as a bias for speech-to-text or as the only phrases that an engine without weights can tell apart.
import type { Flow } from '#ports/agent-profile.ts';
import { getNode } from './flow.ts';
import { wordsOf } from './phrase-match.ts';

/**
 * The phrases of a node, of its slot and of the global transitions, each once. Phrases written in digits ("10") stay out: they are how a
 * transcript may spell a phrase that is listed in words, not another thing to say.
 */
export function flowHints(flow: Flow, nodeName: string): readonly string[] {
  const node = getNode(flow, nodeName);
  const byWords = new Map<string, string>();
  const phrases = [
    ...node.transitions.flatMap(({ when }) => (when.kind === 'phrase' ? when.phrases : [])),
    ...(node.slot?.values.flatMap((value) => value.phrases) ?? []),
    ...flow.global.flatMap(({ when }) => (when.kind === 'phrase' ? when.phrases : [])),
  ];
  for (const phrase of phrases) {
    const words = wordsOf(phrase).join(' ');
    if (/\p{L}/u.test(words) && !byWords.has(words)) byWords.set(words, phrase);
  }
  return [...byWords.values()];
}
