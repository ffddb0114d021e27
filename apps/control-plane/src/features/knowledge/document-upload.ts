// An upload from its first byte to its row: what cannot be read is refused here and now, while whoever sent it still listens.
import type { Context } from 'hono';
import { notFound, ProblemError, unprocessable } from '#http/problem.ts';
import type { DocumentSummary, KnowledgeEditor, KnowledgeStore } from './knowledge-store.ts';
import type { IngestWorker } from './ingest-worker.ts';
import { mediaTypes, recognizeFormat } from './parsing/document-format.ts';
import type { Chunk } from './parsing/chunker.ts';
import type { ReadingQueue } from './reading-queue.ts';
import type { UploadForm } from './upload-form.ts';
import { readUploadForm } from './upload-form.ts';
import type { UploadSlots } from './upload-slots.ts';

export type DocumentUploadParts = {
  readonly knowledge: KnowledgeStore;
  readonly reading: ReadingQueue;
  readonly ingest: Pick<IngestWorker, 'submit'>;
  readonly slots: UploadSlots;
};

/** `isNew`: false when the agent has this file already. */
export type UploadedDocument = { readonly document: DocumentSummary; readonly isNew: boolean };

const RETRY_AFTER_S = '5';

/** Reads the request's form, reads the document in it, and adds it. Throws a problem for everything that is refused. */
export async function receiveDocument(parts: DocumentUploadParts, by: KnowledgeEditor, request: { agentId: string; context: Context }) {
  const { knowledge, slots } = parts;
  const { agentId, context } = request;
  if ((await knowledge.list(by.scope, agentId, { limit: 1, after: null })) === null) throw notFound('agent');
  const place = slots.take(by.scope.organizationId);
  if (place.kind === 'full') throw tooManyUploads(place.whose);
  using _held = place.slot;
  const form = await readUploadForm(context);
  const { chunks, mediaType } = await readDocument(parts, form, context.req.raw.signal);
  const { name, sha256, category, bytes: content } = form;
  const addition = await knowledge.addDocument(by, { agentId, name, mediaType, sha256, category, content });
  switch (addition.kind) {
    case 'agent_not_found':
      throw notFound('agent');
    case 'too_many_documents':
      throw unprocessable('file', `the agent has ${addition.limit} documents, which is the limit`);
    case 'duplicate':
      return { document: addition.document, isNew: false } satisfies UploadedDocument;
    case 'added':
      parts.ingest.submit({ scope: by.scope, documentId: addition.document.documentId, claim: addition.claim, chunks });
      return { document: addition.document, isNew: true } satisfies UploadedDocument;
  }
}

async function readDocument(
  { reading }: DocumentUploadParts,
  { name, bytes }: UploadForm,
  signal: AbortSignal,
): Promise<{ chunks: readonly Chunk[]; mediaType: string }> {
  const recognized = recognizeFormat(name, bytes);
  if (recognized.kind === 'refused') throw unprocessable('file', recognized.reason);
  const outcome = await reading.read({ format: recognized.format, bytes }, { signal });
  switch (outcome.kind) {
    case 'read':
      return { chunks: outcome.chunks, mediaType: mediaTypes[recognized.format] };
    case 'refused':
      throw unprocessable('file', outcome.reason);
    case 'busy':
      throw new ProblemError('unavailable', 'the appliance is busy with other work', { headers: { 'retry-after': RETRY_AFTER_S } });
  }
}

function tooManyUploads(whose: 'own' | 'all'): ProblemError {
  const headers = { 'retry-after': RETRY_AFTER_S };
  if (whose === 'all') return new ProblemError('unavailable', 'the appliance has as many uploads under way as it takes', { headers });
  return new ProblemError('rate_limited', 'the organization has as many uploads under way as it may', { headers });
}
