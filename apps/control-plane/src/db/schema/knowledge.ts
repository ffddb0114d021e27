// What an agent may look up: the documents of its organization, cut into pieces that are found by words and by meaning.
import { sql } from 'drizzle-orm';
import {
  check,
  customType,
  foreignKey,
  index,
  integer,
  pgTable,
  primaryKey,
  text,
  timestamp,
  unique,
  uniqueIndex,
} from 'drizzle-orm/pg-core';
import { organizationPolicies } from './access.ts';
import { agents } from './agents.ts';

/** `queued`: waits to be read; `parsing`, `embedding`: at work; `ready`: searched; `failed`: `failure` says why. */
export const documentStates = ['queued', 'parsing', 'embedding', 'ready', 'failed'] as const;

/**
 * Vectors of any number of dimensions: each kind of embedding has its own, and two kinds are never compared. Half precision: a search reads all of
 * an agent's, and twice as many fit a page (p95 15.0 to 10.7 ms; of the first five 0.974 are found instead of 0.985: bench:rag).
 */
const vector = customType<{ data: Float32Array; driverData: string }>({
  dataType: () => 'halfvec',
  toDriver: (values) => `[${values.join(',')}]`,
  fromDriver: (text) => Float32Array.from(JSON.parse(text) as number[]),
});
const bytea = customType<{ data: Uint8Array }>({ dataType: () => 'bytea' });

/** Documents, whatever their state. */
export const ragDocuments = pgTable(
  'rag_documents',
  {
    orgId: text('org_id').notNull(),
    id: text('id').notNull(),
    /** A short name of it for the word index, which repeats it for every word. */
    number: integer('number').generatedAlwaysAsIdentity(),
    agentId: text('agent_id').notNull(),
    /** The file's name, which the agent may cite. */
    name: text('name').notNull(),
    mediaType: text('media_type').notNull(),
    sizeBytes: integer('size_bytes').notNull(),
    /** Of the file, 64 hexadecimal digits: the same file twice is one document of an agent. */
    sha256: text('sha256').notNull(),
    category: text('category'),
    state: text('state', { enum: documentStates }).notNull().default('queued'),
    /** Why it failed, for the person who uploaded it; null in every other state. */
    failure: text('failure'),
    /** Pieces that it was cut into; null before it was. */
    chunkCount: integer('chunk_count'),
    /** Pieces of them that are stored: the progress. */
    storedCount: integer('stored_count').notNull().default(0),
    /** Names the one who works on it, so that nobody else stores its pieces. */
    claim: text('claim'),
    /** Until when that one must have stored something; past or null: whoever looks takes it. */
    claimedUntil: timestamp('claimed_until', { withTimezone: true, precision: 3 }),
    createdAt: timestamp('created_at', { withTimezone: true, precision: 3 }).notNull().defaultNow(),
    updatedAt: timestamp('updated_at', { withTimezone: true, precision: 3 }).notNull().defaultNow(),
  },
  (table) => [
    primaryKey({ columns: [table.orgId, table.id] }),
    unique('rag_documents_number_unique').on(table.orgId, table.number),
    // Lists go by time within an agent; ids sort by it.
    index('rag_documents_of_agent').on(table.orgId, table.agentId, table.id),
    uniqueIndex('rag_documents_sha256_unique')
      .on(table.orgId, table.agentId, table.sha256)
      .where(sql`state <> 'failed'`),
    // What a process that starts takes up again.
    index('rag_documents_unfinished')
      .on(table.id)
      .where(sql`state in ('queued', 'parsing', 'embedding')`),
    foreignKey({ columns: [table.orgId, table.agentId], foreignColumns: [agents.orgId, agents.id] }).onDelete('cascade'),
    check('rag_documents_failure', sql`(${table.state} = 'failed') = (${table.failure} is not null)`),
    ...organizationPolicies('all'),
  ],
);

