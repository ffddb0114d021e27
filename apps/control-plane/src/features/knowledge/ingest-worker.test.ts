import { expect, test, vi } from 'vitest';
import type { TextEmbedding } from '#ports/text-embedding.ts';
import { mintApplianceScope, onOrganization } from '#shared/appliance-scope.ts';
import { newId } from '#shared/id.ts';
import { silentLog } from '#shared/log.ts';
import type { IngestWorkerParts } from './ingest-worker.ts';
import { openIngestWorker } from './ingest-worker.ts';
import type { DocumentProgress, DocumentSummary } from './knowledge-store.ts';

const appliance = mintApplianceScope();
const organizationId = newId('organization');
const scope = onOrganization(appliance, organizationId);

/** A store that remembers what became of documents, and an embedding that fails as often as it is told. */
function scene({ failures = 0, unfinished = 0 } = {}) {
  const progress: DocumentProgress[] = [];
  const stored: number[] = [];
  let left = failures;
  let again = unfinished;
  let looks = 0;
  const embedding: TextEmbedding = {
    kind: 'lengths',
    dimensions: 1,
    embed: async (texts) => {
      if (left > 0) {
        left -= 1;
        throw new Error('the model is away');
      }
      return texts.map((text) => Float32Array.of(text.length));
    },
  };
  const row = { organizationId, documentId: newId('document'), mediaType: 'text/plain' } as unknown as DocumentSummary;
  const knowledge: IngestWorkerParts['knowledge'] = {
    setState: async (_held, next) => {
      progress.push(next);
      if (next.kind === 'ready' || next.kind === 'failed') again = 0;
      return true;
    },
    storeChunks: async (_held, { chunks }) => {
      stored.push(...chunks.map(({ ordinal }) => ordinal));
      return { kind: 'stored' };
    },
    readContent: async () => Buffer.from('a'),
    // Every other time none is free, as while one that failed is still held.
    takeUnfinished: async () => (again > 0 && (looks += 1) % 2 === 1 ? { ...row, organizationId, claim: `${looks}` } : null),
  };
  const reading: IngestWorkerParts['reading'] = { read: async () => ({ kind: 'read', chunks: [{ headings: [], text: 'again' }] }) };
  const parts: IngestWorkerParts = { knowledge, embedding, reading, scope: appliance, log: silentLog, lookEveryMs: 10 };
  return { parts, progress, stored };
}

test('a document that is handed over is stored whole, in order, and ready', async () => {
  const { parts, progress, stored } = scene();
  await using worker = openIngestWorker(parts);
  const chunks = Array.from({ length: 70 }, (_, index) => ({ headings: ['Tarifas'], text: `pieza ${index}` }));
  worker.submit({ scope, documentId: newId('document'), claim: 'mine', chunks });
  await vi.waitFor(() => expect(progress.at(-1)).toEqual({ kind: 'ready' }));
  expect(progress[0]).toEqual({ kind: 'embedding', chunkCount: 70 });
  expect(stored).toEqual(chunks.map((_, index) => index));
});

test('what a process left that ended is read again and stored', async () => {
  const { parts, progress, stored } = scene({ unfinished: 1 });
  await using _worker = openIngestWorker(parts);
  await vi.waitFor(() => expect(progress).toEqual([{ kind: 'parsing' }, { kind: 'embedding', chunkCount: 1 }, { kind: 'ready' }]));
  expect(stored).toEqual([0]);
});

test('a document that cannot be indexed is tried again, and has failed after three tries', async () => {
  const twice = scene({ unfinished: 1, failures: 2 });
  await using _first = openIngestWorker(twice.parts);
  await vi.waitFor(() => expect(twice.progress.at(-1)).toEqual({ kind: 'ready' }));
  const always = scene({ unfinished: 1, failures: 99 });
  await using _second = openIngestWorker(always.parts);
  await vi.waitFor(() => expect(always.progress.at(-1)?.kind).toBe('failed'));
  expect(always.progress.filter(({ kind }) => kind === 'embedding').length).toBe(3);
});

test('an agent that would have too many pieces is said so', async () => {
  const { parts, progress } = scene();
  const knowledge: IngestWorkerParts['knowledge'] = {
    ...parts.knowledge,
    storeChunks: async () => ({ kind: 'too_many_chunks', limit: 20_000 }),
  };
  await using worker = openIngestWorker({ ...parts, knowledge });
  worker.submit({ scope, documentId: newId('document'), claim: 'mine', chunks: [{ headings: [], text: 'a' }] });
  await vi.waitFor(() =>
    expect(progress.at(-1)).toMatchObject({ kind: 'failed', failure: expect.stringContaining('20000 pieces') as string }),
  );
});

test('a document that another process has taken over is left to it', async () => {
  const { parts, stored } = scene();
  const asked: DocumentProgress[] = [];
  const knowledge: IngestWorkerParts['knowledge'] = { ...parts.knowledge, setState: async (_held, next) => (asked.push(next), false) };
  await using worker = openIngestWorker({ ...parts, knowledge });
  worker.submit({ scope, documentId: newId('document'), claim: 'lost', chunks: [{ headings: [], text: 'a' }] });
  await vi.waitFor(() => expect(asked).toEqual([{ kind: 'embedding', chunkCount: 1 }]));
  expect(stored).toEqual([]);
});
