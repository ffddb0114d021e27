import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { TestDatabase } from '#db/test-database.ts';
import { testDatabases } from '#db/test-database.ts';
import type { TextEmbedding } from '#ports/text-embedding.ts';
import { mintApplianceScope } from '#shared/appliance-scope.ts';
import { silentLog } from '#shared/log.ts';
import type { Embeddings } from './knowledge-search-store.ts';
import { createKnowledgeSearch } from './knowledge-search-store.ts';
import type { KnowledgeStore } from './knowledge-store.ts';
import { createReindexStore } from './reindex-store.ts';
import { openReindexer } from './reindexer.ts';
import type { KnowledgeOwner } from './testing/knowledge-owner.ts';
import { addReadDocument, meaningEmbedding, openKnowledgeOwner, openTestKnowledge } from './testing/knowledge-owner.ts';

const signal = new AbortController().signal;
const [first, second] = [meaningEmbedding('meanings-1'), meaningEmbedding('meanings-2')];

/** An embedding that makes vectors of passages only when it is let. */
function heldBack(embedding: TextEmbedding) {
  const { promise, resolve: release } = Promise.withResolvers<void>();
  const began = Promise.withResolvers<void>();
  const held: TextEmbedding = {
    ...embedding,
    async embed(texts, options) {
      if (options.purpose === 'passage') {
        began.resolve();
        await promise;
      }
      return embedding.embed(texts, options);
    },
  };
  return { held, release, began: began.promise };
}

describe.each(testDatabases(process.env['TEST_DATABASE_URL']))('a change of the embedding on $kind', (kind) => {
  let test: TestDatabase;
  let store: KnowledgeStore;
  beforeAll(async () => {
    test = await kind.open();
    store = openTestKnowledge(test.database);
  });
  afterAll(() => test[Symbol.asyncDispose]());

  const pieces = Array.from({ length: 70 }, (_, index) => ({
    text: index === 41 ? 'Dejar el coche es gratis.' : `Frase número ${index}.`,
  }));
  const reindexing = (embeddings: Embeddings) =>
    openReindexer({
      store: createReindexStore(test.database),
      embeddings,
      scope: mintApplianceScope(),
      log: silentLog,
      lookEveryMs: 20,
      graceMs: 0,
    });
  const best = async ({ scope, agentId }: KnowledgeOwner, embeddings: Embeddings) => {
    const search = createKnowledgeSearch({ database: test.database, embeddings, log: silentLog });
    // No word of the passage: only its meaning finds it.
    return (await search.search({ scope, agentId, text: 'parking', limit: 1 }, { signal }))[0]?.text;
  };
  const kindsOf = async ({ scope }: KnowledgeOwner) => {
    const rows = await test.asSuperuser(
      `select kind, count(*)::int as pieces from rag_vectors where org_id = '${scope.organizationId}' group by kind order by kind`,
    );
    return rows.map((row) => `${String(row['kind'])} ${String(row['pieces'])}`);
  };

  it('lets the earlier vectors answer until every piece has a new one, then the new ones alone', async () => {
    const owner = await openKnowledgeOwner(test.database);
    await addReadDocument({ store, embedding: first }, owner, { name: 'a', pieces });
    const { held, release, began } = heldBack(second);
    const embeddings: Embeddings = [held, first];
    await using _reindexer = reindexing(embeddings);
    await began;
    expect(await best(owner, embeddings)).toBe(pieces[41]?.text);
    expect(await kindsOf(owner)).toEqual(['meanings-1 70']);
    release();
    await expect.poll(() => kindsOf(owner)).toEqual(['meanings-2 70']);
    expect(await best(owner, [second])).toBe(pieces[41]?.text);
  });

  it('finds what is uploaded meanwhile, before and after the change', async () => {
    const owner = await openKnowledgeOwner(test.database);
    await addReadDocument({ store, embedding: first }, owner, { name: 'a', pieces: pieces.slice(0, 40) });
    const { held, release, began } = heldBack(second);
    const embeddings: Embeddings = [held, first];
    await addReadDocument({ store, embedding: second }, owner, { name: 'b', pieces: pieces.slice(40) });
    await using _reindexer = reindexing(embeddings);
    await began;
    expect(await kindsOf(owner)).toEqual(['meanings-1 70', 'meanings-2 30']);
    expect(await best(owner, embeddings)).toBe(pieces[41]?.text);
    release();
    await expect.poll(() => kindsOf(owner)).toEqual(['meanings-2 70']);
    expect(await best(owner, [second])).toBe(pieces[41]?.text);
  });

  it('goes on where a process ended, and leaves agents alone that have the kind already', async () => {
    const [left, done] = [await openKnowledgeOwner(test.database), await openKnowledgeOwner(test.database)];
    await addReadDocument({ store, embedding: first }, left, { name: 'a', pieces });
    await addReadDocument({ store, embedding: second }, done, { name: 'a', pieces: pieces.slice(0, 3) });
    const { held, release, began } = heldBack(second);
    const stopped = reindexing([held, first]);
    await began;
    const stopping = stopped[Symbol.asyncDispose]();
    release();
    await stopping;
    expect(await kindsOf(left)).toContain('meanings-1 70');
    await using _again = reindexing([second]);
    await expect.poll(() => kindsOf(left)).toEqual(['meanings-2 70']);
    expect(await kindsOf(done)).toEqual(['meanings-2 3']);
  });
});