/** The files of documents that are not read yet, so that a process that ends in between loses none. Gone with the last piece. */
export const ragUploads = pgTable(
  'rag_uploads',
  {
    orgId: text('org_id').notNull(),
    documentId: text('document_id').notNull(),
    content: bytea('content').notNull(),
  },
  (table) => [
    primaryKey({ columns: [table.orgId, table.documentId] }),
    foreignKey({ columns: [table.orgId, table.documentId], foreignColumns: [ragDocuments.orgId, ragDocuments.id] }).onDelete('cascade'),
    ...organizationPolicies('all'),
  ],
);

/** The pieces. */
export const ragChunks = pgTable(
  'rag_chunks',
  {
    orgId: text('org_id').notNull(),
    agentId: text('agent_id').notNull(),
    documentId: text('document_id').notNull(),
    id: text('id').notNull(),
    /** Place in the document, from 0. */
    ordinal: integer('ordinal').notNull(),
    /** The document's. */
    category: text('category'),
    /** Outermost first. */
    headings: text('headings').array().notNull(),
    text: text('text').notNull(),
  },
  (table) => [
    primaryKey({ columns: [table.orgId, table.id] }),
    index('rag_chunks_of_agent').on(table.orgId, table.agentId),
    unique('rag_chunks_ordinal_unique').on(table.orgId, table.documentId, table.ordinal),
    foreignKey({ columns: [table.orgId, table.documentId], foreignColumns: [ragDocuments.orgId, ragDocuments.id] }).onDelete('cascade'),
    foreignKey({ columns: [table.orgId, table.agentId], foreignColumns: [agents.orgId, agents.id] }).onDelete('cascade'),
    ...organizationPolicies('all'),
  ],
);

/**
 * The word index: in which pieces of a document a stem is. It is what a GIN index would be, which row-level security shuts out: the operator of
 * text search counts as one that might tell of rows that are not one's own, equality of texts does not.
 */
export const ragPostings = pgTable(
  'rag_postings',
  {
    orgId: text('org_id').notNull(),
    documentNumber: integer('document_number').notNull(),
    /** Stem of a word, Spanish or English. */
    stem: text('stem').notNull(),
    /** Place of the first piece of the batch that was stored together. */
    firstOrdinal: integer('first_ordinal').notNull(),
    /** Places of the pieces. */
    ordinals: integer('ordinals').array().notNull(),
  },
  (table) => [
    primaryKey({ columns: [table.orgId, table.documentNumber, table.stem, table.firstOrdinal] }),
    foreignKey({ columns: [table.orgId, table.documentNumber], foreignColumns: [ragDocuments.orgId, ragDocuments.number] }).onDelete(
      'cascade',
    ),
    ...organizationPolicies('all'),
  ],
);

/** The pieces' vectors: narrow rows, because a search reads all of an agent's. A piece has several while its agent is indexed anew. */
export const ragVectors = pgTable(
  'rag_vectors',
  {
    orgId: text('org_id').notNull(),
    agentId: text('agent_id').notNull(),
    /** Which embedding made it. */
    kind: text('kind').notNull(),
    chunkId: text('chunk_id').notNull(),
    category: text('category'),
    embedding: vector('embedding').notNull(),
  },
  (table) => [
    primaryKey({ columns: [table.orgId, table.chunkId, table.kind] }),
    index('rag_vectors_of_agent').on(table.orgId, table.agentId, table.kind),
    foreignKey({ columns: [table.orgId, table.chunkId], foreignColumns: [ragChunks.orgId, ragChunks.id] }).onDelete('cascade'),
    ...organizationPolicies('all'),
  ],
);

/** Which kind of vectors answers for an agent: changed in one step, once the new kind's are complete. */
export const ragIndexes = pgTable(
  'rag_indexes',
  {
    orgId: text('org_id').notNull(),
    agentId: text('agent_id').notNull(),
    kind: text('kind').notNull(),
    changedAt: timestamp('changed_at', { withTimezone: true, precision: 3 }).notNull().defaultNow(),
  },
  (table) => [
    primaryKey({ columns: [table.orgId, table.agentId] }),
    foreignKey({ columns: [table.orgId, table.agentId], foreignColumns: [agents.orgId, agents.id] }).onDelete('cascade'),
    ...organizationPolicies('all'),
  ],
);
