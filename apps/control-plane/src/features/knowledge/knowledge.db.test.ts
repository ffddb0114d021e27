import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { TestDatabase } from '#db/test-database.ts';
import { testDatabases } from '#db/test-database.ts';
import type { TextEmbedding } from '#ports/text-embedding.ts';
import { mintApplianceScope, onOrganization } from '#shared/appliance-scope.ts';
import { newId } from '#shared/id.ts';
import { silentLog } from '#shared/log.ts';
import { createKnowledgeSearch } from './knowledge-search-store.ts';
import type { KnowledgeStore } from './knowledge-store.ts';
import type { KnowledgeOwner, TestFile, TestPiece } from './testing/knowledge-owner.ts';
import { addReadDocument, meaningEmbedding, openKnowledgeOwner, openTestKnowledge, testFile, uploader } from './testing/knowledge-owner.ts';

const signal = new AbortController().signal;

describe.each(testDatabases(process.env['TEST_DATABASE_URL']))('knowledge on $kind', (kind) => {
  let test: TestDatabase;
  let store: KnowledgeStore;
  const embedding = meaningEmbedding('meanings-1');

  beforeAll(async () => {
    test = await kind.open();
    store = openTestKnowledge(test.database);
  });
  afterAll(() => test[Symbol.asyncDispose]());

  const openOwner = () => openKnowledgeOwner(test.database);
  const addRead = (owner: KnowledgeOwner, file: TestFile) => addReadDocument({ store, embedding }, owner, file);

  const ask = async (
    owner: KnowledgeOwner,
    text: string,
    {
      categories,
      embeddings = [embedding] as const,
    }: { categories?: string[]; embeddings?: readonly [TextEmbedding, ...TextEmbedding[]] } = {},
  ) =>
    createKnowledgeSearch({ database: test.database, embeddings, log: silentLog }).search(
      { ...owner, text, limit: 3, ...(categories ? { categories } : {}) },
      { signal },
    );

  const services: TestPiece[] = [
    { text: 'La limpieza dental cuesta 60 euros y dura media hora.', headings: ['Precios', 'Higiene'] },
    { text: 'Hay un lugar para dejar el coche detrás de la clínica.', headings: ['Cómo llegar'] },
    { text: 'La habitación del spa se reserva por teléfono; el código es ZX-4410.' },
    { text: 'Our massage takes one hour and is booked online.' },
  ];

  it('is found by meaning, by words with and without accents, and in English, with its source and headings', async () => {
    const owner = await openOwner();
    await addRead(owner, { name: 'servicios.md', pieces: services, category: 'servicios' });
    const [parking] = await ask(owner, '¿tienen parking?');
    expect(parking).toMatchObject({ text: services[1]?.text, source: 'servicios.md', headings: ['Cómo llegar'], category: 'servicios' });
    for (const question of ['¿Cómo reservo las habitaciones?', 'quiero reservar la habitacion', 'codigo ZX-4410'])
      expect([question, (await ask(owner, question))[0]?.text]).toEqual([question, services[2]?.text]);
    expect((await ask(owner, 'how are massages booked?'))[0]?.text).toBe(services[3]?.text);
  });

  it('has better passages first, each once, and no more than were asked for', async () => {
    const owner = await openOwner();
    await addRead(owner, { name: 'servicios.md', pieces: services });
    const passages = await ask(owner, 'precio de la limpieza dental');
    expect(passages[0]?.text).toBe(services[0]?.text);
    expect(passages.map(({ score }) => score)).toEqual(passages.map(({ score }) => score).toSorted((a, b) => b - a));
    expect(new Set(passages.map(({ chunkId }) => chunkId)).size).toBe(passages.length);
    expect(passages.length).toBe(3);
  });

  it('is searched within the categories that were asked for', async () => {
    const owner = await openOwner();
    await addRead(owner, { name: 'a', pieces: [{ text: 'La limpieza dental cuesta 60 euros.' }], category: 'precios' });
    await addRead(owner, { name: 'b', pieces: [{ text: 'La limpieza dental la hace Marta.' }], category: 'equipo' });
    const sources = async (categories?: string[]) =>
      (await ask(owner, 'limpieza dental', categories ? { categories } : {})).map(({ source }) => source).toSorted();
    expect(await sources(['equipo'])).toEqual(['b']);
    expect(await sources(['equipo', 'precios'])).toEqual(['a', 'b']);
    expect(await sources(['otra'])).toEqual([]);
    expect(await sources()).toEqual(['a', 'b']);
  });

  it('of another organization or agent is not found', async () => {
    const [owner, other] = [await openOwner(), await openOwner()];
    await addRead(owner, { name: 'a', pieces: services });
    await addRead(other, { name: 'b', pieces: [{ text: 'El aparcamiento es de pago.' }] });
    expect((await ask(other, 'limpieza dental')).map(({ source }) => source)).toEqual(['b']);
    expect(await ask({ scope: other.scope, agentId: owner.agentId }, 'limpieza dental')).toEqual([]);
    expect(await store.list(other.scope, owner.agentId, { limit: 10, after: null })).toBeNull();
  });

  it('is gone with its document', async () => {
    const owner = await openOwner();
    const documentId = await addRead(owner, { name: 'a', pieces: services });
    expect(await store.remove({ scope: owner.scope, actor: uploader }, owner.agentId, documentId)).toMatchObject({
      documentId,
      state: 'ready',
    });
    expect(await ask(owner, 'limpieza dental')).toEqual([]);
    const left = `select (select count(*) from rag_chunks where org_id = '${owner.scope.organizationId}')
      + (select count(*) from rag_vectors where org_id = '${owner.scope.organizationId}')
      + (select count(*) from rag_postings where org_id = '${owner.scope.organizationId}') as rows`;
    expect(Number((await test.asSuperuser(left))[0]?.['rows'])).toBe(0);
    expect(await store.remove({ scope: owner.scope, actor: uploader }, owner.agentId, documentId)).toBeNull();
  });

  it('answers questions that hold no word, quotes, operators or a zero-width text without an error', async () => {
    const owner = await openOwner();
    await addRead(owner, { name: 'a', pieces: services });
    for (const question of ['…', '', "' | & ! ( <-> :*", '\u200b', 'a'.repeat(5_000)])
      expect(Array.isArray(await ask(owner, question))).toBe(true);
  });

  it('goes by words alone where the kind of vectors that answers cannot be made, and never compares two kinds', async () => {
    const owner = await openOwner();
    await addRead(owner, { name: 'a', pieces: services });
    const stranger = meaningEmbedding('meanings-2');
    expect((await ask(owner, 'codigo ZX-4410', { embeddings: [stranger] }))[0]?.text).toBe(services[2]?.text);
    expect(await ask(owner, 'parking', { embeddings: [stranger] })).toEqual([]);
    expect((await ask(owner, 'parking', { embeddings: [stranger, embedding] }))[0]?.text).toBe(services[1]?.text);
  });

  describe('a document', () => {
    const lapse = (documentId: string) =>
      test.asSuperuser(`update rag_documents set claimed_until = now() - interval '1 second' where id = '${documentId}'`);
    /** Ids of all that can be taken now. */
    const takeOthers = async (): Promise<string[]> => {
      const taken: string[] = [];
      for (let one = await store.takeUnfinished(mintApplianceScope()); one; one = await store.takeUnfinished(mintApplianceScope()))
        taken.push(one.documentId);
      return taken;
    };
    /** As another process finds it whose first holder went away. */
    const takeLapsed = async (documentId: string) => {
      await takeOthers();
      await lapse(documentId);
      const taken = await store.takeUnfinished(mintApplianceScope());
      expect(taken?.documentId).toBe(documentId);
      return { scope: onOrganization(mintApplianceScope(), taken!.organizationId), documentId, claim: taken!.claim };
    };

    it('is one, however often the same file comes, until it has failed', async () => {
      const owner = await openOwner();
      const by = { scope: owner.scope, actor: uploader };
      const first = await store.addDocument(by, testFile(owner.agentId, 'a'));
      const again = await store.addDocument(by, testFile(owner.agentId, 'a'));
      expect([first.kind, again.kind]).toEqual(['added', 'duplicate']);
      if (first.kind !== 'added') throw new Error(first.kind);
      // One driver gives a Buffer, the other a plain array of bytes.
      expect([...((await store.readContent(owner.scope, first.document.documentId)) ?? [])]).toEqual([...Buffer.from('a')]);
      const held = { scope: owner.scope, documentId: first.document.documentId, claim: first.claim };
      await store.setState(held, { kind: 'failed', failure: 'it is empty' });
      expect(await store.readContent(owner.scope, first.document.documentId)).toBeNull();
      expect((await store.addDocument(by, testFile(owner.agentId, 'a'))).kind).toBe('added');
      expect(await store.list(owner.scope, owner.agentId, { limit: 10, after: null })).toMatchObject([
        { state: 'queued', failure: null },
        { state: 'failed', failure: 'it is empty' },
      ]);
      expect((await store.addDocument(by, testFile(newId('agent'), 'a'))).kind).toBe('agent_not_found');
    });

    it('says how far it is read, and is taken up again by whoever starts next', async () => {
      const owner = await openOwner();
      const added = await store.addDocument({ scope: owner.scope, actor: uploader }, testFile(owner.agentId, 'a'));
      if (added.kind !== 'added') throw new Error(added.kind);
      const { documentId } = added.document;
      const held = { scope: owner.scope, documentId, claim: added.claim };
      await store.setState(held, { kind: 'embedding', chunkCount: 2 });
      const chunks = [{ text: 'uno', headings: [], ordinal: 0 }];
      const vectors = await embedding.embed(['uno'], { purpose: 'passage', signal });
      await store.storeChunks(held, { chunks, vectors, kind: embedding.kind });
      expect(await store.find(owner.scope, owner.agentId, documentId)).toMatchObject({ state: 'embedding', chunkCount: 2, storedCount: 1 });
      const taken = await takeLapsed(documentId);
      await store.setState(taken, { kind: 'parsing' });
      expect(await store.find(owner.scope, owner.agentId, documentId)).toMatchObject({ chunkCount: null, storedCount: 0 });
      expect(await ask(owner, 'uno')).toEqual([]);
      await store.storeChunks(taken, { chunks, vectors, kind: embedding.kind });
      expect(await ask(owner, 'uno')).toMatchObject([{ text: 'uno' }]);
    });

    it('is worked on by one process at a time: who lost it stores nothing any more', async () => {
      const owner = await openOwner();
      const added = await store.addDocument({ scope: owner.scope, actor: uploader }, testFile(owner.agentId, 'a'));
      if (added.kind !== 'added') throw new Error(added.kind);
      const { documentId } = added.document;
      const first = { scope: owner.scope, documentId, claim: added.claim };
      expect(await takeOthers()).not.toContain(documentId);
      await lapse(documentId);
      const takers = await Promise.all(Array.from({ length: 4 }, () => store.takeUnfinished(mintApplianceScope())));
      const took = takers.filter((taken) => taken?.documentId === documentId);
      expect(took).toHaveLength(1);
      const second = { scope: owner.scope, documentId, claim: took[0]!.claim };
      const chunks = [{ text: 'uno', headings: [], ordinal: 0 }];
      const batch = { chunks, vectors: await embedding.embed(['uno'], { purpose: 'passage', signal }), kind: embedding.kind };
      expect(await store.setState(first, { kind: 'embedding', chunkCount: 1 })).toBe(false);
      expect(await store.storeChunks(first, batch)).toEqual({ kind: 'document_gone' });
      expect(await store.storeChunks(second, batch)).toEqual({ kind: 'stored' });
      expect(await store.setState(second, { kind: 'ready' })).toBe(true);
      await lapse(documentId);
      expect(await takeOthers()).not.toContain(documentId);
    });

    it('that is gone stops whoever works on it', async () => {
      const owner = await openOwner();
      const gone = newId('document');
      expect(await store.setState({ scope: owner.scope, documentId: gone, claim: 'x' }, { kind: 'ready' })).toBe(false);
      expect(await store.storeChunks({ scope: owner.scope, documentId: gone, claim: 'x' }, { chunks: [], vectors: [], kind: 'k' })).toEqual(
        { kind: 'document_gone' },
      );
    });
  });
});
