// Chooses who makes an agent's replies.
import type { AgentProfile } from '#ports/agent-profile.ts';
import type { LanguageModel } from '#ports/language-model.ts';
import type { Dialog } from './dialog.ts';
import { createFallbackResponder } from './fallback-responder.ts';
import { createModelResponder } from './model-responder.ts';

/**
 * The agent at work. Without a language model (`null`: none is configured) the flow answers even when the profile asks for a model, because
 * a box without a GPU must still take calls.
 */
export function openDialog(
  profile: Pick<AgentProfile, 'flow' | 'responder'>,
  parts: { readonly languageModel: LanguageModel | null },
): Dialog {
  const { responder } = profile;
  if (responder.kind === 'flow' || parts.languageModel === null) return createFallbackResponder(profile);
  return createModelResponder({ profile, responder, languageModel: parts.languageModel });
}
