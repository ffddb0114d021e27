// The agent at work on text: one message is one turn, run by the very dialog that answers calls, and committed with the state that it led to.
import type { ConversationState, Dialog, DialogInput, PreparedTurn, TurnResult } from '#dialog/dialog.ts';
import { reportOf } from '#dialog/turn-report.ts';
import type { AgentProfile } from '#ports/agent-profile.ts';
import type { SummaryKeeper } from '#dialog/rolling-summary.ts';
import { InferenceError } from '#ports/inference-error.ts';
import type { Traces } from '#ports/traces.ts';
import type { Clock } from '#shared/clock.ts';
import { newId } from '#shared/id.ts';
import { invariant } from '#shared/invariant.ts';
import type { Log } from '#shared/log.ts';
import { loggableError } from '#shared/loggable-error.ts';
import type { OrgScope } from '#shared/org-scope.ts';
import type { ChatAgent, ChatAgents } from './chat-agents.ts';
import type { ChatSummaries } from './chat-summaries.ts';
import { createChatSummaries } from './chat-summaries.ts';
import type { ConversationCache } from './conversation-cache.ts';
import type { ChannelData, ChatProgress, ChatTurn, ClaimedChat, ConversationStore } from './conversation-store.ts';
import { CLAIM_S, MAX_CHAT_TURNS } from './conversation-store.ts';

/** A turn that takes longer is given up, well before its claim on the conversation ends. */
const TURN_LIMIT_MS = CLAIM_S * 1_000 - 15_000;

/** Whom an agent serves, as its tools are told. */
export type Served = {
  readonly scope: OrgScope;
  readonly conversationId: string;
  /** Null when the channel names none. */
  readonly callerNumber: string | null;
  /** Aborts when the turn has taken too long. */
  readonly signal: AbortSignal;
  readonly summaryKeeper: SummaryKeeper;
  /** Its lines carry the request, the organization and the conversation. */
  readonly log: Log;
};

/** What chats are made of. */
export type ChatParts = {
  readonly store: ConversationStore;
  readonly cache: ConversationCache;
  readonly agents: ChatAgents;
  /** The agent at work: the same as for calls. */
  readonly openDialog: (agent: AgentProfile, served: Served) => Promise<Dialog>;
  /** Absent: turns are in no trace. */
  readonly traces?: Pick<Traces, 'beginTurn'> | undefined;
  readonly clock: Clock;
  readonly log: Log;
};

/** What arrived. A message without a conversation begins one with the newest version of `agentId`. */
export type ChatMessage = {
  readonly scope: OrgScope;
  readonly agentId: string | null;
  readonly conversationId: string | null;
  readonly channelData: ChannelData;
  /** The request that it came with, for the log; null: none. */
  readonly requestId: string | null;
  /** `traceparent` of that request; null: none. */
  readonly traceParent: string | null;
  /** The input, as the agent's settings make it: how often an agent asks a silent caller is its own. */
  readonly inputFor: (agent: AgentProfile) => DialogInput;
};

/** What the agent answered. */
export type ChatReply = {
  readonly conversationId: string;
  readonly agentId: string;
  readonly agentVersion: number;
  /** Number of the agent's turn. */
  readonly turn: number;
  readonly text: string;
  readonly result: TurnResult;
  readonly stagesMs: { readonly firstTextMs: number | null; readonly replyMs: number };
};

/** A message that is being answered, or why it is not. */
export type BegunTurn =
  | {
      readonly kind: 'begun';
      readonly conversationId: string;
      /** Call it once. Rejects when a model failed, or when somebody else went on with the conversation. */
      answer(onTextDelta: (textDelta: string) => void): Promise<ChatReply>;
    }
  /** `busy`: another message of this conversation is being answered. `over`: the agent has said goodbye. */
  | { readonly kind: 'agent_not_found' | 'not_found' | 'busy' | 'over' | 'too_long' | 'other_agent' };

export type Chats = { begin(message: ChatMessage): Promise<BegunTurn> };

/** The conversation went on elsewhere while this turn was being made: its claim had run out. */
export class ConversationMovedError extends Error {
  override readonly name = 'ConversationMovedError';
}

export function createChats(given: ChatParts): Chats {
  const parts = { ...given, summaries: createChatSummaries(given) };
  return {
    begin: (message) => (message.conversationId === null ? beginNew(parts, message) : goOn(parts, message, message.conversationId)),
  };
}

type Parts = ChatParts & { readonly summaries: ChatSummaries };

