// Before a caller says the first word: everything that the agent's flow may expect to hear, made ready in the background.
import { flowHints } from '#dialog/flow-hints.ts';
import { flowOf } from '#dialog/flow-language.ts';
import type { AgentProfile } from '#ports/agent-profile.ts';
import type { SpeechToText } from '#ports/speech-to-text.ts';
import type { Log } from '#shared/log.ts';

/** Phrases handed over at once: what the model's contract takes. */
const MAX_PHRASES = 200;

/** Every phrase that some node of the agent's flow expects, each once. */
export function expectedPhrases(agent: Pick<AgentProfile, 'flow' | 'language'>): readonly string[] {
  const flow = flowOf(agent);
  const phrases = flow.nodes.flatMap((node) => flowHints(flow, node.name));
  return [...new Set(phrases)].slice(0, MAX_PHRASES);
}

/** Makes the phrases ready. Never throws: the first utterance then pays for it. */
export async function prepareHearing(parts: {
  readonly speechToText: SpeechToText;
  readonly agent: AgentProfile;
  readonly log: Log;
  readonly signal: AbortSignal;
}): Promise<void> {
  const { speechToText, agent, log, signal } = parts;
  const expectation = { language: agent.language, hints: expectedPhrases(agent) };
  await speechToText
    .prepare?.(expectation, { signal })
    .catch((error: unknown) => log.debug({ err: error }, 'phrases could not be made ready'));
}
