// What a model is shown of a conversation: who it is, what it is doing, what is known, and as much of what was said as its context holds.
import type { Flow, Responder } from '#ports/agent-profile.ts';
import type { LanguageModel, ModelMessage, ModelTool } from '#ports/language-model.ts';
import type { ConversationState, HistoryTurn } from './dialog.ts';
import { windowOf } from './history.ts';
import type { ModelTexts } from './model-texts.ts';
import { CONTEXT_TOKENS_DEFAULT, tokensOf } from './token-count.ts';

/** Tokens kept free for what tools return within the turn: two outcomes of usual length. */
const OUTCOME_TOKENS = 512;
/** The least that is left of an outcome, and the characters that a token has at least in the languages that we speak. */
const OUTCOME_TOKENS_MIN = 64;
const SHORT_TOKEN_CHARACTERS = 3;
/** Tokens that a template adds around one message. */
const MESSAGE_TOKENS = 6;
/** However long the prompt: the caller's last words must fit. */
const HISTORY_TOKENS_MIN = 256;

export type PromptParts = {
  readonly responder: Extract<Responder, { kind: 'language_model' }>;
  readonly languageModel: Pick<LanguageModel, 'countTokens' | 'contextTokens'>;
  readonly tools: readonly ModelTool[];
  readonly texts: ModelTexts;
  /** What the flow has for the model at this place; empty where it has nothing. */
  readonly task: string;
};

/** The messages that go to the model. */
export function promptOf(parts: PromptParts, state: ConversationState): readonly ModelMessage[] {
  const system = systemText(parts, state);
  const messages: ModelMessage[] = [{ role: 'system', text: system }];
  for (const turn of windowOf(
    state.history,
    historyTokens(parts, system),
    (text) => tokensOf(parts.languageModel, text) + MESSAGE_TOKENS,
  )) {
    const role = turn.role === 'caller' ? 'user' : 'assistant';
    const last = messages.at(-1);
    // Chat templates of several open models refuse two messages of one role in a row.
    if (last?.role === role) messages[messages.length - 1] = { role, text: `${last.text} ${turn.text}` };
    else messages.push({ role, text: turn.text });
  }
  return messages;
}

/**
 * Makes room for what tools returned within the turn: the oldest turns go first, then the ends of long outcomes. The system's words, the caller's
 * last ones and what the model itself called stay.
 */
export function fitMessages({ languageModel, responder, tools }: PromptParts, messages: readonly ModelMessage[]): readonly ModelMessage[] {
  const offered = tools.length === 0 ? 0 : tokensOf(languageModel, JSON.stringify(tools));
  const room = (languageModel.contextTokens ?? CONTEXT_TOKENS_DEFAULT) - responder.maxOutputTokens - offered;
  const size = (list: readonly ModelMessage[]): number =>
    list.reduce((sum, { text }) => sum + tokensOf(languageModel, text) + MESSAGE_TOKENS, 0);
  let fitting = [...messages];
  const lastOfCaller = (): number => fitting.findLastIndex(({ role }) => role === 'user');
  while (size(fitting) > room && lastOfCaller() > 1) fitting = fitting.toSpliced(1, 1);
  for (let cut = OUTCOME_TOKENS; size(fitting) > room && cut >= OUTCOME_TOKENS_MIN; cut /= 2) {
    fitting = fitting.map((message) =>
      message.role === 'tool' ? { ...message, text: message.text.slice(0, cut * SHORT_TOKEN_CHARACTERS) } : message,
    );
  }
  return fitting;
}

/** Tokens that the turns of a conversation may take beside everything else. */
function historyTokens({ languageModel, responder, tools }: PromptParts, system: string): number {
  const context = languageModel.contextTokens ?? CONTEXT_TOKENS_DEFAULT;
  const offered = tools.length === 0 ? 0 : tokensOf(languageModel, JSON.stringify(tools)) + OUTCOME_TOKENS;
  return Math.max(HISTORY_TOKENS_MIN, context - responder.maxOutputTokens - offered - tokensOf(languageModel, system) - MESSAGE_TOKENS);
}

/** The turns that no longer fit, oldest first: what a summary is for. */
export function overflowOf(parts: PromptParts, state: ConversationState, share: number): readonly HistoryTurn[] {
  const room = historyTokens(parts, systemText(parts, state)) * share;
  const kept = windowOf(state.history, room, (text) => tokensOf(parts.languageModel, text) + MESSAGE_TOKENS);
  return state.history.slice(0, state.history.length - kept.length);
}

/** What changes least comes first: servers keep the beginning of a prompt that they have seen. */
function systemText({ responder, tools, texts, task }: PromptParts, { summary, facts = {} }: ConversationState): string {
  const known = Object.entries(facts).map(([name, value]) => `- ${name}: ${value}`);
  return [
    responder.prompt,
    ...(tools.length === 0 ? [] : [texts.toolRules]),
    ...(task === '' ? [] : [`${texts.taskTitle}\n${task}`]),
    ...(known.length === 0 ? [] : [`${texts.factsTitle}\n${known.join('\n')}`]),
    ...(summary === undefined ? [] : [`${texts.summaryTitle}\n${summary}`]),
  ].join('\n\n');
}

/** What the flow says about the place where the conversation stands: the task's goal, how to go about it, and what was found out. */
export function taskText(flow: Flow, state: ConversationState, texts: ModelTexts): string {
  const task = flow.nodes.find(({ name }) => name === (state.expert ?? state.node))?.expert;
  if (task === undefined) return '';
  const known = Object.entries(state.slots).map(([name, value]) => `${name} = ${value}`);
  return [
    task.goal,
    ...(task.instructions === undefined ? [] : [task.instructions]),
    ...(known.length === 0 ? [] : [`${texts.knownTitle} ${known.join('; ')}`]),
  ].join('\n');
}
