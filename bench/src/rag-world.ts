/** A database server that holds the knowledge of many organizations, put there by the product's own stores. */
import { createHashedNgramEmbedding } from '@centralita/control-plane/adapters/embedding/hashed-ngram.ts';
import type { Database } from '@centralita/control-plane/db/client.ts';
import { agents } from '@centralita/control-plane/db/schema/agents.ts';
import { organizations } from '@centralita/control-plane/db/schema/organizations.ts';
import { createAuditTrail } from '@centralita/control-plane/features/access/audit-store.ts';
import { embeddedText } from '@centralita/control-plane/features/knowledge/embedded-text.ts';
import { createKnowledgeStore } from '@centralita/control-plane/features/knowledge/knowledge-store.ts';
import type { Actor } from '@centralita/control-plane/shared/actor.ts';
import { mintApplianceScope } from '@centralita/control-plane/shared/appliance-scope.ts';
import { systemClock } from '@centralita/control-plane/shared/clock.ts';
import { newId } from '@centralita/control-plane/shared/id.ts';
import { mintOrgScope } from '@centralita/control-plane/shared/org-scope.ts';
import type { OrgScope } from '@centralita/control-plane/shared/org-scope.ts';
import { openSecretKeys } from '@centralita/control-plane/shared/secret-keys.ts';
import { openBenchDatabase } from './bench-database.ts';
import { createCorpus } from './rag-corpus.ts';
import type { Corpus, CorpusPiece } from './rag-corpus.ts';

/** One organization with one agent that knows everything. */
export type KnowingOrganization = {
  readonly scope: OrgScope;
  readonly agentId: string;
  readonly corpus: Corpus;
  readonly pieces: readonly CorpusPiece[];
};

export type RagWorld = AsyncDisposable & {
  /** As the application's role: row-level security holds. */
  readonly database: Database;
  readonly url: string;
  readonly organizations: readonly KnowingOrganization[];
};

export const CATEGORIES = ['prices', 'hours', 'services', 'policies', 'staff', 'places', 'offers', 'history'] as const;

export type RagWorldOptions = {
  readonly organizations: number;
  readonly chunksEach: number;
  readonly random: () => number;
  readonly log: (message: string) => void;
  readonly signal: AbortSignal;
};

/** Pieces of a document; a handbook's chapter. */
export const DOCUMENT_PIECES = 50;
const loader: Actor = { kind: 'job', name: 'bench', address: null, requestId: null };

/** Starts a server, migrates it, and loads. Documents of all organizations come in turn, as on a box that many fill at once. */
export async function openRagWorld(options: RagWorldOptions): Promise<RagWorld> {
  await using opened = new AsyncDisposableStack();
  const { database, url } = opened.use(await openBenchDatabase());
  const owners: KnowingOrganization[] = [];
  for (let index = 0; index < options.organizations; index++) owners.push(await addOrganization(database, index, options));
  await fill(database, owners, options);
  const running = opened.move();
  return { database, url, organizations: owners, [Symbol.asyncDispose]: () => running.disposeAsync() };
}

async function addOrganization(database: Database, index: number, { chunksEach, random }: RagWorldOptions): Promise<KnowingOrganization> {
  const scope = mintOrgScope(newId('organization'));
  const agentId = newId('agent');
  await database.inAppliance(mintApplianceScope(), async (queries) => {
    await queries.insert(organizations).values({ id: scope.organizationId, name: `Organization ${index}`, slug: `organization-${index}` });
    await queries
      .insert(agents)
      .values({ orgId: scope.organizationId, id: agentId, name: 'Agent', language: 'es', voice: '', profile: {} });
  });
  const corpus = createCorpus(index % 2 === 0 ? 'es' : 'en', random);
  const pieces = Array.from({ length: chunksEach }, (_, place) => corpus.piece(Math.floor(place / DOCUMENT_PIECES)));
  return { scope, agentId, corpus, pieces };
}

async function fill(
  database: Database,
  owners: readonly KnowingOrganization[],
  { chunksEach, log, signal }: RagWorldOptions,
): Promise<void> {
  const audit = createAuditTrail({ keys: openSecretKeys({ 1: 'be'.repeat(32) }), clock: systemClock });
  const store = createKnowledgeStore({ database, audit });
  const embedding = createHashedNgramEmbedding();
  for (let at = 0; at < chunksEach; at += DOCUMENT_PIECES) {
    for (const { scope, agentId, pieces } of owners) {
      signal.throwIfAborted();
      const number = at / DOCUMENT_PIECES;
      const category = CATEGORIES[number % CATEGORIES.length] as string;
      const file = { agentId, name: `chapter-${number}.md`, mediaType: 'text/markdown', sha256: `${number}`.padStart(64, '0'), category };
      const added = await store.addDocument({ scope, actor: loader }, { ...file, content: Buffer.from(`${number}`) });
      if (added.kind !== 'added') throw new Error(`a document was not added: ${added.kind}`);
      const held = { scope, documentId: added.document.documentId, claim: added.claim };
      const chunks = pieces.slice(at, at + DOCUMENT_PIECES).map(({ text, headings }, ordinal) => ({ text, headings, ordinal }));
      const vectors = await embedding.embed(chunks.map(embeddedText), { purpose: 'passage', signal });
      const stored = await store.storeChunks(held, { chunks, vectors, kind: embedding.kind });
      if (stored.kind !== 'stored') throw new Error(`pieces were not stored: ${stored.kind}`);
      await store.setState(held, { kind: 'ready' });
    }
    if (at % 1_000 === 0) log(`${at} of ${chunksEach} pieces of each organization are stored`);
  }
}
