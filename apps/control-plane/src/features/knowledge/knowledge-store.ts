// Documents as rows: what was uploaded for an agent, how far it is read, and its pieces.
import { randomUUID } from 'node:crypto';
import { and, asc, count, desc, eq, lt, sql } from 'drizzle-orm';
import type { Database, Queries, ReadScope } from '#db/client.ts';
import { agents } from '#db/schema/agents.ts';
import type { documentStates } from '#db/schema/knowledge.ts';
import { ragDocuments, ragUploads } from '#db/schema/knowledge.ts';
import type { AuditTrail } from '#features/access/audit-store.ts';
import type { Actor } from '#shared/actor.ts';
import type { ApplianceScope, OneOrganization } from '#shared/appliance-scope.ts';
import type { OrganizationId } from '#shared/id.ts';
import { newId } from '#shared/id.ts';
import type { ChunkBatch, ChunkStorage } from './chunk-store.ts';
import { insertChunks, removeChunks } from './chunk-store.ts';

export type DocumentState = (typeof documentStates)[number];

/** A document without its file. */
export type DocumentSummary = {
  readonly organizationId: string;
  readonly documentId: string;
  readonly agentId: string;
  readonly name: string;
  readonly mediaType: string;
  readonly sizeBytes: number;
  /** Of the file, 64 hexadecimal digits. */
  readonly sha256: string;
  readonly category: string | null;
  readonly state: DocumentState;
  /** Why it failed; null in every other state. */
  readonly failure: string | null;
  /** Pieces that it was cut into; null before it was. */
  readonly chunkCount: number | null;
  /** Pieces of them that are stored and found. */
  readonly storedCount: number;
  readonly createdAt: Date;
  readonly updatedAt: Date;
};

/** A file as it comes. */
export type NewDocument = {
  readonly agentId: string;
  readonly name: string;
  readonly mediaType: string;
  readonly sha256: string;
  readonly category: string | null;
  /** Kept until the document is read or has failed, so that a restart loses none. */
  readonly content: Uint8Array;
};

/** Who changes what an agent knows. */
export type KnowledgeEditor = { readonly scope: OneOrganization; readonly actor: Actor };

/** A document that one process works on. `claim` is its proof, gone once another one has taken the document over. */
export type HeldDocument = { readonly scope: OneOrganization; readonly documentId: string; readonly claim: string };

export type DocumentAddition =
  /** Whoever added it holds it, and works on it. */
  | { readonly kind: 'added'; readonly document: DocumentSummary; readonly claim: string }
  /** The agent has this file already, and nothing was added. */
  | { readonly kind: 'duplicate'; readonly document: DocumentSummary }
  | { readonly kind: 'agent_not_found' }
  | { readonly kind: 'too_many_documents'; readonly limit: number };

/** What the ingestion reports. `parsing` begins anew: pieces of an earlier try go. */
export type DocumentProgress =
  | { readonly kind: 'parsing' | 'ready' }
  | { readonly kind: 'embedding'; readonly chunkCount: number }
  /** `failure` is for the person who uploaded the file. */
  | { readonly kind: 'failed'; readonly failure: string };

export type KnowledgeStore = {
  addDocument(by: KnowledgeEditor, document: NewDocument): Promise<DocumentAddition>;
  /** From the newest on, at most `limit`, those older than the document `after` only. Null when there is no such agent. */
  list(scope: OneOrganization, agentId: string, page: { limit: number; after: string | null }): Promise<DocumentSummary[] | null>;
  /** Null when the agent has no such document. */
  find(scope: OneOrganization, agentId: string, documentId: string): Promise<DocumentSummary | null>;
  /** Removes it with its pieces: a search that begins afterwards finds none. What was removed, or null. */
  remove(by: KnowledgeEditor, agentId: string, documentId: string): Promise<DocumentSummary | null>;
  /** The file of a document that is not read yet; null when it is, or is gone. */
  readContent(scope: OneOrganization, documentId: string): Promise<Uint8Array | null>;
  /** Holds it for another while. False when the document is gone or another process has it: whoever works on it stops. */
  setState(held: HeldDocument, progress: DocumentProgress): Promise<boolean>;
  /** Adds pieces with their vectors, which are found from now on, and holds the document for another while. */
  storeChunks(held: HeldDocument, batch: ChunkBatch): Promise<ChunkStorage>;
  /** Takes the oldest document, of whatever organization, that is not read yet and that nobody holds: one of a process that ended, or that was put off. */
  takeUnfinished(scope: ApplianceScope): Promise<TakenDocument | null>;
};

