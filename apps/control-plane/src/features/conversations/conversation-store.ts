// Conversations as rows. A chat's state is committed with the turns that led to it, and only by the process that holds the conversation.
import type { SQL } from 'drizzle-orm';
import { and, asc, eq, sql } from 'drizzle-orm';
import { z } from 'zod';
import type { Database, Queries } from '#db/client.ts';
import { conversations, conversationTurns, turnTraces } from '#db/schema/conversations.ts';
import { storedStepSchema } from '#dialog/stored-step.ts';
import type { ConversationState } from '#dialog/dialog.ts';
import type { NextStep } from '#dialog/next-step.ts';
import type { MadeSummary } from '#dialog/rolling-summary.ts';
import { withSummary } from '#dialog/rolling-summary.ts';
import type { TurnReport } from '#dialog/turn-report.ts';
import type { AuditTrail } from '#features/access/audit-store.ts';
import type { Actor } from '#shared/actor.ts';
import type { OrgScope } from '#shared/org-scope.ts';
import { storable } from '#shared/storable.ts';
import type { CachedState } from './conversation-cache.ts';
import type { WrittenTurns } from './conversation-sql.ts';
import { claimStatement, commitStatement, createStatement } from './conversation-sql.ts';

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
  /** Null when the state is the one that is known. */
  readonly state: ConversationState | null;
  /** Proof of the claim. */
  readonly claim: string;
};

export type Claim = { readonly kind: 'claimed'; readonly chat: ClaimedChat } | { readonly kind: 'busy' | 'not_found' };

export type KeptSummary = ({ readonly kind: 'kept' } & CachedState) | { readonly kind: 'busy' | 'moved' };

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
  /** Holds a chat for this process. `known` is what the caller has of it: the same state is not read again. */
  claim(scope: OrgScope, conversationId: string, known: CachedState | null): Promise<Claim>;
  /** Gives a chat back with nothing written. */
  release(scope: OrgScope, chat: ClaimedChat): Promise<void>;
  /** Writes turns, trace and state in one transaction and gives the chat back. False when the claim had expired and somebody else went on: nothing is written. */
  commit(scope: OrgScope, chat: ClaimedChat, progress: ChatProgress): Promise<boolean>;
  /** The same for a chat's first turns. False when the agent was removed meanwhile. */
  create(scope: OrgScope, chat: NewChat, progress: ChatProgress): Promise<boolean>;
  /** Puts a summary in place of the chat's first turns. `busy`: it is being answered, and nothing is written; `moved`: it has other first turns by now. */
  keepSummary(scope: OrgScope, conversationId: string, made: MadeSummary): Promise<KeptSummary>;
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
const channelDataSchema = z.record(z.string(), z.string());

export function createConversationStore({ database, audit }: { database: Database; audit: AuditTrail }): ConversationStore {
  return {
    claim: (scope, conversationId, known) => claim(database, { scope, conversationId, known }),
    keepSummary: (scope, conversationId, made) => database.inOrg(scope, (queries) => keepSummary(queries, { scope, conversationId, made })),
    release: (scope, chat) =>
      database.inOrg(scope, async (queries) => {
        const held = sql`${conversations.claimedUntil} = ${chat.claim}::text::timestamptz`;
        await queries
          .update(conversations)
          .set({ claimedUntil: null })
          .where(and(isChat(scope, chat.conversationId), held));
      }),
    async commit(scope, chat, progress) {
      const statement = commitStatement(writtenOf(scope, chat.conversationId, progress), chat);
      return (await database.write(scope, [statement]))[0].length > 0;
    },
    async create(scope, chat, progress) {
      const statement = createStatement(writtenOf(scope, chat.conversationId, progress), chat);
      return (await database.write(scope, [statement]))[0].length > 0;
    },
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

type Claiming = { readonly scope: OrgScope; readonly conversationId: string; readonly known: CachedState | null };

async function claim(database: Database, { scope, conversationId, known }: Claiming): Promise<Claim> {
  const { organizationId: orgId } = scope;
  const statement = claimStatement({ orgId, id: conversationId, known, claimS: CLAIM_S });
  // Whom a server that lost its power took for the holder does not matter: the holder's turn was lost as well.
  const [[row]] = await database.write(scope, [statement], { durable: false });
  if (!row) {
    const [there] = await database.inOrg(scope, (queries) =>
      queries.select({ id: conversations.id }).from(conversations).where(isChat(scope, conversationId)),
    );
    return { kind: there ? 'busy' : 'not_found' };
  }
  const parsed = {
    nextStep: storedStepSchema.parse(JSON.parse(row.nextStep)),
    channelData: row.channelData === null ? {} : channelDataSchema.parse(JSON.parse(row.channelData)),
    state: row.state === null ? null : toState(JSON.parse(row.state)),
  };
  return { kind: 'claimed', chat: { ...row, ...parsed, conversationId } };
}

type Keeping = { readonly scope: OrgScope; readonly conversationId: string; readonly made: MadeSummary };

async function keepSummary(queries: Queries, { scope, conversationId, made }: Keeping): Promise<KeptSummary> {
  const isHeld = sql<boolean>`coalesce(${conversations.claimedUntil} > now(), false)`;
  // Locked: nobody claims the chat between the look and the write.
  const [row] = await queries
    .select({ state: conversations.state, turns: conversations.turns, isHeld })
    .from(conversations)
    .where(isChat(scope, conversationId))
    .for('update');
  if (!row) return { kind: 'moved' };
  if (row.isHeld) return { kind: 'busy' };
  const before = toState(row.state);
  const state = withSummary(before, made);
  if (state === before) return { kind: 'moved' };
  await queries
    .update(conversations)
    .set({ state: storable(state) })
    .where(isChat(scope, conversationId));
  return { kind: 'kept', turns: row.turns, state };
}

function writtenOf({ organizationId: orgId }: OrgScope, id: string, { turns, report, state, nextStep }: ChatProgress): WrittenTurns {
  return { orgId, id, turns, lastSeq: turns.at(-1)?.seq ?? 0, report, state, nextStep };
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
  const parsed = { state: toState(row.state), nextStep: storedStepSchema.parse(row.nextStep), channelData: row.channelData ?? {} };
  return { conversationId, agentId, agentVersion, ...parsed, turns: said, createdAt, updatedAt };
}

/** The fields that this file does not know are the dialog's own, written by it and read by it alone. */
function toState(stored: unknown): ConversationState {
  return stateSchema.parse(stored) as ConversationState;
}
