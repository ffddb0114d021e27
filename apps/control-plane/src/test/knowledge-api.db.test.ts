import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import type { TestDatabase } from '#db/test-database.ts';
import { testDatabases } from '#db/test-database.ts';
import { clinicEs } from '#dialog/demo/clinic-es.ts';
import { repeatedPdf, sampleDocx, samplePdf } from '#features/knowledge/testing/sample-documents.ts';
import { zipArchive } from '#features/knowledge/testing/zip-archive.ts';
import type { OrganizationId } from '#shared/id.ts';
import { newId } from '#shared/id.ts';
import type { Answer, TestApi } from './test-api.ts';
import { addTestOrganization, openTestApi } from './test-api.ts';

function formOf(name: string, content: string | Uint8Array, category?: string): FormData {
  const form = new FormData();
  form.set('file', new File([typeof content === 'string' ? content : new Uint8Array(content)], name));
  if (category !== undefined) form.set('category', category);
  return form;
}

describe.each(testDatabases(process.env['TEST_DATABASE_URL']))("an agent's knowledge on $kind", (kind) => {
  let test: TestDatabase;
  let api: TestApi;
  let organizationId: OrganizationId;
  let token: string;
  let agentId: string;
  beforeAll(async () => {
    test = await kind.open();
    api = await openTestApi(test);
    organizationId = await addTestOrganization(test, 'clinica');
    token = await api.tokenFor(organizationId, ['agent:read', 'agent:write']);
    agentId = await addAgent(organizationId);
  });
  afterAll(async () => {
    await api[Symbol.asyncDispose]();
    await test[Symbol.asyncDispose]();
  });

  async function addAgent(of: OrganizationId): Promise<string> {
    const body = clinicEs({ organizationName: 'Clínica', destination: '2001' });
    return String((await api.asAdmin(`/admin/organizations/${of}/agents`, { method: 'POST', body })).body['agentId']);
  }
  const ask = (path: string, request: { method?: string; body?: unknown; headers?: Record<string, string> } = {}) =>
    api.asToken(token, `/agents/${agentId}/rag${path}`, request);
  const upload = (form: FormData) => ask('/upload', { method: 'POST', body: form });
  const whenReady = async (uploaded: Answer): Promise<Answer> => {
    const path = `/documents/${String(uploaded.body['documentId'])}`;
    return await vi.waitFor(
      async () => {
        const answer = await ask(path);
        expect(answer.body).toMatchObject({ state: 'ready' });
        return answer;
      },
      { timeout: 10_000, interval: 30 },
    );
  };
  const refusal = ({ status, body }: Answer) => [status, String(body['detail'])];

  it('takes a document, indexes it, finds what it says with its source, and forgets it when it is removed', async () => {
    const docx = sampleDocx([{ text: 'Tarifas', style: 'Ttulo1' }, { text: 'El masaje relajante cuesta 45 euros.' }]);
    const uploaded = await upload(formOf('tarifas.docx', docx, 'precios'));
    expect(uploaded.status).toBe(202);
    expect(uploaded.body).toMatchObject({ agentId, name: 'tarifas.docx', category: 'precios', sizeBytes: docx.length });
    expect((await whenReady(uploaded)).body).toMatchObject({ chunkCount: 1, storedCount: 1, progress: 1, failure: null });

    const search = (body: object) => ask('/search', { method: 'POST', body });
    const question = '¿Cuánto cuesta el masaje?';
    expect((await search({ question })).body['passages']).toMatchObject([
      { text: 'El masaje relajante cuesta 45 euros.', source: 'tarifas.docx', headings: ['Tarifas'], category: 'precios' },
    ]);
    expect((await search({ question, categories: ['horarios'] })).body['passages']).toEqual([]);

    const one = `/documents/${String(uploaded.body['documentId'])}`;
    expect((await ask(one, { method: 'DELETE' })).status).toBe(204);
    expect((await ask(one)).status).toBe(404);
    expect((await search({ question })).body['passages']).toEqual([]);
  });

  it('lists the newest first, in pages', async () => {
    const ids: unknown[] = [];
    for (const name of ['uno.md', 'dos.md', 'tres.md']) ids.unshift((await upload(formOf(name, `# ${name}\n\nTexto.`))).body['documentId']);
    const first = await ask('/documents?limit=2');
    const second = await ask(`/documents?limit=2&cursor=${String(first.body['nextCursor'])}`);
    const listed = [first, second].flatMap(({ body }) => body['documents'] as { documentId: string }[]).map(({ documentId }) => documentId);
    expect(listed).toEqual(ids);
    expect(second.body['nextCursor']).toBe(null);
  });

  it('gives the document that is there for a file that comes again', async () => {
    const first = await upload(formOf('horario.txt', 'Abrimos a las nueve.'));
    const again = await upload(formOf('otro-nombre.txt', 'Abrimos a las nueve.'));
    expect([first.status, again.status]).toEqual([202, 200]);
    expect(again.body['documentId']).toBe(first.body['documentId']);
  });

  it('refuses what cannot be read with 422 and the reason', async () => {
    const bomb = zipArchive([{ name: 'word/document.xml', content: Buffer.alloc(30_000_000, ' ') }]);
    const nested = zipArchive([
      { name: 'word/document.xml', content: '<w/>' },
      { name: 'more.zip', content: zipArchive([]) },
    ]);
    const cases: readonly (readonly [string, string | Uint8Array, string])[] = [
      ['bomb.docx', bomb, 'unpacks to more than 200 times its size'],
      ['nested.docx', nested, 'it holds another archive, more.zip'],
      ['wrong.pdf', 'no PDF at all', 'it begins as plain text'],
      ['empty.txt', '', 'the file is empty'],
      ['blank.pdf', samplePdf([[]]), 'it holds no text'],
      ['long.pdf', repeatedPdf('', 10_000), 'it has 10000 pages, at most 2000 are read'],
      ['damaged.docx', 'PK\u0003\u0004 and nothing more', 'it is damaged'],
      ['table.xlsx', 'PK\u0003\u0004', 'the name must end in .pdf'],
    ];
    for (const [name, content, reason] of cases) {
      const startedAtMs = performance.now();
      expect(refusal(await upload(formOf(name, content)))).toEqual([422, expect.stringContaining(reason)]);
      expect(performance.now() - startedAtMs).toBeLessThan(10_000);
    }
    expect((await ask('/documents?limit=100')).body['documents']).not.toContainEqual(expect.objectContaining({ name: 'bomb.docx' }));
  });

  it('refuses a form that is none, and one with other parts than it takes', async () => {
    const other = formOf('a.txt', 'a');
    other.set('agentId', agentId);
    const twice = formOf('a.txt', 'a');
    twice.append('file', new File(['b'], 'b.txt'));
    expect(await upload(other)).toMatchObject({ status: 400, body: { fields: [{ path: 'agentId' }] } });
    expect(await upload(twice)).toMatchObject({ status: 400, body: { fields: [{ path: 'file', message: 'must be there once' }] } });
    expect(await upload(new FormData())).toMatchObject({ status: 400, body: { code: 'invalid_request' } });
    expect(await upload(formOf('a.txt', 'a', 'x'.repeat(65)))).toMatchObject({ status: 400, body: { fields: [{ path: 'category' }] } });
    expect((await ask('/upload', { method: 'POST', body: { file: 'a' } })).status).toBe(415);
    const cut = { 'content-type': 'multipart/form-data; boundary=x' };
    const response = await api.api.request(`/agents/${agentId}/rag/upload`, {
      method: 'POST',
      headers: { ...cut, authorization: `Bearer ${token}` },
      body: '--x\r\ncontent-disposition: form-data; name="file"; filename="a.txt"\r\n\r\nhal',
    });
    expect(response.status).toBe(400);
  });

  it('takes 25 MiB and not a byte more', async () => {
    const name = 'grande.txt';
    const tooLarge = await upload(formOf(name, Buffer.alloc(26_214_401, ' ')));
    expect([tooLarge.status, tooLarge.body['code']]).toEqual([413, 'body_too_large']);
    expect(refusal(await upload(formOf(name, Buffer.alloc(26_214_400, ' '))))).toEqual([422, expect.stringContaining('it holds no text')]);
  });

  it("is its organization's alone, and its agent's", async () => {
    const stranger = await addTestOrganization(test, 'vecina');
    const strangersToken = await api.tokenFor(stranger, ['agent:read', 'agent:write']);
    const uploaded = await upload(formOf('secreto.txt', 'La contraseña del wifi es girasol.'));
    await whenReady(uploaded);
    const path = `/agents/${agentId}/rag`;
    const one = `${path}/documents/${String(uploaded.body['documentId'])}`;
    expect((await api.asToken(strangersToken, one)).status).toBe(404);
    expect((await api.asToken(strangersToken, one, { method: 'DELETE' })).status).toBe(404);
    expect((await api.asToken(strangersToken, `${path}/upload`, { method: 'POST', body: formOf('a.txt', 'a') })).status).toBe(404);
    const question = { method: 'POST', body: { question: 'contraseña del wifi' } };
    expect((await api.asToken(strangersToken, `${path}/search`, question)).status).toBe(404);
    const second = await addAgent(organizationId);
    expect((await api.asToken(token, `/agents/${second}/rag/search`, question)).body['passages']).toEqual([]);
    expect((await api.asToken(token, `/agents/${newId('agent')}/rag/search`, question)).status).toBe(404);
  });
});
