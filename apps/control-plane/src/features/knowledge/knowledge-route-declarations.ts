// What the routes of an agent's knowledge take and answer.
import { json, jsonBody } from '#http/json-content.ts';
import { pageQuerySchema } from '#http/page.ts';
import type { Guards } from '#http/route.ts';
import { orgRoute } from '#http/route.ts';
import {
  documentPageSchema,
  documentParams,
  documentSchema,
  knowledgeParams,
  MAX_DOCUMENT_BYTES,
  passagesSchema,
  searchBodySchema,
  uploadFormContent,
} from './document-schemas.ts';

/** The largest file with the form around it; 30 s to arrive, 10 s to wait, 9 s to be read. */
const UPLOAD = { maxBytes: MAX_DOCUMENT_BYTES + 65_536, limitMs: 55_000 };
/** An upload takes a processor for a second, where other requests take it for a millisecond. */
const UPLOAD_COST = 10;
const tags = ['Knowledge'];

export function declareKnowledgeRoutes(guards: Guards) {
  const read = { scope: 'agent:read' } as const;
  const write = { scope: 'agent:write' } as const;
  return {
    upload: orgRoute(
      guards,
      { ...write, cost: UPLOAD_COST, largeBody: UPLOAD },
      {
        method: 'post',
        path: '/agents/{agentId}/rag/upload',
        tags,
        summary: 'Give an agent a document to answer from',
        description:
          'What cannot be read is refused with 422 and the reason. What can is cut into pieces and searched within seconds: follow its state. The same file again gives the document that is there.',
        request: { params: knowledgeParams, body: { required: true, content: uploadFormContent } },
        responses: {
          200: json('The agent has this file already', documentSchema),
          202: json('The document, which is being indexed', documentSchema),
        },
      },
    ),
    list: orgRoute(guards, read, {
      method: 'get',
      path: '/agents/{agentId}/rag/documents',
      tags,
      summary: "An agent's documents, newest first",
      request: { params: knowledgeParams, query: pageQuerySchema },
      responses: { 200: json('A page', documentPageSchema) },
    }),
    get: orgRoute(guards, read, {
      method: 'get',
      path: '/agents/{agentId}/rag/documents/{documentId}',
      tags,
      summary: 'One document, and how far it is indexed',
      request: { params: documentParams },
      responses: { 200: json('The document', documentSchema) },
    }),
    remove: orgRoute(guards, write, {
      method: 'delete',
      path: '/agents/{agentId}/rag/documents/{documentId}',
      tags,
      summary: 'Remove a document; searches find nothing of it any more',
      request: { params: documentParams },
      responses: { 204: { description: 'It is gone' } },
    }),
    search: orgRoute(
      guards,
      { ...read, idempotent: false },
      {
        method: 'post',
        path: '/agents/{agentId}/rag/search',
        tags,
        summary: 'Try a question: what the agent finds for it',
        request: { params: knowledgeParams, body: jsonBody(searchBodySchema) },
        responses: { 200: json('Passages, best first', passagesSchema) },
      },
    ),
  };
}
