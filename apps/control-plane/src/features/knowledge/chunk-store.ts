// Pieces of documents as rows: their stems, for search by words, and their vectors, for search by meaning.
import type { SQL } from 'drizzle-orm';
import { and, count, eq, sql } from 'drizzle-orm';
import type { Queries } from '#db/client.ts';
import { ragChunks, ragDocuments, ragIndexes, ragVectors } from '#db/schema/knowledge.ts';
import type { OneOrganization } from '#shared/appliance-scope.ts';
import { newId } from '#shared/id.ts';
import { invariant } from '#shared/invariant.ts';
import { textLanguage, unaccentedForms } from '#shared/text-language.ts';

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
  /** Removed meanwhile: whoever works on it stops. */
  | { readonly kind: 'document_gone' }
  | { readonly kind: 'too_many_chunks'; readonly limit: number };

/** Pieces of one agent: an exact search takes 15 ms for 10,000 of them and 30 for so many; more would need an approximate index. */
export const MAX_AGENT_CHUNKS = 20_000;
/** Pieces stored in one transaction. */
export const MAX_BATCH_CHUNKS = 500;

/** Pieces of one document for one transaction. */
type Insertion = { readonly scope: OneOrganization; readonly documentId: string; readonly batch: ChunkBatch };

export async function insertChunks(queries: Queries, { scope, documentId, batch }: Insertion): Promise<ChunkStorage> {
  const orgId = scope.organizationId;
  const { chunks, vectors, kind } = batch;
  invariant(chunks.length === vectors.length, `${chunks.length} pieces came with ${vectors.length} vectors`);
  invariant(chunks.length <= MAX_BATCH_CHUNKS, `${chunks.length} pieces are more than ${MAX_BATCH_CHUNKS}`);
  const isDocument = and(eq(ragDocuments.orgId, orgId), eq(ragDocuments.id, documentId));
  // The lock keeps the document from being removed in between, and orders the batches of one document.
  const [document] = await queries
    .select({ agentId: ragDocuments.agentId, category: ragDocuments.category })
    .from(ragDocuments)
    .where(isDocument)
    .for('no key update');
  if (!document) return { kind: 'document_gone' };
  if (chunks.length === 0) return { kind: 'stored' };
  const { agentId, category } = document;
  const ofAgent = and(eq(ragChunks.orgId, orgId), eq(ragChunks.agentId, agentId));
  const [{ held } = { held: 0 }] = await queries.select({ held: count() }).from(ragChunks).where(ofAgent);
  if (held + chunks.length > MAX_AGENT_CHUNKS) return { kind: 'too_many_chunks', limit: MAX_AGENT_CHUNKS };
  const rows = chunks.map(({ text, headings, ordinal }, index) => ({
    chunk: {
      orgId,
      agentId,
      documentId,
      id: newId('chunk'),
      ordinal,
      category,
      headings: [...headings],
      text,
      words: stems(text, headings),
    },
    embedding: vectors[index] as Float32Array,
  }));
  await queries.insert(ragChunks).values(rows.map(({ chunk }) => chunk));
  await queries
    .insert(ragVectors)
    .values(rows.map(({ chunk, embedding }) => ({ orgId, agentId, kind, chunkId: chunk.id, category, embedding })));
  // The first vectors of an agent decide by which kind it answers.
  await queries.insert(ragIndexes).values({ orgId, agentId, kind }).onConflictDoNothing();
  await queries
    .update(ragDocuments)
    .set({ storedCount: sql`${ragDocuments.storedCount} + ${chunks.length}`, updatedAt: sql`now()` })
    .where(isDocument);
  return { kind: 'stored' };
}

/** Stems in the piece's own language. Accented words are there a second time without: callers' words often come so, and PostgreSQL stems "habitacion" otherwise than "habitación". */
function stems(text: string, headings: readonly string[]): SQL<string> {
  const language = textLanguage(text) === 'en' ? sql.raw(`'english'`) : sql.raw(`'spanish'`);
  const heading = headings.join('\n');
  const folded = unaccentedForms(`${heading}\n${text}`);
  return sql`setweight(to_tsvector(${language}, ${heading}), 'A') || to_tsvector(${language}, ${text}) || to_tsvector(${language}, ${folded})`;
}
