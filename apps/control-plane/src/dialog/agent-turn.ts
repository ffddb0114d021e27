// Chooses who makes an agent's replies, and gives them what they work with.
import type { AgentProfile } from '#ports/agent-profile.ts';
import type { LanguageModel } from '#ports/language-model.ts';
import { systemClock } from '#shared/clock.ts';
import type { Clock } from '#shared/clock.ts';
import { invariant } from '#shared/invariant.ts';
import { withTransferBrief } from './briefed-transfer.ts';
import { openConversationTools } from './conversation-tools.ts';
import type { Dialog } from './dialog.ts';
import { createFallbackResponder } from './fallback-responder.ts';
import { flowOf, withToday } from './flow-language.ts';
import { createModelResponder } from './model-responder.ts';
import { modelTexts } from './model-texts.ts';
import { recallCallerName } from './tools/contact-memory-tools.ts';
import type { SummaryKeeper } from './rolling-summary.ts';
import type { ToolSetOptions } from './tools/tool-set.ts';
import type { Tool, ToolContext } from './tools/tool.ts';

/** What an agent works with in one conversation. */
export type DialogParts = {
  /** Null: none is configured. Behind the process's circuit breaker (`guardedModel`). */
  readonly languageModel: LanguageModel | null;
  /** All tools of the agent; its flow's nodes say which of them may be used where. None: it can only talk. */
  readonly tools?: readonly Tool[];
  /** Whom the tools serve; needed with tools. Its signal ends the conversation. */
  readonly context?: ToolContext;
  readonly clock?: Clock;
  /** False for a chat, where nobody has to be told to wait. */
  readonly isSpoken?: boolean;
  readonly onToolFault?: ToolSetOptions['onFault'];
  /** Keeps what long conversations come to, where a dialog does not last as long as its conversation. */
  readonly summaryKeeper?: SummaryKeeper;
};

/**
 * The agent at work. Without a language model (`null`: none is configured) the flow answers even when the profile asks for a model, because
 * a box without a GPU must still take calls.
 */
export function openDialog(
  profile: Pick<AgentProfile, 'flow' | 'responder'> & Partial<Pick<AgentProfile, 'language' | 'name'>>,
  parts: DialogParts,
): Dialog {
  const flow = flowOf(profile);
  const { clock = systemClock, tools = [], context, isSpoken = true } = parts;
  const responder = responderOf({ ...profile, flow }, { ...parts, clock });
  const briefed = withTransferBrief(responder, {
    flow,
    agentName: profile.name ?? null,
    language: profile.language ?? 'en',
    callerNumber: context?.callerNumber ?? null,
    isSpoken,
    recallName: async () => (context === undefined ? null : await recallCallerName(tools, context)),
  });
  return withToday(briefed, flow, clock);
}

function responderOf(
  { flow, responder, language = 'en' }: Pick<AgentProfile, 'flow' | 'responder'> & Partial<Pick<AgentProfile, 'language'>>,
  { languageModel, tools = [], context, clock, isSpoken = true, onToolFault, summaryKeeper }: DialogParts & { readonly clock: Clock },
): Dialog {
  invariant(tools.length === 0 || context !== undefined, 'tools need a context: whom they serve');
  const faults = onToolFault === undefined ? {} : { onFault: onToolFault };
  // With a model, a flow of tasks has a tool of its own: the one by which the model tells it what it understood.
  const hasTools = tools.length > 0 || (flow.version === 2 && languageModel !== null && responder.kind === 'language_model');
  const fallback = {
    flow,
    tools: context === undefined || !hasTools ? null : openConversationTools({ flow, tools, context, clock, ...faults }),
    clock,
    isSpoken,
    texts: modelTexts(language),
  };
  if (responder.kind === 'flow' || languageModel === null) return createFallbackResponder(fallback);
  const signal = context?.signal ?? new AbortController().signal;
  const keeper = summaryKeeper === undefined ? {} : { summaryKeeper };
  return createModelResponder({ ...fallback, responder, languageModel, signal, ...keeper });
}
