// How documents look on the wire.
import { z } from '@hono/zod-openapi';
import { documentStates } from '#db/schema/knowledge.ts';
import { toPage } from '#http/page.ts';
import type { Passage } from '#ports/knowledge-search.ts';
import type { DocumentSummary } from './knowledge-store.ts';

/** Largest file of a document. */
export const MAX_DOCUMENT_BYTES = 26_214_400;
export const MAX_CATEGORY_CHARACTERS = 64;
const MAX_QUESTION_CHARACTERS = 1_000;
const MAX_CATEGORIES = 20;
const MAX_PASSAGES = 20;
const DEFAULT_PASSAGES = 5;

export const knowledgeParams = z.object({ agentId: z.string().max(100) });
export const documentParams = z.object({ agentId: z.string().max(100), documentId: z.string().max(100) });
export const documentPositionSchema = z.strictObject({ documentId: z.string().max(100) });

export const documentSchema = z
  .object({
    documentId: z.string(),
    agentId: z.string(),
    name: z.string(),
    mediaType: z.string(),
    sizeBytes: z.int(),
    sha256: z.string(),
    category: z.string().nullable(),
    state: z.enum(documentStates).openapi({ description: 'Searched when ready; embedding: the part that is stored is searched already' }),
    failure: z.string().nullable().openapi({ description: 'Why it failed' }),
    chunkCount: z.int().nullable().openapi({ description: 'Pieces that it was cut into' }),
    storedCount: z.int().openapi({ description: 'Pieces of them that are searched' }),
    progress: z.number().min(0).max(1).openapi({ description: '1 when every piece is searched' }),
    createdAt: z.iso.datetime(),
    updatedAt: z.iso.datetime(),
  })
  .openapi('Document');
export const documentPageSchema = z
  .object({ documents: z.array(documentSchema), nextCursor: z.string().nullable() })
  .openapi('DocumentPage');

/** A multipart form as OpenAPI says it. No zod schema: a validator would hold the whole form in memory before the route is asked. */
export const uploadFormContent = {
  'multipart/form-data': {
    schema: {
      type: 'object' as const,
      required: ['file'],
      properties: {
        file: {
          type: 'string' as const,
          format: 'binary',
          description: `PDF, DOCX, TXT, MD, HTML or CSV, at most ${MAX_DOCUMENT_BYTES} bytes; the name of the file must say which`,
        },
        category: { type: 'string' as const, maxLength: MAX_CATEGORY_CHARACTERS, description: 'By which searches may be narrowed' },
      },
    },
  },
};

const category = z.string().trim().min(1).max(MAX_CATEGORY_CHARACTERS);
export const searchBodySchema = z
  .strictObject({
    question: z.string().trim().min(1).max(MAX_QUESTION_CHARACTERS).openapi({ example: '¿Cuánto cuesta un masaje?' }),
    categories: z.array(category).min(1).max(MAX_CATEGORIES).optional().openapi({ description: 'Only these; all when absent' }),
    limit: z.int().min(1).max(MAX_PASSAGES).default(DEFAULT_PASSAGES),
  })
  .openapi('KnowledgeQuestion');
export const passagesSchema = z
  .object({
    passages: z.array(
      z.object({
        chunkId: z.string(),
        text: z.string(),
        source: z.string().openapi({ description: "The document's name" }),
        headings: z.array(z.string()),
        category: z.string().nullable(),
        score: z.number().openapi({ description: 'Comparable within one answer only' }),
      }),
    ),
  })
  .openapi('Passages');

export function documentBody(document: DocumentSummary): z.infer<typeof documentSchema> {
  const { organizationId: _own, createdAt, updatedAt, ...rest } = document;
  return { ...rest, progress: progressOf(document), createdAt: createdAt.toISOString(), updatedAt: updatedAt.toISOString() };
}

export function documentPageBody(rows: readonly DocumentSummary[], limit: number): z.infer<typeof documentPageSchema> {
  const { page, nextCursor } = toPage(rows, limit, ({ documentId }) => ({ documentId }));
  return { documents: page.map(documentBody), nextCursor };
}

export function passagesBody(passages: readonly Passage[]): z.infer<typeof passagesSchema> {
  return { passages: passages.map((passage) => ({ ...passage, headings: [...passage.headings] })) };
}

function progressOf({ state, chunkCount, storedCount }: DocumentSummary): number {
  if (state === 'ready') return 1;
  return chunkCount === null || chunkCount === 0 ? 0 : Math.min(1, storedCount / chunkCount);
}
