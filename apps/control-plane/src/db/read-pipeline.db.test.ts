import { createServer, connect } from 'node:net';
import type { Socket } from 'node:net';
import { once } from 'node:events';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { and, asc, eq, sql } from 'drizzle-orm';
import { QueryBuilder } from 'drizzle-orm/pg-core';
import { mintApplianceScope } from '#shared/appliance-scope.ts';
import { newId } from '#shared/id.ts';
import { mintOrgScope } from '#shared/org-scope.ts';
import { openDatabase } from './client.ts';
import { prepareRead } from './prepared-read.ts';
import { agents } from './schema/agents.ts';
import { organizations } from './schema/organizations.ts';
import type { TestDatabase } from './test-database.ts';
import { testDatabases } from './test-database.ts';

const builder = new QueryBuilder();
const agentColumns = {
  orgId: agents.orgId,
  name: agents.name,
  profile: agents.profile,
  provisionedAt: agents.provisionedAt,
  createdAt: agents.createdAt,
};
/** Without the organization in its condition: only the policy stands between two organizations. */
const everyAgent = prepareRead(agentColumns, builder.select(agentColumns).from(agents).orderBy(asc(agents.name)));
const oneAgent = prepareRead(
  agentColumns,
  builder
    .select(agentColumns)
    .from(agents)
    .where(and(eq(agents.orgId, sql.placeholder('orgId')), eq(agents.name, sql.placeholder('name')))),
);
const broken = prepareRead(
  { version: agents.version },
  builder
    .select({ version: agents.version })
    .from(agents)
    .where(sql`1 / (length(${agents.name}) - length(${agents.name})) = ${sql.placeholder('one')}`),
);

describe.each(testDatabases(process.env['TEST_DATABASE_URL']))('reads sent together on $kind', (kind) => {
  let test: TestDatabase;
  const ours = mintOrgScope(newId('organization'));
  const theirs = mintOrgScope(newId('organization'));

  beforeAll(async () => {
    test = await kind.open();
    for (const [index, scope] of [ours, theirs].entries()) {
      const orgId = scope.organizationId;
      await test.database.inAppliance(mintApplianceScope(), async (queries) => {
        await queries.insert(organizations).values({ id: orgId, name: `Organization ${index}`, slug: `organization-${index}` });
        const agent = { orgId, language: 'es', voice: '', profile: { speed: 1 }, createdAt: new Date('2026-11-21T10:00:00.125Z') };
        await queries.insert(agents).values([
          { ...agent, id: newId('agent'), name: `a${index}` },
          { ...agent, id: newId('agent'), name: `b${index}` },
        ]);
      });
    }
  });
  afterAll(() => test[Symbol.asyncDispose]());

  it('give the same rows as the query itself, dates and JSON included', async () => {
    const [rows, same] = await test.database.read(ours, [
      oneAgent.with({ orgId: ours.organizationId, name: 'a0' }),
      oneAgent.with({ orgId: ours.organizationId, name: 'b0' }),
    ]);
    const usual = await test.database.inOrg(ours, (queries) => queries.select(agentColumns).from(agents).orderBy(asc(agents.name)));
    expect([...rows, ...same]).toEqual(usual);
    expect(rows[0]).toMatchObject({ profile: { speed: 1 }, provisionedAt: null, createdAt: new Date('2026-11-21T10:00:00.125Z') });
  });

  it('show each organization its own rows alone, however many transactions are on the way at once', async () => {
    const scopes = Array.from({ length: 200 }, (_, index) => (index % 2 === 0 ? ours : theirs));
    const answers = await Promise.all(scopes.map((scope) => test.database.read(scope, [everyAgent.with({}), everyAgent.with({})])));
    for (const [index, [first, second]] of answers.entries()) {
      expect(first.map(({ orgId }) => orgId)).toEqual([scopes[index]?.organizationId, scopes[index]?.organizationId]);
      expect(second).toEqual(first);
    }
  });

  it('show the appliance every row, and an organization nothing of another one that it names', async () => {
    const [all] = await test.database.read(mintApplianceScope(), [everyAgent.with({})]);
    expect(all).toHaveLength(4);
    const [none] = await test.database.read(ours, [oneAgent.with({ orgId: theirs.organizationId, name: 'a1' })]);
    expect(none).toEqual([]);
  });

  it('wait for the disk unless told that their loss does not matter, also beside one that was told so', async () => {
    const setting = { text: "select current_setting('synchronous_commit')", values: [], toRow: ([value]: readonly unknown[]) => value };
    const [lasting, losable] = await Promise.all([
      test.database.write(ours, [setting]),
      test.database.write(ours, [setting], { durable: false }),
    ]);
    expect([lasting, losable]).toEqual([[['on']], [['off']]]);
  });

  it('fail as a whole when one fails, and leave nothing behind for the next', async () => {
    const scopes = Array.from({ length: 20 }, (_, index) => (index % 2 === 0 ? ours : theirs));
    const answers = await Promise.allSettled(
      scopes.map((scope, index) =>
        test.database.read(scope, [
          everyAgent.with({}),
          index % 5 === 0 ? broken.with({ one: 1 }) : everyAgent.with({}),
          everyAgent.with({}),
        ]),
      ),
    );
    const isBroken = (index: number) => index % 5 === 0;
    expect(answers.filter((_answer, index) => isBroken(index)).map((answer) => answer.status === 'rejected' && answer.reason.code)).toEqual(
      Array.from({ length: 4 }, () => '22012'),
    );
    const sound = answers.filter((_answer, index) => !isBroken(index));
    expect(
      sound.map(
        (answer) => answer.status === 'fulfilled' && answer.value.map((rows) => rows.map((row) => ('name' in row ? row.name : null))),
      ),
    ).toEqual(
      scopes
        .filter((_scope, index) => !isBroken(index))
        .map((scope) => Array.from({ length: 3 }, () => (scope === ours ? ['a0', 'b0'] : ['a1', 'b1']))),
    );
  });
});

