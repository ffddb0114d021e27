// Conversations as rows. A chat's state is committed with the turns that led to it, and only by the process that holds the conversation.
import type { SQL } from 'drizzle-orm';
import { and, asc, eq, sql } from 'drizzle-orm';
import { z } from 'zod';
import type { Database, Queries } from '#db/client.ts';
import { agents } from '#db/schema/agents.ts';
import { conversations, conversationTurns, turnTraces } from '#db/schema/conversations.ts';
import type { ConversationState } from '#dialog/dialog.ts';
import type { NextStep } from '#dialog/next-step.ts';
import type { TurnReport } from '#dialog/turn-report.ts';
import type { AuditTrail } from '#features/access/audit-store.ts';
import type { Actor } from '#shared/actor.ts';
import type { OrgScope } from '#shared/org-scope.ts';

/** A process holds a conversation for so long at most: longer than a turn may take, so that a process that died is soon forgotten. */
export const CLAIM_S = 60;
/** Turns of one chat, of both sides. At the limit it takes no more messages. */
export const MAX_CHAT_TURNS = 2_000;

/** What a client says of the channel that a chat is on: short texts by name. Personal data. */
export type ChannelData = Readonly<Record<string, string>>;

/** One turn of a chat. `text` is personal data. */
export type ChatTurn = {
  readonly seq: number;
  readonly role: 'caller' | 'agent';
  readonly text: string;
  /** How the caller's turn came in; null for the agent's. */
  readonly input: 'text' | 'dtmf' | null;
  readonly at: Date;
};

/** A chat in which this process may write the next turns. */
export type ClaimedChat = {
  readonly conversationId: string;
  readonly agentId: string;
  readonly agentVersion: number;
  readonly turns: number;
  readonly nextStep: NextStep;
  readonly channelData: ChannelData;
  /** Null when the state is that of `knownTurns`. */
  readonly state: ConversationState | null;
  /** Proof of the claim. */
  readonly claimedUntil: Date;
};

export type Claim = { readonly kind: 'claimed'; readonly chat: ClaimedChat } | { readonly kind: 'busy' | 'not_found' };

/** What a message led to. */
export type ChatProgress = {
  readonly state: ConversationState;
  readonly nextStep: NextStep;
  readonly turns: readonly ChatTurn[];
  /** Of the agent's turn, which is the last of `turns`. */
  readonly report: TurnReport;
};

export type NewChat = {
  readonly conversationId: string;
  readonly agentId: string;
  readonly agentVersion: number;
  readonly channelData: ChannelData;
};

/** A chat, whole. */
export type ChatDetails = NewChat & {
  readonly state: ConversationState;
  readonly nextStep: NextStep;
  readonly turns: readonly ChatTurn[];
  readonly createdAt: Date;
  readonly updatedAt: Date;
};

export type ConversationStore = {
  /** Holds a chat for this process. `knownTurns` is the version whose state the caller has: the same one is not read again. */
  claim(scope: OrgScope, conversationId: string, knownTurns: number | null): Promise<Claim>;
  /** Gives a chat back with nothing written. */
  release(scope: OrgScope, chat: ClaimedChat): Promise<void>;
  /** Writes turns, trace and state in one transaction and gives the chat back. False when the claim had expired and somebody else went on: nothing is written. */
  commit(scope: OrgScope, chat: ClaimedChat, progress: ChatProgress): Promise<boolean>;
  /** The same for a chat's first turns. False when the agent was removed meanwhile. */
  create(scope: OrgScope, chat: NewChat, progress: ChatProgress): Promise<boolean>;
  /** Null when there is no such chat, or it is another organization's. */
  find(scope: OrgScope, conversationId: string): Promise<ChatDetails | null>;
  /** How an agent's turn of a call or chat came about; null when there is no such turn, or it has no trace. */
  findTrace(scope: OrgScope, conversationId: string, seq: number): Promise<unknown>;
  /** Deletes a chat with everything that was said. False when there is no such chat. */
  remove(by: { scope: OrgScope; actor: Actor }, conversationId: string): Promise<boolean>;
};

/** What this code needs of a state; what a later release added is kept as it is. */
const stateSchema = z.looseObject({
  node: z.string(),
  slots: z.record(z.string(), z.string()),
  misses: z.number(),
  history: z.array(z.object({ role: z.enum(['caller', 'agent']), text: z.string() })),
});
const stepSchema = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('listen') }),
  z.object({ kind: z.literal('transfer'), destination: z.string(), ringMs: z.number() }),
  z.object({ kind: z.literal('end_call') }),
]);

