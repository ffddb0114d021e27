import { appendFile, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { eq } from 'drizzle-orm';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { auditEntries, auditHeads } from '#db/schema/audit.ts';
import type { TestDatabase } from '#db/test-database.ts';
import { testDatabases } from '#db/test-database.ts';
import type { Actor } from '#shared/actor.ts';
import { mintApplianceScope, onOrganization } from '#shared/appliance-scope.ts';
import { systemClock } from '#shared/clock.ts';
import type { OrganizationId } from '#shared/id.ts';
import { newId } from '#shared/id.ts';
import { silentLog } from '#shared/log.ts';
import { mintOrgScope } from '#shared/org-scope.ts';
import { openSecretKeys } from '#shared/secret-keys.ts';
import { openAuditAnchors } from './audit-anchor-store.ts';
import type { AuditCheck, AuditPosition, AuditReport } from './audit-check-store.ts';
import { createAuditCheck } from './audit-check-store.ts';
import { createAuditReader } from './audit-reader-store.ts';
import type { AuditRow } from './audit-store.ts';
import { auditHash, auditHeadMac, createAuditTrail } from './audit-store.ts';
import { CHAIN_START } from './audit-verification.ts';

const appliance = mintApplianceScope();
const actor: Actor = { kind: 'admin', name: 'admin', address: '192.0.2.1', requestId: 'r-1' };
const keys = openSecretKeys({ 1: 'a1'.repeat(32) });
const foreignKeys = openSecretKeys({ 1: 'b2'.repeat(32) });
const ROWS = 12;

describe.each(testDatabases(process.env['TEST_DATABASE_URL']))('the audit chain on $kind', (kind) => {
  let test: TestDatabase;
  let folder: string;
  let file: string;
  let check: AuditCheck;
  let chain: OrganizationId;
  const trail = createAuditTrail({ keys, clock: systemClock });

  beforeAll(async () => {
    test = await kind.open();
    folder = await mkdtemp(join(tmpdir(), 'audit-'));
  });
  afterAll(async () => {
    await test[Symbol.asyncDispose]();
    await rm(folder, { recursive: true });
  });
  beforeEach(async () => {
    chain = newId('organization');
    file = join(folder, `${chain}.jsonl`);
    check = openCheck();
    for (let index = 0; index < ROWS; index += 1) await write(`thing-${index}`);
  });

  const openCheck = () => createAuditCheck({ reader: createAuditReader(test.database), anchors: openAuditAnchors(file), keys });
  const write = (resource: string, orgId = chain) => {
    const scope = onOrganization(appliance, orgId);
    const entry = { action: 'thing.changed', resource, details: { ñ: '→', n: 1.5, nested: { b: [1, null], a: true } } };
    return test.database.inAppliance(scope, (queries) => trail.append(queries, { scope, actor }, entry));
  };
  const verify = (name: string) => check.verify(appliance, { chain: name, from: null });
  const faults = async () => {
    const { chains } = await verify(chain);
    return chains.flatMap((report) => report.faults.map(({ kind: fault, seq }) => [fault, seq]));
  };
  const tamper = (change: string) => test.asSuperuser(change.replaceAll('$chain', chain));
  /** A log that keeps the fields of its errors. */
  const errors = () => {
    const logged: object[] = [];
    return { logged, keyed: { ...silentLog, info: () => {}, error: (fields: object) => void logged.push(fields) } };
  };
  const anchor = () => check.anchor(appliance, { at: new Date(), log: silentLog });

  it('is intact as it was written', async () => {
    expect(await verify(chain)).toEqual({ chains: [{ chain, entries: ROWS, faults: [] }], unreadableAnchorLines: [], next: null });
  });

  it('is intact after hundreds of rows that were written at once, by the organization and by the admin', async () => {
    const scope = mintOrgScope(chain);
    const byOwner = (index: number) =>
      test.database.inOrg(scope, (queries) => trail.append(queries, { scope, actor }, { action: 'own.changed', resource: `own-${index}` }));
    await Promise.all(Array.from({ length: 300 }, (_, index) => (index % 2 === 0 ? write(`at-once-${index}`) : byOwner(index))));
    const { chains } = await verify(chain);
    expect(chains).toEqual([{ chain, entries: ROWS + 300, faults: [] }]);
  });

  it('is checked in parts when it is long, and a fault is seen in the part that it is in, the end only in the last one', async () => {
    // The chain goes on from the twelve rows; each row is made as the trail makes it, and stored a thousand at a time.
    const [head] = await tamper(`select seq, hash from audit_heads where org_id = '$chain'`);
    const rows: AuditRow[] = [];
    let previousHash = String(head?.['hash']);
    for (let seq = ROWS + 1; seq <= 22_500; seq += 1) {
      const who = {
        actorKind: 'job',
        actorName: 'many',
        address: null,
        requestId: null,
        action: 'thing.changed',
        resource: `${seq}`,
      } as const;
      const row = { orgId: chain, seq, at: new Date(seq * 1_000), ...who, details: {}, previousHash, keyVersion: 1 };
      previousHash = auditHash(keys, row);
      rows.push({ ...row, hash: previousHash });
    }
    const end = { seq: 22_500, hash: previousHash, keyVersion: 1 };
    await test.database.inAppliance(appliance, async (queries) => {
      for (let at = 0; at < rows.length; at += 1_000) await queries.insert(auditEntries).values(rows.slice(at, at + 1_000));
      await queries
        .update(auditHeads)
        .set({ ...end, mac: auditHeadMac(keys, { orgId: chain, ...end }) })
        .where(eq(auditHeads.orgId, chain));
    });
    const parts = async () => {
      const found: { entries: number; faults: unknown[] }[] = [];
      for (let from: AuditPosition | null = null, isLast = false; !isLast; isLast = from === null) {
        const part: AuditReport = await check.verify(appliance, { chain, from });
        found.push(
          ...part.chains.map(({ entries, faults: seen }) => ({ entries, faults: seen.map(({ kind: fault, seq }) => [fault, seq]) })),
        );
        from = part.next;
      }
      return found;
    };
    expect(await parts()).toEqual([10_000, 10_000, 2_500].map((entries) => ({ entries, faults: [] })));
    await tamper(`update audit_entries set resource = 'another' where org_id = '$chain' and seq in (3, 10000, 10001)`);
    await tamper(`delete from audit_entries where org_id = '$chain' and seq > 22000`);
    expect(await parts()).toEqual([
      {
        entries: 10_000,
        faults: [
          ['edited', 3],
          ['edited', 10_000],
        ],
      },
      { entries: 10_000, faults: [['edited', 10_001]] },
      { entries: 2_000, faults: [['cut', 22_001]] },
    ]);
  });

  it('is read while it grows, and no row that is added meanwhile looks like a fault', async () => {
    const growing = Promise.all(Array.from({ length: 60 }, (_, index) => write(`later-${index}`)));
    for (let round = 0; round < 10; round += 1) expect(await faults()).toEqual([]);
    await growing;
    expect(await faults()).toEqual([]);
  });

  it.each([
    ['details', `details = '{"n":2}'`],
    ['actor', `actor_name = 'nobody'`],
    ['time', `at = at + interval '1 second'`],
    ['address', 'address = null'],
    ['hash', `hash = '${'c'.repeat(64)}'`],
  ])('shows an edited row by its number: %s', async (_column, change) => {
    await tamper(`update audit_entries set ${change} where org_id = '$chain' and seq = 5`);
    expect((await faults())[0]).toEqual(['edited', 5]);
  });

  it('shows a row that was edited and given a new hash without the key', async () => {
    const other = createAuditTrail({ keys: foreignKeys, clock: systemClock });
    const scope = onOrganization(appliance, chain);
    await test.database.inAppliance(scope, (queries) => other.append(queries, { scope, actor }, { action: 'a', resource: 'r' }));
    expect(await faults()).toEqual([
      ['edited', ROWS + 1],
      ['head', ROWS + 1],
    ]);
  });

  it('shows deleted rows in the middle and at the beginning', async () => {
    await tamper(`delete from audit_entries where org_id = '$chain' and seq in (1, 6, 7)`);
    expect(await faults()).toEqual([
      ['missing', 1],
      ['missing', 6],
    ]);
  });

  it('shows rows that changed places', async () => {
    await tamper(`update audit_entries set seq = -seq where org_id = '$chain' and seq in (4, 5)`);
    await tamper(`update audit_entries set seq = 9 + seq where org_id = '$chain' and seq < 0`);
    expect(await faults()).toEqual([
      ['misplaced', 4],
      ['misplaced', 5],
      ['misplaced', 6],
    ]);
  });

  it('shows that the newest rows were cut off', async () => {
    await tamper(`delete from audit_entries where org_id = '$chain' and seq > 9`);
    expect(await faults()).toEqual([['cut', 10]]);
  });

  it('shows that all rows are gone, or that only the end is, after which nothing is added over what is there', async () => {
    const other = newId('organization');
    await write('only', other);
    await test.asSuperuser(`delete from audit_entries where org_id = '${other}'`);
    expect((await verify(other)).chains[0]?.faults).toMatchObject([{ kind: 'cut', seq: 1 }]);
    await tamper(`delete from audit_heads where org_id = '$chain'`);
    expect(await faults()).toEqual([['head', ROWS]]);
    await expect(write('over the first row')).rejects.toMatchObject({ cause: { code: '23505' } });
  });

  it('shows a head that was set back without the key', async () => {
    await tamper(`delete from audit_entries where org_id = '$chain' and seq > 9`);
    const [last] = await tamper(`select hash from audit_entries where org_id = '$chain' and seq = 9`);
    const hash = String(last?.['hash']);
    await tamper(`update audit_heads set seq = 9, hash = '${hash}' where org_id = '$chain'`);
    expect(await faults()).toEqual([['head', 9]]);
    const mac = auditHeadMac(foreignKeys, { orgId: chain, seq: 9, hash, keyVersion: 1 });
    await tamper(`update audit_heads set mac = '${mac}' where org_id = '$chain'`);
    expect(await faults()).toEqual([['head', 9]]);
  });

  it('shows by an anchor that rows were cut off together with a head that was once good', async () => {
    const [good] = await tamper(`select seq, hash, mac from audit_heads where org_id = '$chain'`);
    await write('after');
    await anchor();
    await tamper(`delete from audit_entries where org_id = '$chain' and seq > ${ROWS}`);
    await tamper(
      `update audit_heads set seq = ${ROWS}, hash = '${String(good?.['hash'])}', mac = '${String(good?.['mac'])}' where org_id = '$chain'`,
    );
    expect(await faults()).toEqual([['rolled_back', ROWS + 1]]);
    await write('another one in its place');
    expect(await faults()).toEqual([['rolled_back', ROWS + 1]]);
  });

  it('is anchored once for each time it moved, also after a restart, and the whole chain may be gone', async () => {
    await anchor();
    expect(await anchor()).toBe(0);
    check = openCheck();
    expect(await anchor()).toBe(0);
    await write('moves');
    expect(await anchor()).toBe(1);
    const lines = (await readFile(file, 'utf8'))
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as { chain: string; seq: number });
    expect(lines.filter((line) => line.chain === chain).map(({ seq }) => seq)).toEqual([ROWS, ROWS + 1]);
    await tamper(`delete from audit_entries where org_id = '$chain'`);
    await tamper(`delete from audit_heads where org_id = '$chain'`);
    const { chains } = await check.verify(appliance, { chain: null, from: { chain, ...CHAIN_START } });
    expect(chains.find((report) => report.chain === chain)).toMatchObject({ entries: 0, faults: [{ kind: 'rolled_back', seq: 1 }] });
  });

  it('says in the log that ends were written under other keys, with every anchoring and when it is asked', async () => {
    // Other tests forge ends of their own.
    await tamper(`delete from audit_heads where org_id <> '$chain'`);
    const { keyed, logged } = errors();
    const foreign = createAuditCheck({ reader: createAuditReader(test.database), anchors: openAuditAnchors(file), keys: foreignKeys });
    expect(await check.reportForeignEnds(appliance, keyed)).toBe(0);
    expect(logged).toEqual([]);
    expect(await foreign.reportForeignEnds(appliance, keyed)).toBe(1);
    await foreign.anchor(appliance, { at: new Date(), log: keyed });
    const fields = { chains: 1, ofChains: 1, first: [chain], keyVersions: [1] };
    expect(logged).toEqual([fields, fields]);
  });

  it('shows an anchor that is not genuine, and a line that is none', async () => {
    await anchor();
    const lines = await readFile(file, 'utf8');
    await writeFile(file, lines.replaceAll(`"seq":${ROWS},`, `"seq":${ROWS - 1},`));
    expect(await faults()).toEqual([['anchor', ROWS - 1]]);
    await appendFile(file, '{"chain"\n');
    expect((await verify(chain)).unreadableAnchorLines).toEqual([lines.trim().split('\n').length + 1]);
  });
});