describe.runIf(process.env['TEST_DATABASE_URL'])('reads and transactions of a server that goes away', () => {
  it('fail at once, each for its own, and go on when it is back', async () => {
    await using test = await testDatabases(process.env['TEST_DATABASE_URL']).at(-1)!.open();
    const [{ name } = {}] = await test.asSuperuser('select current_database() as name');
    const url = new URL(process.env['TEST_DATABASE_URL'] ?? '');
    url.pathname = `/${String(name)}`;
    await using line = await openLine(Number(url.port));
    url.port = String(line.port);
    await using database = await openDatabase({ kind: 'server', url: url.href });
    const scope = mintOrgScope(newId('organization'));
    const readTimes = (times: number) =>
      Promise.allSettled(Array.from({ length: times }, () => database.read(scope, [everyAgent.with({})])));
    const askTimes = (times: number) => Promise.allSettled(Array.from({ length: times }, () => database.ping()));
    const read = [[]];
    expect(await readTimes(8)).toEqual(Array.from({ length: 8 }, () => ({ status: 'fulfilled', value: read })));

    const cut = readTimes(40);
    await line.cut();
    expect((await cut).length).toBe(40);
    const startedAtMs = performance.now();
    const away = [...(await readTimes(40)), ...(await askTimes(40))];
    expect(away.every(({ status }) => status === 'rejected')).toBe(true);
    // 40 reads over 4 connections and 40 transactions over 10, 100 ms each; the request's own limit is 15 s.
    expect(performance.now() - startedAtMs).toBeLessThan(8_000);

    await line.restore();
    const back = async () => [...(await readTimes(8)), ...(await askTimes(8))];
    await expect.poll(async () => (await back()).every(({ status }) => status === 'fulfilled'), { timeout: 5_000 }).toBe(true);
  }, 30_000);
});

/** A line to the server on a port of its own that can be cut. */
async function openLine(serverPort: number) {
  const ends = new Set<Socket>();
  const server = createServer((near) => {
    const far = connect(serverPort, '127.0.0.1');
    for (const end of [near, far]) ends.add(end.on('error', () => end.destroy()));
    near.pipe(far).pipe(near);
    near.on('close', () => far.destroy());
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  const address = server.address();
  const port = typeof address === 'object' && address ? address.port : 0;
  const cut = async (): Promise<void> => {
    const closed = once(server, 'close');
    server.close();
    for (const end of ends) end.destroy();
    await closed;
  };
  return {
    port,
    cut,
    restore: async () => void (await once(server.listen(port, '127.0.0.1'), 'listening')),
    [Symbol.asyncDispose]: cut,
  };
}
