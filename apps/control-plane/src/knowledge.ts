// What agents know, composed: documents, how they are read and indexed, and the search that calls, chats and the API share.
import type { Database } from '#db/client.ts';
import type { AuditTrail } from '#features/access/audit-store.ts';
import { openIngestWorker } from '#features/knowledge/ingest-worker.ts';
import type { Embeddings } from '#features/knowledge/knowledge-search-store.ts';
import { createKnowledgeSearch } from '#features/knowledge/knowledge-search-store.ts';
import { createKnowledgeStore } from '#features/knowledge/knowledge-store.ts';
import { createDocumentReader } from '#features/knowledge/parsing/document-reader.ts';
import { createReadingQueue } from '#features/knowledge/reading-queue.ts';
import { createReindexStore } from '#features/knowledge/reindex-store.ts';
import { openReindexer } from '#features/knowledge/reindexer.ts';
import { mintApplianceScope } from '#shared/appliance-scope.ts';
import type { Log } from '#shared/log.ts';

export type KnowledgeParts = {
  readonly database: Database;
  readonly audit: AuditTrail;
  readonly embeddings: Embeddings;
  readonly log: Log;
};

/** Disposing it ends the indexing; a document that is not whole by then is taken up at the next start. */
export function openKnowledge({ database, audit, embeddings, log }: KnowledgeParts) {
  const knowledge = createKnowledgeStore({ database, audit });
  const reader = createDocumentReader();
  const reading = createReadingQueue({ reader });
  void reader
    .isIsolated()
    .then((isIsolated) => log.info({ network: isIsolated ? 'none' : 'shared' }, 'documents are read in processes of their own'));
  const [embedding] = embeddings;
  const ingest = openIngestWorker({ knowledge, embedding, reading, scope: mintApplianceScope(), log });
  const reindexer = openReindexer({ store: createReindexStore(database), embeddings, scope: mintApplianceScope(), log });
  return {
    knowledge,
    knowledgeSearch: createKnowledgeSearch({ database, embeddings, log }),
    reading,
    ingest,
    [Symbol.asyncDispose]: async () => void (await Promise.all([ingest[Symbol.asyncDispose](), reindexer[Symbol.asyncDispose]()])),
  };
}
