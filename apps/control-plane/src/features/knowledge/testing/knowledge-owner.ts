// What tests of knowledge share: organizations of their own with one agent, documents that are read, and an embedding that knows what words mean.
import { agents } from '#db/schema/agents.ts';
import { organizations } from '#db/schema/organizations.ts';
import type { Database } from '#db/client.ts';
import { createAuditTrail } from '#features/access/audit-store.ts';
import type { TextEmbedding } from '#ports/text-embedding.ts';
import type { Actor } from '#shared/actor.ts';
import { mintApplianceScope } from '#shared/appliance-scope.ts';
import { systemClock } from '#shared/clock.ts';
import { newId } from '#shared/id.ts';
import type { OrgScope } from '#shared/org-scope.ts';
import { mintOrgScope } from '#shared/org-scope.ts';
import { openSecretKeys } from '#shared/secret-keys.ts';
import type { KnowledgeStore, NewDocument } from '#features/knowledge/knowledge-store.ts';
import { createKnowledgeStore } from '#features/knowledge/knowledge-store.ts';

/** Whoever uploads in tests. */
export const uploader: Actor = { kind: 'token', name: 'tok_1', address: null, requestId: null };

/** An organization with one agent. */
export type KnowledgeOwner = { readonly scope: OrgScope; readonly agentId: string };
export type TestPiece = { readonly text: string; readonly headings?: readonly string[] };
export type TestFile = { readonly name: string; readonly pieces: readonly TestPiece[]; readonly category?: string | null };

/** Knows which words mean the same: one dimension for each meaning, in an order that is the kind's own. */
export function meaningEmbedding(kind: string): TextEmbedding {
  const meanings = [/aparcamiento|coche|parking|garage/i, /limpieza|dental|dientes/i, /masaje|espalda/i];
  if (kind.endsWith('2')) meanings.reverse();
  return {
    kind,
    dimensions: meanings.length + 1,
    embed: async (texts) =>
      texts.map((text) => {
        const found = meanings.map((meaning) => (meaning.test(text) ? 1 : 0));
        const length = Math.hypot(...found, 0.1);
        return Float32Array.from([...found, 0.1], (value) => value / length);
      }),
  };
}

export function openTestKnowledge(database: Database): KnowledgeStore {
  return createKnowledgeStore({ database, audit: createAuditTrail({ keys: openSecretKeys({ 1: '5e'.repeat(32) }), clock: systemClock }) });
}

export async function openKnowledgeOwner(database: Database): Promise<KnowledgeOwner> {
  const scope = mintOrgScope(newId('organization'));
  const agentId = newId('agent');
  await database.inAppliance(mintApplianceScope(), async (queries) => {
    await queries.insert(organizations).values({ id: scope.organizationId, name: 'O', slug: `o-${scope.organizationId.slice(-20)}` });
    await queries.insert(agents).values({ orgId: scope.organizationId, id: agentId, name: 'A', language: 'es', voice: '', profile: {} });
  });
  return { scope, agentId };
}

export function testFile(agentId: string, name: string, category: string | null = null): NewDocument {
  const sha256 = Buffer.from(name).toString('hex').padEnd(64, '0').slice(0, 64);
  return { agentId, name, mediaType: 'text/plain', sha256, category, content: Buffer.from(name) };
}

/** Adds a document whose pieces are these, with vectors of `embedding`. Returns its id. */
export async function addReadDocument(
  { store, embedding }: { store: KnowledgeStore; embedding: TextEmbedding },
  { scope, agentId }: KnowledgeOwner,
  { name, pieces, category = null }: TestFile,
): Promise<string> {
  const added = await store.addDocument({ scope, actor: uploader }, testFile(agentId, name, category));
  if (added.kind !== 'added') throw new Error(`"${name}" was not added: ${added.kind}`);
  const { documentId } = added.document;
  const held = { scope, documentId, claim: added.claim };
  const chunks = pieces.map(({ text, headings = [] }, ordinal) => ({ text, headings, ordinal }));
  const texts = chunks.map(({ text }) => text);
  const vectors = await embedding.embed(texts, { purpose: 'passage', signal: new AbortController().signal });
  await store.setState(held, { kind: 'embedding', chunkCount: chunks.length });
  const stored = await store.storeChunks(held, { chunks, vectors, kind: embedding.kind });
  if (stored.kind !== 'stored') throw new Error(`the pieces of "${name}" were not stored: ${stored.kind}`);
  await store.setState(held, { kind: 'ready' });
  return documentId;
}
