/** How fast and how well an agent finds what it knows: the product's search on a server that holds the documents of many organizations. */
import { createHashedNgramEmbedding } from '@centralita/control-plane/adapters/embedding/hashed-ngram.ts';
import { createKnowledgeSearch } from '@centralita/control-plane/features/knowledge/knowledge-search-store.ts';
import { silentLog } from '@centralita/control-plane/shared/log.ts';
import { runBench } from './harness.ts';
import { percentile } from './percentile.ts';
import { openExactSearch } from './rag-exact.ts';
import { CATEGORIES, DOCUMENT_PIECES, openRagWorld } from './rag-world.ts';
import type { KnowingOrganization } from './rag-world.ts';

/** Passages of an answer. */
const LIMIT = 5;
/** Questions before it counts: connections, statements and pages in memory, as on a box that is at work. */
const WARM_UP = 100;
/** Organizations, Spanish and English, whose answers are held against the exact search. */
const JUDGED_ORGANIZATIONS = 2;

const embedding = createHashedNgramEmbedding();

type Asked = { readonly text: string; readonly category: string | null };

/** A question about a piece; every other one names the category of that piece's document. */
function askAbout({ pieces, corpus }: KnowingOrganization, random: () => number, isFiltered: boolean): Asked {
  const place = Math.floor(random() * pieces.length);
  const piece = pieces[place];
  if (!piece) throw new Error('an organization knows nothing');
  const category = CATEGORIES[Math.floor(place / DOCUMENT_PIECES) % CATEGORIES.length] ?? null;
  return { text: corpus.question(piece), category: isFiltered ? category : null };
}

await runBench({
  name: 'rag',
  defaults: { organizations: 20, chunks: 5_000, questions: 1_000, judged: 100 },
  reaches: { hybrid_p95_ms: '<= 15', recall_at_5: '>= 0.95' },
  standIns: [
    'documents are made up of words as frequent as in real texts; vectors are hashed n-grams, 384 numbers, because there are no model weights here',
  ],
  async run({ options, random, log, signal }) {
    const { organizations: count, chunks: chunksEach, questions, judged } = options;
    await using world = await openRagWorld({ organizations: count, chunksEach, random, log, signal });
    const knowledge = createKnowledgeSearch({ database: world.database, embeddings: [embedding], log: silentLog });
    const search = ({ scope, agentId }: KnowingOrganization, { text, category }: Asked) =>
      knowledge.search({ scope, agentId, text, limit: LIMIT, ...(category ? { categories: [category] } : {}) }, { signal });

    // All 5,000 pieces of the agent are searched: a category would leave an eighth of them.
    const millis: number[] = [];
    for (let asked = -WARM_UP; asked < questions; asked++) {
      const owner = world.organizations[Math.floor(random() * count)] as KnowingOrganization;
      const question = askAbout(owner, random, false);
      const startedAt = performance.now();
      const passages = await search(owner, question);
      if (asked >= 0) millis.push(performance.now() - startedAt);
      if (passages.length !== LIMIT) throw new Error(`a question got ${passages.length} passages`);
    }
    for (const percent of [50, 90, 95, 99]) log(`p${percent} ${percentile(millis, percent).toFixed(2)} ms`);

    let [found, expected] = [0, 0];
    for (const owner of world.organizations.slice(0, JUDGED_ORGANIZATIONS)) {
      const { organizationId } = owner.scope;
      await using exact = await openExactSearch(world.url, { organizationId, embedding });
      for (let asked = 0; asked < judged; asked++) {
        const question = askAbout(owner, random, asked % 2 === 0);
        const best = await exact.search(question.text, { category: question.category, limit: LIMIT, signal });
        const ids = new Set((await search(owner, question)).map(({ chunkId }) => chunkId));
        expected += best.length;
        found += best.filter((id) => ids.has(id)).length;
      }
      log(`recall so far ${(found / expected).toFixed(3)} of ${expected} passages`);
    }
    return { n: questions, figures: { hybrid_p95_ms: percentile(millis, 95), recall_at_5: found / expected } };
  },
});
