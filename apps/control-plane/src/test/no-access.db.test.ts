import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { TestDatabase } from '#db/test-database.ts';
import { testDatabases } from '#db/test-database.ts';
import type { RequiredScope } from '#http/route.ts';
import type { AccessRow } from './access-table.ts';
import { accessTable } from './access-table.ts';
import type { ApiOperation } from './api-operations.ts';
import { endsThings } from './fuzz-world.ts';
import type { AccessFixture, PathValues, RawAnswer } from './no-access.ts';
import { asAdmin, bearer, openAccessFixture, targetOf } from './no-access.ts';
import type { TwinOrganization } from './twin-organizations.ts';

type Case = { readonly key: string; readonly row: AccessRow };
const cases = Object.entries(accessTable).map(([key, row]): Case => ({ key, row }));
const ofKind = (belongs: (row: AccessRow) => boolean) => cases.filter(({ row }) => belongs(row));
/** Whether its path names one thing. */
const namesOne = ({ key }: Case) => key.includes('{');
const clientCases = ofKind(({ opens }) => opens !== 'admin' && opens !== 'public' && opens !== 'signed');

describe.each(testDatabases(process.env['TEST_DATABASE_URL']))('without the right to it, on $kind', (kind) => {
  let test: TestDatabase;
  let fixture: AccessFixture;
  let unique = 0;
  beforeAll(async () => {
    test = await kind.open();
    fixture = await openAccessFixture(test);
  });
  afterAll(async () => {
    await fixture[Symbol.asyncDispose]();
    await test[Symbol.asyncDispose]();
  });

  function operationOf(key: string): ApiOperation {
    const found = fixture.description.operations.find((operation) => operation.key === key);
    if (!found) throw new Error(`the document has no ${key}: take its row out of the table`);
    return found;
  }

  /** Plans and trunks belong to nobody: where a path names one, it gets one of its own. */
  async function makeIds({ path }: ApiOperation): Promise<PathValues> {
    const make = async (what: string) => {
      const body = accessTable[`POST /admin/${what}s`]?.body?.({ own: fixture.own, unique: (unique += 1) });
      return fixture.askAdmin(`/admin/${what}s`, { method: 'POST', body });
    };
    if (path.includes('{planId}')) return { planId: String((await make('plan'))['planId']) };
    return path.includes('{trunkId}') ? { trunkId: String((await make('trunk'))['trunkId']) } : {};
  }

  function ask(
    { key, row }: Case,
    who: { headers: Readonly<Record<string, string>>; of: TwinOrganization; ids?: PathValues; bodyOf?: TwinOrganization },
  ) {
    const operation = operationOf(key);
    const body = row.body?.({ own: who.bodyOf ?? who.of, unique: (unique += 1) });
    return fixture.send(operation, targetOf(operation, who.of, who.ids), { headers: who.headers, body });
  }

  it('every operation of the document has its row, and every row its operation', () => {
    const declared = Object.fromEntries(
      fixture.description.operations.map(({ key, access }) => [key, access.kind === 'organization' ? access.scope : access.kind]),
    );
    expect(declared).toEqual(Object.fromEntries(cases.map(({ key, row }) => [key, row.opens])));
  });

  it.each(ofKind(({ opens }) => opens === 'public'))('$key is open to all', async (one) => {
    expect(await ask(one, { headers: {}, of: fixture.own })).toMatchObject({ status: one.row.done ?? 200 });
  });

  describe.each(clientCases)('$key', (one) => {
    it('answers every token that opens nothing with one and the same 401', async () => {
      const reference = await fixture.send({ method: 'GET' }, '/tokens/self');
      expect(reference).toMatchObject({ status: 401, authenticate: expect.stringContaining('Bearer') as string });
      expect(reference.text).toContain('"code":"unauthenticated"');
      const answers: Record<string, RawAnswer> = {};
      const bad = Object.entries(fixture.badTokens).filter(([what]) => !one.row.alsoAdmin || what !== 'the admin key');
      for (const [what, headers] of bad) answers[what] = await ask(one, { headers, of: fixture.own });
      expect(answers).toEqual(Object.fromEntries(bad.map(([what]) => [what, reference])));
    });

    it('lets who may', async () => {
      const answer = await ask(one, { headers: bearer(fixture.own.token.text), of: fixture.own });
      expect([answer.status, answer.text]).toEqual([one.row.done ?? 200, expect.anything()]);
    });
  });

  it.each(clientCases.filter(({ row }) => row.alsoAdmin))('$key lets the admin', async (one) => {
    expect(await ask(one, { headers: asAdmin, of: fixture.own })).toMatchObject({ status: one.row.done ?? 200 });
  });

  it.each(clientCases.filter(({ row }) => row.opens !== 'any'))('$key refuses a token with every scope but its own', async (one) => {
    const headers = await fixture.tokenWithout(one.row.opens as RequiredScope);
    const answer = await ask(one, { headers, of: fixture.own });
    expect(answer.status).toBe(403);
    expect(answer.text).toContain('"code":"insufficient_scope"');
  });

  it.each(clientCases.filter(namesOne))(
    "$key answers another organization's id and one that nothing has with the same 404",
    async (one) => {
      const headers = bearer(fixture.own.token.text);
      const others = await ask(one, { headers, of: fixture.other, bodyOf: fixture.own });
      expect(others.status).toBe(404);
      expect(others).toEqual(await ask(one, { headers, of: fixture.unknown, bodyOf: fixture.own }));
    },
  );

  it.each(clientCases.filter((one) => !namesOne(one)))("$key tells nothing of another organization's things", async (one) => {
    const {
      organizationId,
      agentIds,
      numberIds,
      phoneIds,
      callIds,
      conversationIds,
      documentIds,
      toolIds,
      messageIds,
      contactIds,
      jobIds,
      token,
    } = fixture.other;
    const { text } = await ask(one, { headers: bearer(fixture.own.token.text), of: fixture.own });
    const { serviceIds, staffIds, appointmentIds } = fixture.other;
    const foreign = [
      ...serviceIds,
      ...staffIds,
      ...appointmentIds,
      organizationId,
      ...agentIds,
      ...numberIds,
      ...phoneIds,
      ...callIds,
      ...conversationIds,
      ...documentIds,
      ...toolIds,
      ...messageIds,
      ...contactIds,
      ...jobIds,
      token.tokenId,
    ];
    expect(foreign.filter((id) => text.includes(id))).toEqual([]);
  });

  it.each(ofKind(({ opens }) => opens === 'admin').filter(namesOne))('$key knows when there is no such thing', async (one) => {
    expect(await ask(one, { headers: asAdmin, of: fixture.unknown, bodyOf: fixture.own })).toMatchObject({ status: 404 });
  });

  it('names in a body what belongs to another organization as if it were unknown', async () => {
    const one = { key: 'PATCH /numbers/{numberId}', row: accessTable['PATCH /numbers/{numberId}'] as AccessRow };
    const headers = bearer(fixture.own.token.text);
    const others = await ask(one, { headers, of: fixture.own, bodyOf: fixture.other });
    expect(others.status).toBe(422);
    expect(others).toEqual(await ask(one, { headers, of: fixture.own, bodyOf: fixture.unknown }));
  });

  describe.each(ofKind(({ opens }) => opens === 'admin'))('$key', (one) => {
    it('answers every key that opens nothing with one and the same 401', async () => {
      const reference = await fixture.send({ method: 'GET' }, '/admin/plans');
      expect(reference).toMatchObject({ status: 401, authenticate: expect.stringContaining('X-Admin-Key') as string });
      const answers: Record<string, RawAnswer> = {};
      for (const [what, headers] of Object.entries(fixture.badKeys)) answers[what] = await ask(one, { headers, of: fixture.own });
      expect(answers).toEqual(Object.fromEntries(Object.keys(fixture.badKeys).map((what) => [what, reference])));
    });

    it('lets who may', async () => {
      const operation = operationOf(one.key);
      const of = endsThings(operation) ? await fixture.addVictim() : fixture.own;
      const answer = await ask(one, { headers: asAdmin, of, ids: await makeIds(operation) });
      expect([answer.status, answer.text]).toEqual([one.row.done ?? 200, expect.anything()]);
    });
  });

  it('opens a recording to its own signed link alone', async () => {
    const { own, other, unknown } = fixture;
    const operation = operationOf('GET /recordings/{callId}');
    const linkOf = async (organization: TwinOrganization) => {
      const issued = await fixture.send({ method: 'POST' }, `/calls/${organization.callIds[0]}/recording-url`, {
        headers: bearer(organization.token.text),
      });
      return new URL((JSON.parse(issued.text) as { url: string }).url);
    };
    const link = await linkOf(own);
    expect(await fixture.send(operation, `${link.pathname}${link.search}`)).toMatchObject({
      status: 200,
      text: expect.stringMatching(/^RIFF/) as string,
    });
    expect(await fixture.send(operation, link.pathname, { headers: bearer(own.token.text) })).toMatchObject({ status: 400 });
    const refused = await fixture.send(operation, `/recordings/${unknown.callIds[0]}${link.search}`);
    expect(refused.status).toBe(404);
    const others = (await linkOf(other)).search;
    const changed = (name: string, value: string) => {
      const search = new URLSearchParams(link.search);
      search.set(name, value);
      return `${link.pathname}?${search.toString()}`;
    };
    const wrong = [
      `/recordings/${own.callIds[1]}${link.search}`,
      `/recordings/${other.callIds[0]}${link.search}`,
      `${link.pathname}${others}`,
      changed('expires', '9999999999'),
      changed('organization', other.organizationId),
      changed('signature', '0'.repeat(64)),
      changed('version', '2'),
    ];
    for (const target of wrong) expect([target, await fixture.send(operation, target)]).toEqual([target, refused]);
  });
});
