// Pieces of documents as rows, with what finds them: the stems of their words, and their vectors.
import { and, count, eq, sql } from 'drizzle-orm';
import type { Queries } from '#db/client.ts';
import { ragChunks, ragDocuments, ragIndexes, ragPostings, ragVectors } from '#db/schema/knowledge.ts';
import type { OneOrganization } from '#shared/appliance-scope.ts';
import { newId } from '#shared/id.ts';
import { invariant } from '#shared/invariant.ts';
import { stemmerOf, textLanguage, unaccentedForms } from '#shared/text-language.ts';
import { embeddedText } from './embedded-text.ts';

/** A piece of a document. */
export type NewChunk = {
  readonly text: string;
  /** Headings that it stands under, outermost first. */
  readonly headings: readonly string[];
  /** Place in the document, from 0. */
  readonly ordinal: number;
};

/** Pieces with their vectors, at most `MAX_BATCH_CHUNKS`: `vectors[i]` belongs to `chunks[i]`. */
export type ChunkBatch = {
  readonly chunks: readonly NewChunk[];
  readonly vectors: readonly Float32Array[];
  /** Which embedding made the vectors. */
  readonly kind: string;
};

export type ChunkStorage =
  | { readonly kind: 'stored' }
  /** Removed meanwhile, or another process has it: whoever works on it stops. */
  | { readonly kind: 'document_gone' }
  | { readonly kind: 'too_many_chunks'; readonly limit: number };

/** Pieces of one agent. An exact search reads every vector: 5 ms of a core for 5,000, 20 for so many; more would need an approximate index. */
export const MAX_AGENT_CHUNKS = 20_000;
/** Pieces stored in one transaction. */
export const MAX_BATCH_CHUNKS = 500;

/** A document whose row is locked. */
type LockedDocument = {
  readonly scope: OneOrganization;
  readonly documentId: string;
  readonly agentId: string;
  readonly number: number;
  readonly category: string | null;
};

export async function insertChunks(queries: Queries, document: LockedDocument, batch: ChunkBatch): Promise<ChunkStorage> {
  const { scope, documentId, agentId, number, category } = document;
  const orgId = scope.organizationId;
  const { chunks, vectors, kind } = batch;
  invariant(chunks.length === vectors.length, `${chunks.length} pieces came with ${vectors.length} vectors`);
  invariant(chunks.length <= MAX_BATCH_CHUNKS, `${chunks.length} pieces are more than ${MAX_BATCH_CHUNKS}`);
  if (chunks.length === 0) return { kind: 'stored' };
  const ofAgent = and(eq(ragChunks.orgId, orgId), eq(ragChunks.agentId, agentId));
  const [{ held } = { held: 0 }] = await queries.select({ held: count() }).from(ragChunks).where(ofAgent);
  if (held + chunks.length > MAX_AGENT_CHUNKS) return { kind: 'too_many_chunks', limit: MAX_AGENT_CHUNKS };
  const rows = chunks.map(({ text, headings, ordinal }, index) => ({
    chunk: { orgId, agentId, documentId, id: newId('chunk'), ordinal, category, headings: [...headings], text },
    embedding: vectors[index] as Float32Array,
  }));
  await queries.insert(ragChunks).values(rows.map(({ chunk }) => chunk));
  await queries
    .insert(ragVectors)
    .values(rows.map(({ chunk, embedding }) => ({ orgId, agentId, kind, chunkId: chunk.id, category, embedding })));
  await insertPostings(queries, { orgId, documentNumber: number, chunks });
  // The first vectors of an agent decide by which kind it answers.
  await queries.insert(ragIndexes).values({ orgId, agentId, kind }).onConflictDoNothing();
  await queries
    .update(ragDocuments)
    .set({ storedCount: sql`${ragDocuments.storedCount} + ${chunks.length}`, updatedAt: sql`now()` })
    .where(and(eq(ragDocuments.orgId, orgId), eq(ragDocuments.id, documentId)));
  return { kind: 'stored' };
}

/** Removes what was stored of a document; the vectors go with the pieces. */
export async function removeChunks(
  queries: Queries,
  { scope, documentId, number }: { scope: OneOrganization; documentId: string; number: number },
): Promise<void> {
  const orgId = scope.organizationId;
  await queries.delete(ragChunks).where(and(eq(ragChunks.orgId, orgId), eq(ragChunks.documentId, documentId)));
  await queries.delete(ragPostings).where(and(eq(ragPostings.orgId, orgId), eq(ragPostings.documentNumber, number)));
}

type Posting = { readonly orgId: string; readonly documentNumber: number; readonly chunks: readonly NewChunk[] };

/**
 * Stems in each piece's own language. Accented words are there a second time without: callers' words often come so, and PostgreSQL stems
 * "habitacion" otherwise than "habitación".
 */
async function insertPostings(queries: Queries, { orgId, documentNumber, chunks }: Posting): Promise<void> {
  const firstOrdinal = Math.min(...chunks.map(({ ordinal }) => ordinal));
  const pieces = chunks.map((chunk) => {
    const { ordinal } = chunk;
    const words = embeddedText(chunk);
    return { ordinal, config: stemmerOf(textLanguage(words)), words: `${words}\n${unaccentedForms(words)}` };
  });
  // One parameter for all pieces: it is the same statement for any number of them.
  await queries.execute(sql`
    insert into ${ragPostings} (org_id, document_number, stem, first_ordinal, ordinals)
    select ${orgId}, ${documentNumber}::integer, stem, ${firstOrdinal}::integer, array_agg(piece.ordinal order by piece.ordinal)
    from json_to_recordset(${JSON.stringify(pieces)}::json) as piece (ordinal integer, config regconfig, words text),
      unnest(tsvector_to_array(to_tsvector(piece.config, piece.words))) as stem
    group by stem`);
}
