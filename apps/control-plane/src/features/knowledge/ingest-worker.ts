// Gives the chunks of documents their vectors and stores them, one document at a time, off the path of requests. What a dead process left is taken up.
import { setTimeout as sleep } from 'node:timers/promises';
import type { TextEmbedding } from '#ports/text-embedding.ts';
import type { ApplianceScope } from '#shared/appliance-scope.ts';
import { onOrganization } from '#shared/appliance-scope.ts';
import { BoundedQueue } from '#shared/bounded-queue.ts';
import type { Log } from '#shared/log.ts';
import { loggableError } from '#shared/loggable-error.ts';
import { within } from '#shared/waiting.ts';
import { embeddedText } from './embedded-text.ts';
import type { HeldDocument, KnowledgeStore } from './knowledge-store.ts';
import type { Chunk } from './parsing/chunker.ts';
import { formatOfMediaType } from './parsing/document-format.ts';
import type { ReadingQueue } from './reading-queue.ts';

/** A document that has been read, and that this process holds. */
export type ReadDocument = HeldDocument & { readonly chunks: readonly Chunk[] };

export type IngestWorker = AsyncDisposable & {
  /** Takes a document. When too many wait it is dropped here, and read again from the database once nobody holds it any more. */
  submit(document: ReadDocument): void;
};

export type IngestWorkerParts = {
  readonly knowledge: Pick<KnowledgeStore, 'setState' | 'storeChunks' | 'readContent' | 'takeUnfinished'>;
  readonly embedding: TextEmbedding;
  readonly reading: ReadingQueue;
  readonly scope: ApplianceScope;
  readonly log: Log;
  /** Between looks for documents that nobody works on. Default 30,000. */
  readonly lookEveryMs?: number;
};

/** Documents whose chunks wait in memory: 8 of 20,000 chunks of 800 characters are 250 MB, and nearly all are a hundredth of that. */
const MAX_WAITING = 8;
/** Chunks that get vectors and are stored together: some 3 ms of this thread, for which requests wait. */
const BATCH_CHUNKS = 8;
/** After each batch as long as it took, at most this: requests and calls have half of the time for themselves. */
const MAX_PAUSE_MS = 50;
/** Times that a document is tried before it has failed. */
const MAX_TRIES = 3;
const LOOK_EVERY_MS = 30_000;

export function openIngestWorker({ lookEveryMs = LOOK_EVERY_MS, ...parts }: IngestWorkerParts): IngestWorker {
  const { knowledge, scope, log } = parts;
  const stopping = new AbortController();
  const { signal } = stopping;
  const waiting = new BoundedQueue<ReadDocument>({ max: MAX_WAITING });
  const attempt = createAttempts({ knowledge, log, signal });
  let woken = Promise.withResolvers<void>();

  const index = (document: ReadDocument) => attempt(document, () => storeDocument(parts, document, signal));

  /**
   * Documents of a process that ended, of a queue that was full, and those to be tried again: what failed or found the readers busy is held until its
   * claim ends, which is the pause before it is tried again, by whichever process looks first.
   */
  async function look(): Promise<void> {
    while (!signal.aborted && waiting.length === 0) {
      const taken = await knowledge.takeUnfinished(scope);
      if (!taken) return;
      const { documentId, claim, mediaType } = taken;
      const held = { scope: onOrganization(scope, taken.organizationId), documentId, claim };
      await attempt(held, async () => {
        const chunks = await readAgain(parts, { ...held, mediaType }, signal);
        if (chunks) await storeDocument(parts, { ...held, chunks }, signal);
      });
    }
  }

  async function work(): Promise<void> {
    while (!signal.aborted) {
      woken = Promise.withResolvers();
      for (let next = waiting.drain(1)[0]; next && !signal.aborted; next = waiting.drain(1)[0]) await index(next);
      await look().catch((error: unknown) => {
        if (!signal.aborted) log.warn({ error: loggableError(error) }, 'documents cannot be looked for; the next look tries again');
      });
      if (waiting.length === 0) await within(woken.promise, lookEveryMs);
    }
  }

  signal.addEventListener('abort', () => woken.resolve());
  const working = work();
  return {
    submit(document) {
      if (waiting.push(document) !== 'full') woken.resolve();
    },
    async [Symbol.asyncDispose]() {
      stopping.abort(new Error('the process stops'));
      await working;
    },
  };
}

/** Work on a document that may fail a few times before the document has. Never throws. */
function createAttempts({ knowledge, log, signal }: Pick<IngestWorkerParts, 'knowledge' | 'log'> & { readonly signal: AbortSignal }) {
  const tries = new Map<string, number>();
  return async (held: HeldDocument, work: () => Promise<void>): Promise<void> => {
    const { documentId } = held;
    try {
      await work();
      tries.delete(documentId);
    } catch (error) {
      if (signal.aborted) return;
      const tried = (tries.get(documentId) ?? 0) + 1;
      log.warn({ documentId, tried, error: loggableError(error) }, 'a document could not be indexed');
      if (tried < MAX_TRIES) return void tries.set(documentId, tried);
      tries.delete(documentId);
      const failure = `it could not be indexed in ${MAX_TRIES} tries; the log says why`;
      // The database may be what is broken: then a later look finds it again.
      await knowledge.setState(held, { kind: 'failed', failure }).catch(() => {});
    }
  };
}

/** Null when it is stored or removed meanwhile, when others are read just now, and when it turned out that it cannot be read. */
async function readAgain(
  { knowledge, reading }: IngestWorkerParts,
  { mediaType, ...held }: HeldDocument & { readonly mediaType: string },
  signal: AbortSignal,
): Promise<readonly Chunk[] | null> {
  const format = formatOfMediaType(mediaType);
  const bytes = await knowledge.readContent(held.scope, held.documentId);
  if (bytes === null || format === null || !(await knowledge.setState(held, { kind: 'parsing' }))) return null;
  const outcome = await reading.read({ format, bytes }, { signal });
  if (outcome.kind === 'refused') await knowledge.setState(held, { kind: 'failed', failure: outcome.reason });
  return outcome.kind === 'read' ? outcome.chunks : null;
}

async function storeDocument({ knowledge, embedding }: IngestWorkerParts, document: ReadDocument, signal: AbortSignal): Promise<void> {
  const { chunks, ...held } = document;
  if (!(await knowledge.setState(held, { kind: 'embedding', chunkCount: chunks.length }))) return;
  for (let from = 0; from < chunks.length; from += BATCH_CHUNKS) {
    const startedAtMs = performance.now();
    const batch = chunks.slice(from, from + BATCH_CHUNKS).map(({ headings, text }, index) => ({ headings, text, ordinal: from + index }));
    const texts = batch.map(embeddedText);
    const vectors = await embedding.embed(texts, { purpose: 'passage', signal });
    const stored = await knowledge.storeChunks(held, { chunks: batch, vectors, kind: embedding.kind });
    if (stored.kind === 'document_gone') return;
    if (stored.kind === 'too_many_chunks') {
      const failure = `with it the agent would have more than ${stored.limit} pieces; remove documents that it does not need`;
      return void (await knowledge.setState(held, { kind: 'failed', failure }));
    }
    await sleep(Math.min(MAX_PAUSE_MS, performance.now() - startedAtMs), undefined, { signal });
  }
  await knowledge.setState(held, { kind: 'ready' });
}