export type TakenDocument = DocumentSummary & { readonly organizationId: OrganizationId; readonly claim: string };

/** A document is held for so long after each sign of life. Reading one takes 20 s at the longest, a batch of vectors seconds. */
const CLAIM_S = 60;
/** Documents of one agent. A person uploads dozens; a program in a loop stops here. */
export const MAX_AGENT_DOCUMENTS = 2_000;

const columns = {
  organizationId: ragDocuments.orgId,
  documentId: ragDocuments.id,
  agentId: ragDocuments.agentId,
  name: ragDocuments.name,
  mediaType: ragDocuments.mediaType,
  sizeBytes: ragDocuments.sizeBytes,
  sha256: ragDocuments.sha256,
  category: ragDocuments.category,
  state: ragDocuments.state,
  failure: ragDocuments.failure,
  chunkCount: ragDocuments.chunkCount,
  storedCount: ragDocuments.storedCount,
  createdAt: ragDocuments.createdAt,
  updatedAt: ragDocuments.updatedAt,
};

type Parts = { readonly database: Database; readonly audit: AuditTrail };

export function createKnowledgeStore(parts: Parts): KnowledgeStore {
  const { database } = parts;
  return {
    addDocument: (by, document) => addDocument(parts, by, document),
    list: (scope, agentId, { limit, after }) =>
      database.inScope(scope, async (queries) => {
        if (!(await hasAgent(queries, scope, agentId))) return null;
        return queries
          .select(columns)
          .from(ragDocuments)
          .where(and(ofAgent(scope, agentId), after === null ? undefined : lt(ragDocuments.id, after)))
          .orderBy(desc(ragDocuments.id))
          .limit(limit);
      }),
    find: (scope, agentId, documentId) =>
      database.inScope(scope, async (queries) => {
        const [found] = await queries
          .select(columns)
          .from(ragDocuments)
          .where(and(ofAgent(scope, agentId), isDocument(scope, documentId)));
        return found ?? null;
      }),
    remove: (by, agentId, documentId) => remove(parts, by, { agentId, documentId }),
    readContent: (scope, documentId) =>
      database.inScope(scope, async (queries) => {
        const [upload] = await queries
          .select({ content: ragUploads.content })
          .from(ragUploads)
          .where(and(eq(ragUploads.orgId, scope.organizationId), eq(ragUploads.documentId, documentId)));
        return upload?.content ?? null;
      }),
    setState: (held, progress) => database.inScope(held.scope, (queries) => setState(queries, held, progress)),
    storeChunks: (held, batch) =>
      database.inScope(held.scope, async (queries) => {
        // The row's lock keeps the document from being removed or taken over in between, and orders the batches of one document.
        const [row] = await queries
          .update(ragDocuments)
          .set({ claimedUntil })
          .where(isHeld(held))
          .returning({ agentId: ragDocuments.agentId, number: ragDocuments.number, category: ragDocuments.category });
        return row ? await insertChunks(queries, { ...held, ...row }, batch) : { kind: 'document_gone' };
      }),
    takeUnfinished: (scope) => database.inScope(scope, takeUnfinished),
  };
}

function addDocument({ database, audit }: Parts, by: KnowledgeEditor, document: NewDocument): Promise<DocumentAddition> {
  const orgId = by.scope.organizationId;
  const { agentId, name, mediaType, sha256, category, content } = document;
  return database.inScope(by.scope, async (queries) => {
    // The lock orders additions, so that two cannot both take the last place.
    const [agent] = await queries
      .select({ id: agents.id })
      .from(agents)
      .where(and(eq(agents.orgId, orgId), eq(agents.id, agentId)))
      .for('no key update');
    if (!agent) return { kind: 'agent_not_found' };
    const [{ held } = { held: 0 }] = await queries.select({ held: count() }).from(ragDocuments).where(ofAgent(by.scope, agentId));
    if (held >= MAX_AGENT_DOCUMENTS) return { kind: 'too_many_documents', limit: MAX_AGENT_DOCUMENTS };
    const file = { agentId, name, mediaType, sizeBytes: content.byteLength, sha256, category };
    const claim = randomUUID();
    const row = { orgId, id: newId('document'), ...file, claim, claimedUntil };
    const [added] = await queries.insert(ragDocuments).values(row).onConflictDoNothing().returning(columns);
    if (!added) {
      const [same] = await queries
        .select(columns)
        .from(ragDocuments)
        .where(and(ofAgent(by.scope, agentId), eq(ragDocuments.sha256, sha256), sql`${ragDocuments.state} <> 'failed'`));
      if (!same) throw new Error(`the document that stands in the way of ${row.id} is not there`);
      return { kind: 'duplicate', document: same };
    }
    await queries.insert(ragUploads).values({ orgId, documentId: row.id, content });
    await audit.append(queries, by, { action: 'document.added', resource: row.id, details: file });
    return { kind: 'added', document: added, claim };
  });
}

