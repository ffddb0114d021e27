// What an agent knows: documents uploaded, followed, removed, and tried with a question.
import { createRoutes } from '#http/app.ts';
import { fromCursor } from '#http/page.ts';
import { notFound } from '#http/problem.ts';
import type { Guards } from '#http/route.ts';
import type { KnowledgeSearch } from '#ports/knowledge-search.ts';
import { isId } from '#shared/id.ts';
import { documentBody, documentPageBody, documentPositionSchema, passagesBody } from './document-schemas.ts';
import { receiveDocument } from './document-upload.ts';
import type { IngestWorker } from './ingest-worker.ts';
import { declareKnowledgeRoutes } from './knowledge-route-declarations.ts';
import type { KnowledgeStore } from './knowledge-store.ts';
import type { ReadingQueue } from './reading-queue.ts';
import { createUploadSlots } from './upload-slots.ts';

/** What the routes work with. */
export type KnowledgeRouteParts = {
  readonly knowledge: KnowledgeStore;
  readonly knowledgeSearch: KnowledgeSearch;
  readonly reading: ReadingQueue;
  readonly ingest: Pick<IngestWorker, 'submit'>;
  readonly guards: Guards;
};

export function createKnowledgeRoutes({ knowledge, knowledgeSearch, reading, ingest, guards }: KnowledgeRouteParts) {
  const routes = declareKnowledgeRoutes(guards);
  const upload = { knowledge, reading, ingest, slots: createUploadSlots() };
  return createRoutes()
    .openapi(routes.upload, async (context) => {
      const by = { scope: context.get('scope'), actor: context.get('actor') };
      const { document, isNew } = await receiveDocument(upload, by, { agentId: knownAgent(context.req.valid('param').agentId), context });
      return isNew ? context.json(documentBody(document), 202) : context.json(documentBody(document), 200);
    })
    .openapi(routes.list, async (context) => {
      const { limit, cursor } = context.req.valid('query');
      const after = fromCursor(documentPositionSchema, cursor)?.documentId ?? null;
      const agentId = knownAgent(context.req.valid('param').agentId);
      const rows = await knowledge.list(context.get('scope'), agentId, { limit: limit + 1, after });
      if (!rows) throw notFound('agent');
      return context.json(documentPageBody(rows, limit), 200);
    })
    .openapi(routes.get, async (context) => {
      const { agentId, documentId } = context.req.valid('param');
      const document = await knowledge.find(context.get('scope'), agentId, known(documentId));
      if (!document) throw notFound('document');
      return context.json(documentBody(document), 200);
    })
    .openapi(routes.remove, async (context) => {
      const { agentId, documentId } = context.req.valid('param');
      const by = { scope: context.get('scope'), actor: context.get('actor') };
      if (!(await knowledge.remove(by, agentId, known(documentId)))) throw notFound('document');
      return context.body(null, 204);
    })
    .openapi(routes.search, async (context) => {
      const scope = context.get('scope');
      const agentId = knownAgent(context.req.valid('param').agentId);
      const { question: text, categories, limit } = context.req.valid('json');
      if ((await knowledge.list(scope, agentId, { limit: 1, after: null })) === null) throw notFound('agent');
      const question = { scope, agentId, text, limit, ...(categories === undefined ? {} : { categories }) };
      return context.json(passagesBody(await knowledgeSearch.search(question, { signal: context.req.raw.signal })), 200);
    });
}

/** The id of an agent that may exist. */
function knownAgent(agentId: string): string {
  if (!isId('agent', agentId)) throw notFound('agent');
  return agentId;
}

/** The id of a document that may exist. What has no agent's id has no documents either. */
function known(documentId: string): string {
  if (!isId('document', documentId)) throw notFound('document');
  return documentId;
}