/** A turn with everything that it needs. `chat` is null for the first one. */
type Turn = {
  readonly scope: OrgScope;
  readonly conversationId: string;
  readonly agent: ChatAgent;
  readonly dialog: Dialog;
  readonly from: ConversationState;
  readonly input: DialogInput;
  readonly channelData: ChannelData;
  readonly traceParent: string | null;
  readonly signal: AbortSignal;
  readonly log: Log;
  readonly chat: ClaimedChat | null;
};

async function beginNew(parts: Parts, message: ChatMessage): Promise<BegunTurn> {
  const { scope, agentId, channelData, traceParent } = message;
  const agent = agentId === null ? null : await parts.agents.findNewest(scope, agentId);
  if (agent === null) return { kind: 'agent_not_found' };
  const conversationId = newId('chat');
  const log = logOf(parts, message, conversationId);
  const signal = AbortSignal.timeout(TURN_LIMIT_MS);
  const dialog = await open(parts, agent, { scope, conversationId, channelData, signal, log });
  const of = { scope, conversationId, agent, dialog, channelData, traceParent, signal, log, chat: null };
  const turn = { ...of, from: dialog.open(), input: message.inputFor(agent.profile) };
  return { kind: 'begun', conversationId, answer: (onTextDelta) => tracedAnswer(parts, turn, onTextDelta) };
}

async function goOn(parts: Parts, message: ChatMessage, conversationId: string): Promise<BegunTurn> {
  const { store, cache } = parts;
  const { scope, traceParent } = message;
  const log = logOf(parts, message, conversationId);
  const known = cache.find(scope, conversationId);
  const claim = await store.claim(scope, conversationId, known);
  if (claim.kind !== 'claimed') return claim;
  const { chat } = claim;
  try {
    const refusal = refusalOf(chat, message);
    const agent = refusal === null ? await parts.agents.find(scope, chat.agentId, chat.agentVersion) : null;
    if (agent === null) {
      await store.release(scope, chat);
      return { kind: refusal ?? 'agent_not_found' };
    }
    const stored = chat.state ?? known?.state;
    invariant(stored !== undefined, 'a state that was not read is known');
    cache.count(chat.state === null ? 'hit' : 'miss');
    const { channelData } = chat;
    const signal = AbortSignal.timeout(TURN_LIMIT_MS);
    const dialog = await open(parts, agent, { scope, conversationId, channelData, signal, log });
    // What a later release added to a state is at its beginning in one that an earlier release wrote.
    const from = { ...dialog.open(), ...stored };
    const of = { scope, conversationId, agent, dialog, channelData, traceParent, signal, log, chat };
    const turn = { ...of, from, input: message.inputFor(agent.profile) };
    return { kind: 'begun', conversationId, answer: (onTextDelta) => tracedAnswer(parts, turn, onTextDelta) };
  } catch (error) {
    await store.release(scope, chat);
    throw error;
  }
}

type Opening = Pick<Turn, 'scope' | 'conversationId' | 'channelData' | 'signal' | 'log'>;

function open(parts: Parts, { profile }: ChatAgent, { scope, conversationId, channelData, signal, log }: Opening): Promise<Dialog> {
  const summaryKeeper = parts.summaries.keeperOf(scope, conversationId);
  const callerNumber = channelData['callerNumber'] ?? null;
  return parts.openDialog(profile, { scope, conversationId, callerNumber, signal, log, summaryKeeper });
}

function logOf({ log }: ChatParts, { scope, requestId }: ChatMessage, conversationId: string): Log {
  return log.child({ requestId, organizationId: scope.organizationId, conversationId });
}

function refusalOf(chat: ClaimedChat, { agentId }: ChatMessage): 'over' | 'too_long' | 'other_agent' | null {
  if (agentId !== null && agentId !== chat.agentId) return 'other_agent';
  if (chat.nextStep.kind === 'end_call') return 'over';
  return chat.turns >= MAX_CHAT_TURNS ? 'too_long' : null;
}

/** The turn as a span of the trace that its request belongs to; its tools are told of it while it is being answered. */
async function tracedAnswer(parts: Parts, turn: Turn, onTextDelta: (textDelta: string) => void): Promise<ChatReply> {
  const { conversationId, scope, agent, traceParent } = turn;
  const { agentId } = agent.profile;
  const span = parts.traces?.beginTurn({ conversationId, organizationId: scope.organizationId, agentId, traceParent });
  try {
    const reply = await answer(parts, turn, onTextDelta);
    span?.end(null);
    return reply;
  } catch (error) {
    span?.end(error instanceof InferenceError ? 'model_failed' : 'not_answered');
    throw error;
  }
}