function remove({ database, audit }: Parts, by: KnowledgeEditor, of: { agentId: string; documentId: string }) {
  return database.inScope(by.scope, async (queries) => {
    const [removed] = await queries
      .delete(ragDocuments)
      .where(and(ofAgent(by.scope, of.agentId), isDocument(by.scope, of.documentId)))
      .returning(columns);
    if (!removed) return null;
    const { agentId, name, sha256 } = removed;
    await audit.append(queries, by, { action: 'document.removed', resource: of.documentId, details: { agentId, name, sha256 } });
    return removed;
  });
}

async function setState(queries: Queries, held: HeldDocument, progress: DocumentProgress): Promise<boolean> {
  const { scope, documentId } = held;
  const [changed] = await queries
    .update(ragDocuments)
    .set({
      state: progress.kind,
      failure: progress.kind === 'failed' ? progress.failure : null,
      ...(progress.kind === 'embedding' ? { chunkCount: progress.chunkCount } : {}),
      ...(progress.kind === 'parsing' || progress.kind === 'failed' ? { chunkCount: null, storedCount: 0 } : {}),
      claimedUntil,
      updatedAt: sql`now()`,
    })
    .where(isHeld(held))
    .returning({ number: ragDocuments.number });
  if (!changed) return false;
  if (progress.kind === 'parsing' || progress.kind === 'failed') await removeChunks(queries, { scope, documentId, number: changed.number });
  if (progress.kind === 'ready' || progress.kind === 'failed')
    await queries.delete(ragUploads).where(and(eq(ragUploads.orgId, scope.organizationId), eq(ragUploads.documentId, documentId)));
  return true;
}

async function takeUnfinished(queries: Queries): Promise<TakenDocument | null> {
  const claim = randomUUID();
  const isFree = sql`(${ragDocuments.claimedUntil} is null or ${ragDocuments.claimedUntil} < now())`;
  // A row lock in a WITH query keeps it from being run twice, which would take two.
  const next = queries
    .$with('next')
    .as(
      queries
        .select({ orgId: ragDocuments.orgId, id: ragDocuments.id })
        .from(ragDocuments)
        .where(and(isUnfinished, isFree))
        .orderBy(asc(ragDocuments.id))
        .limit(1)
        .for('update', { skipLocked: true }),
    );
  const [row] = await queries
    .with(next)
    .update(ragDocuments)
    .set({ claim, claimedUntil })
    .from(next)
    .where(and(eq(ragDocuments.orgId, next.orgId), eq(ragDocuments.id, next.id)))
    .returning(columns);
  return row ? { ...row, organizationId: row.organizationId as OrganizationId, claim } : null;
}

async function hasAgent(queries: Queries, scope: ReadScope & OneOrganization, agentId: string): Promise<boolean> {
  const of = and(eq(agents.orgId, scope.organizationId), eq(agents.id, agentId));
  return (await queries.select({ id: agents.id }).from(agents).where(of)).length > 0;
}

function ofAgent(scope: OneOrganization, agentId: string) {
  return and(eq(ragDocuments.orgId, scope.organizationId), eq(ragDocuments.agentId, agentId));
}

/** As a literal: the partial index is found for a plan without parameters too. */
const isUnfinished = sql`${ragDocuments.state} in ('queued', 'parsing', 'embedding')`;
/** By the database's clock, which all processes share. */
const claimedUntil = sql`now() + ${CLAIM_S} * interval '1 second'`;

function isHeld({ scope, documentId, claim }: HeldDocument) {
  return and(isDocument(scope, documentId), eq(ragDocuments.claim, claim));
}

function isDocument(scope: OneOrganization, documentId: string) {
  return and(eq(ragDocuments.orgId, scope.organizationId), eq(ragDocuments.id, documentId));
}
