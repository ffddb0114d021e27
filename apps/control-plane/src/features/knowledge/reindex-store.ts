// Vectors of another kind for pieces that are stored already: found missing, added, made to answer, and the earlier ones removed.
import { and, asc, eq, gt, ne, notExists, sql } from 'drizzle-orm';
import { union } from 'drizzle-orm/pg-core';
import type { Database, Queries } from '#db/client.ts';
import { ragChunks, ragIndexes, ragVectors } from '#db/schema/knowledge.ts';
import type { AdminOrgScope, ApplianceScope } from '#shared/appliance-scope.ts';
import { onOrganization } from '#shared/appliance-scope.ts';
import type { OrganizationId } from '#shared/id.ts';

/** One agent's pieces. */
export type AgentPieces = { readonly scope: AdminOrgScope; readonly agentId: string };
/** A piece without a vector of some kind. */
export type BarePiece = { readonly chunkId: string; readonly headings: readonly string[]; readonly text: string };

export type ReindexStore = {
  /** Agents of all organizations that answer by another kind, or still hold vectors of one; at most `limit`. */
  listOutdated(scope: ApplianceScope, kind: string, limit: number): Promise<AgentPieces[]>;
  /** By which kind an agent answers; null when it knows nothing. */
  findAnswering(agent: AgentPieces): Promise<string | null>;
  /** Pieces without a vector of the kind, by id, those after `after` only. */
  listBare(agent: AgentPieces, kind: string, page: { after: string | null; limit: number }): Promise<BarePiece[]>;
  /** `vectors[i]` belongs to `pieces[i]`. Pieces that are gone, or got a vector meanwhile, are left out. */
  addVectors(agent: AgentPieces, kind: string, batch: { pieces: readonly BarePiece[]; vectors: readonly Float32Array[] }): Promise<void>;
  /** Lets the kind answer from now on. False, and nothing changes, while a piece has no vector of it. */
  switchTo(agent: AgentPieces, kind: string): Promise<boolean>;
  /** Removes vectors of other kinds, once this one answers; true while there are more. */
  removeOthers(agent: AgentPieces, kind: string): Promise<boolean>;
};

/** Vectors removed in one transaction: some 100 ms. */
const REMOVED_AT_ONCE = 2_000;

export function createReindexStore(database: Database): ReindexStore {
  return {
    listOutdated: (scope, kind, limit) =>
      database.inAppliance(scope, async (queries) => {
        const answering = queries
          .select({ orgId: ragIndexes.orgId, agentId: ragIndexes.agentId })
          .from(ragIndexes)
          .where(ne(ragIndexes.kind, kind));
        const held = queries
          .select({ orgId: ragVectors.orgId, agentId: ragVectors.agentId })
          .from(ragVectors)
          .where(ne(ragVectors.kind, kind));
        const rows = await union(answering, held).limit(limit);
        return rows.map(({ orgId, agentId }) => ({ scope: onOrganization(scope, orgId as OrganizationId), agentId }));
      }),
    findAnswering: (agent) =>
      database.inScope(agent.scope, async (queries) => {
        const [row] = await queries.select({ kind: ragIndexes.kind }).from(ragIndexes).where(isIndex(agent));
        return row?.kind ?? null;
      }),
    listBare: (agent, kind, page) => database.inScope(agent.scope, (queries) => bareOf(queries, agent, { kind, ...page })),
    addVectors: (agent, kind, { pieces, vectors }) =>
      database.inScope(agent.scope, async (queries) => {
        const rows = pieces.map(({ chunkId }, index) => ({ id: chunkId, vector: `[${(vectors[index] as Float32Array).join(',')}]` }));
        await queries.execute(sql`
          insert into ${ragVectors} (org_id, agent_id, kind, chunk_id, category, embedding)
          select c.org_id, c.agent_id, ${kind}, c.id, c.category, made.vector::halfvec
          from json_to_recordset(${JSON.stringify(rows)}::json) as made (id text, vector text)
            join ${ragChunks} as c on c.org_id = ${agent.scope.organizationId} and c.agent_id = ${agent.agentId} and c.id = made.id
          on conflict do nothing`);
      }),
    switchTo: (agent, kind) =>
      database.inScope(agent.scope, async (queries) => {
        await queries.select({ kind: ragIndexes.kind }).from(ragIndexes).where(isIndex(agent)).for('update');
        if ((await bareOf(queries, agent, { kind, after: null, limit: 1 })).length > 0) return false;
        await queries
          .update(ragIndexes)
          .set({ kind, changedAt: sql`now()` })
          .where(and(isIndex(agent), ne(ragIndexes.kind, kind)));
        return true;
      }),
    removeOthers: (agent, kind) => database.inScope(agent.scope, (queries) => removeOthers(queries, agent, kind)),
  };
}

type BarePage = { readonly kind: string; readonly after: string | null; readonly limit: number };

function bareOf(queries: Queries, { scope, agentId }: AgentPieces, { kind, after, limit }: BarePage): Promise<BarePiece[]> {
  const ofKind = and(eq(ragVectors.orgId, scope.organizationId), eq(ragVectors.chunkId, ragChunks.id), eq(ragVectors.kind, kind));
  return queries
    .select({ chunkId: ragChunks.id, headings: ragChunks.headings, text: ragChunks.text })
    .from(ragChunks)
    .where(
      and(
        eq(ragChunks.orgId, scope.organizationId),
        eq(ragChunks.agentId, agentId),
        after === null ? undefined : gt(ragChunks.id, after),
        notExists(queries.select({ kind: ragVectors.kind }).from(ragVectors).where(ofKind)),
      ),
    )
    .orderBy(asc(ragChunks.id))
    .limit(limit);
}

async function removeOthers(queries: Queries, agent: AgentPieces, kind: string): Promise<boolean> {
  const orgId = agent.scope.organizationId;
  const [index] = await queries.select({ kind: ragIndexes.kind }).from(ragIndexes).where(isIndex(agent)).for('share');
  if (index?.kind !== kind) return false;
  const others = queries
    .select({ chunkId: ragVectors.chunkId, kind: ragVectors.kind })
    .from(ragVectors)
    .where(and(eq(ragVectors.orgId, orgId), eq(ragVectors.agentId, agent.agentId), ne(ragVectors.kind, kind)))
    .limit(REMOVED_AT_ONCE);
  const removed = await queries
    .delete(ragVectors)
    .where(and(eq(ragVectors.orgId, orgId), sql`(${ragVectors.chunkId}, ${ragVectors.kind}) in (${others})`))
    .returning({ kind: ragVectors.kind });
  return removed.length === REMOVED_AT_ONCE;
}

function isIndex({ scope, agentId }: AgentPieces) {
  return and(eq(ragIndexes.orgId, scope.organizationId), eq(ragIndexes.agentId, agentId));
}