async function answer(parts: Parts, turn: Turn, onTextDelta: (textDelta: string) => void): Promise<ChatReply> {
  const { clock } = parts;
  const { dialog, from, input, signal, log } = turn;
  const arrivedAt = clock.wallAt();
  const startedMs = clock.nowMs();
  let text = '';
  let firstTextMs: number | null = null;
  let prepared: PreparedTurn | null = null;
  try {
    prepared = dialog.prepare(from, input, { signal });
    for await (const textDelta of prepared.textDeltas) {
      firstTextMs ??= clock.nowMs() - startedMs;
      text += textDelta;
      onTextDelta(textDelta);
    }
    const result = await prepared.result;
    const stagesMs = { firstTextMs, replyMs: clock.nowMs() - startedMs };
    return await commit(parts, turn, { text, result, stagesMs, arrivedAt });
  } catch (error) {
    if (error instanceof ConversationMovedError) throw error;
    log.warn({ error: loggableError(error) }, 'a message was not answered');
    const unanswered = { text, acted: prepared?.acted?.() ?? null, arrivedAt, replyMs: clock.nowMs() - startedMs };
    await giveUp(parts, turn, unanswered).catch((failure: unknown) => {
      log.error({ error: loggableError(failure) }, 'a turn that was not finished could not be given up; its claim ends by itself');
    });
    throw error;
  }
}

type Said = {
  readonly text: string;
  readonly result: TurnResult;
  readonly stagesMs: ChatReply['stagesMs'];
  readonly arrivedAt: Date;
};

async function commit(parts: Parts, turn: Turn, { text, result, stagesMs, arrivedAt }: Said): Promise<ChatReply> {
  const { store, cache, summaries, clock } = parts;
  const { scope, conversationId, agent, dialog, from, input, channelData, chat } = turn;
  const heard = { ...result, state: summaries.applied(conversationId, dialog.withHeard(result.state, text)) };
  const first = chat?.turns ?? 0;
  const turns = turnsOf(input, { first, text, arrivedAt, repliedAt: clock.wallAt() });
  const progress: ChatProgress = {
    state: heard.state,
    nextStep: result.nextStep,
    turns,
    report: reportOf({ from, result: heard, stagesMs }),
  };
  const { version: agentVersion, profile } = agent;
  const { agentId } = profile;
  const written =
    chat === null
      ? await store.create(scope, { conversationId, agentId, agentVersion, channelData }, progress)
      : await store.commit(scope, chat, progress);
  if (!written) {
    cache.forget(scope, conversationId);
    throw new ConversationMovedError('the agent was removed, or another message was answered in the meantime');
  }
  cache.put(scope, conversationId, { turns: first + turns.length, state: heard.state });
  return { conversationId, agentId, agentVersion, turn: first + turns.length - 1, text, result: heard, stagesMs };
}

type Unanswered = {
  readonly text: string;
  readonly acted: ConversationState | null;
  readonly arrivedAt: Date;
  readonly replyMs: number;
};

/** What tools did stays done: then the turn is kept as far as it came. Otherwise it was none, and the message may be sent again. */
async function giveUp(parts: Parts, turn: Turn, { text, acted, arrivedAt, replyMs }: Unanswered): Promise<void> {
  const { store } = parts;
  if (acted === null) {
    if (turn.chat !== null) await store.release(turn.scope, turn.chat);
    return;
  }
  const result: TurnResult = { state: acted, nextStep: { kind: 'listen' }, notes: [{ name: 'model_failed', fields: {} }] };
  await commit(parts, turn, { text, result, stagesMs: { firstTextMs: null, replyMs }, arrivedAt });
}

type Texts = { readonly first: number; readonly text: string; readonly arrivedAt: Date; readonly repliedAt: Date };

function turnsOf(input: DialogInput, { first, text, arrivedAt, repliedAt }: Texts): ChatTurn[] {
  const agents = (seq: number): ChatTurn => ({ seq, role: 'agent', text, input: null, at: repliedAt });
  switch (input.kind) {
    case 'said':
      return [{ seq: first, role: 'caller', text: input.text, input: 'text', at: arrivedAt }, agents(first + 1)];
    case 'dtmf':
      return [{ seq: first, role: 'caller', text: input.digits, input: 'dtmf', at: arrivedAt }, agents(first + 1)];
    case 'call_opened':
    case 'no_input':
    case 'transfer_failed':
      return [agents(first)];
  }
}