export function createConversationStore({ database, audit }: { database: Database; audit: AuditTrail }): ConversationStore {
  return {
    claim: (scope, conversationId, knownTurns) =>
      database.inOrg(scope, (queries) => claim(queries, isChat(scope, conversationId), knownTurns)),
    release: (scope, chat) =>
      database.inOrg(scope, async (queries) => {
        await queries.update(conversations).set({ claimedUntil: null }).where(isHeld(scope, chat));
      }),
    commit: (scope, chat, progress) =>
      database.inOrg(scope, async (queries) => {
        const { state, nextStep, turns } = progress;
        const set = { state, nextStep, turns: chat.turns + turns.length, claimedUntil: null, updatedAt: sql`now()` };
        const held = await queries.update(conversations).set(set).where(isHeld(scope, chat)).returning({ id: conversations.id });
        if (held.length === 0) return false;
        await writeTurns(queries, { scope, conversationId: chat.conversationId }, progress);
        return true;
      }),
    create: (scope, chat, progress) =>
      database.inOrg(scope, async (queries) => {
        const { conversationId: id, ...of } = chat;
        const { state, nextStep, turns } = progress;
        const orgId = scope.organizationId;
        // Locked: it is not removed before the chat that names it is there.
        const which = and(eq(agents.orgId, orgId), eq(agents.id, chat.agentId));
        const [agent] = await queries.select({ id: agents.id }).from(agents).where(which).for('key share');
        if (!agent) return false;
        const row = { orgId, id, channel: 'chat' as const, ...of, state, nextStep, turns: turns.length };
        await queries.insert(conversations).values(row);
        await writeTurns(queries, { scope, conversationId: id }, progress);
        return true;
      }),
    find: (scope, conversationId) => database.inOrg(scope, (queries) => find(queries, scope, conversationId)),
    findTrace: (scope, conversationId, seq) =>
      database.inOrg(scope, async (queries) => {
        const of = and(eq(turnTraces.orgId, scope.organizationId), eq(turnTraces.conversationId, conversationId), eq(turnTraces.seq, seq));
        const [row] = await queries.select({ trace: turnTraces.trace }).from(turnTraces).where(of);
        return row?.trace ?? null;
      }),
    remove: (by, conversationId) =>
      database.inOrg(by.scope, async (queries) => {
        const removed = await queries
          .delete(conversations)
          .where(isChat(by.scope, conversationId))
          .returning({ turns: conversations.turns });
        const [{ turns } = { turns: null }] = removed;
        if (turns === null) return false;
        await audit.append(queries, by, { action: 'conversation.removed', resource: conversationId, details: { turns } });
        return true;
      }),
  };
}

function isChat(scope: OrgScope, conversationId: string): SQL | undefined {
  return and(eq(conversations.orgId, scope.organizationId), eq(conversations.id, conversationId), eq(conversations.channel, 'chat'));
}

function isHeld(scope: OrgScope, { conversationId, turns, claimedUntil }: ClaimedChat): SQL | undefined {
  return and(isChat(scope, conversationId), eq(conversations.turns, turns), eq(conversations.claimedUntil, claimedUntil));
}

async function claim(queries: Queries, which: SQL | undefined, knownTurns: number | null): Promise<Claim> {
  const [row] = await queries
    .update(conversations)
    .set({ claimedUntil: sql`now() + make_interval(secs => ${CLAIM_S})` })
    .where(and(which, sql`(${conversations.claimedUntil} is null or ${conversations.claimedUntil} < now())`))
    .returning({
      conversationId: conversations.id,
      agentId: conversations.agentId,
      agentVersion: conversations.agentVersion,
      turns: conversations.turns,
      nextStep: conversations.nextStep,
      channelData: conversations.channelData,
      state: sql<unknown>`case when ${conversations.turns} = ${knownTurns ?? -1} then null else ${conversations.state} end`,
      claimedUntil: conversations.claimedUntil,
    });
  if (!row) {
    const [there] = await queries.select({ id: conversations.id }).from(conversations).where(which);
    return { kind: there ? 'busy' : 'not_found' };
  }
  const { state, nextStep, channelData, agentId, agentVersion, claimedUntil, ...rest } = row;
  if (agentId === null || agentVersion === null || claimedUntil === null) throw new Error(`the chat ${rest.conversationId} names no agent`);
  const read = { nextStep: stepSchema.parse(nextStep), channelData: channelData ?? {}, state: state === null ? null : toState(state) };
  return { kind: 'claimed', chat: { ...rest, ...read, agentId, agentVersion, claimedUntil } };
}

async function writeTurns(
  queries: Queries,
  { scope, conversationId }: { scope: OrgScope; conversationId: string },
  { turns, report }: ChatProgress,
): Promise<void> {
  const of = { orgId: scope.organizationId, conversationId };
  await queries.insert(conversationTurns).values(turns.map((turn) => ({ ...of, ...turn })));
  const last = turns.at(-1);
  if (last) await queries.insert(turnTraces).values({ ...of, seq: last.seq, trace: report });
}

async function find(queries: Queries, scope: OrgScope, conversationId: string): Promise<ChatDetails | null> {
  const [row] = await queries.select().from(conversations).where(isChat(scope, conversationId));
  if (!row) return null;
  const said = await queries
    .select({
      seq: conversationTurns.seq,
      role: conversationTurns.role,
      text: conversationTurns.text,
      input: conversationTurns.input,
      at: conversationTurns.at,
    })
    .from(conversationTurns)
    .where(and(eq(conversationTurns.orgId, scope.organizationId), eq(conversationTurns.conversationId, conversationId)))
    .orderBy(asc(conversationTurns.seq));
  const { agentId, agentVersion, createdAt, updatedAt } = row;
  if (agentId === null || agentVersion === null) throw new Error(`the chat ${conversationId} names no agent`);
  const parsed = { state: toState(row.state), nextStep: stepSchema.parse(row.nextStep), channelData: row.channelData ?? {} };
  return { conversationId, agentId, agentVersion, ...parsed, turns: said, createdAt, updatedAt };
}

/** The fields that this file does not know are the dialog's own, written by it and read by it alone. */
function toState(stored: unknown): ConversationState {
  return stateSchema.parse(stored) as ConversationState;
}
