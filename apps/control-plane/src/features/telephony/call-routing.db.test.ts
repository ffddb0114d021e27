import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { eq } from 'drizzle-orm';
import type { Database } from '#db/client.ts';
import { agents } from '#db/schema/agents.ts';
import { numbers } from '#db/schema/numbers.ts';
import type { TestDatabase } from '#db/test-database.ts';
import { testDatabases } from '#db/test-database.ts';
import { clinicEs } from '#dialog/demo/clinic-es.ts';
import { toAgentRow } from '#features/agents/agent-store.ts';
import { organizations } from '#db/schema/organizations.ts';
import { mintApplianceScope } from '#shared/appliance-scope.ts';
import { newId } from '#shared/id.ts';
import { silentLog } from '#shared/log.ts';
import { createCallRoutingStore } from './call-routing-store.ts';

const appliance = mintApplianceScope();
const signal = AbortSignal.timeout(60_000);
const orgId = newId('organization');
const agent = { agentId: newId('agent'), ...clinicEs({ organizationName: 'Clínica', destination: '2001' }) };

/** A clock that stands still until it is moved. */
function manualClock() {
  let atMs = 0;
  return { move: (ms: number) => void (atMs += ms), clock: { nowMs: () => atMs, wallAt: () => new Date(atMs) } };
}

describe.each(testDatabases(process.env['TEST_DATABASE_URL']))('call routing on $kind', (kind) => {
  let test: TestDatabase;
  let queries = 0;
  let failure: Error | null = null;
  /** The real database, counted and broken at will. */
  let database: Database;

  beforeAll(async () => {
    test = await kind.open();
    const { agentId: id, ...columns } = toAgentRow(agent);
    await test.database.inAppliance(appliance, async (inside) => {
      await inside.insert(organizations).values({ id: orgId, name: 'Clínica', slug: 'clinica' });
      await inside.insert(agents).values({ orgId, id, ...columns });
      await inside.insert(numbers).values({ orgId, id: newId('number'), number: '+34910000001', agentId: id });
    });
    database = {
      ...test.database,
      unscoped(work) {
        queries += 1;
        return failure ? Promise.reject(failure) : test.database.unscoped(work);
      },
    };
  });
  beforeEach(() => {
    queries = 0;
    failure = null;
  });
  afterAll(() => test[Symbol.asyncDispose]());

  it('says what the organization wants for calls without a place, its callers’ places included', async () => {
    const wishNow = async () =>
      (await createCallRoutingStore({ database, clock: manualClock().clock, log: silentLog }).findRoute('+34910000001', { signal }))
        ?.overload;
    expect(await wishNow()).toEqual({ choice: 'refuse', destination: null, maxWaitMs: 120_000, tellPositionEveryMs: 30_000 });
    await test.asSuperuser(`update organizations set overload_position_every_seconds = null where id = '${orgId}'`);
    expect(await wishNow()).toMatchObject({ tellPositionEveryMs: null });
    await test.asSuperuser(`update organizations set overload_position_every_seconds = 30 where id = '${orgId}'`);
  });

  it("finds the number's organization, its plan's limit and its whole agent", async () => {
    const routing = createCallRoutingStore({ database, clock: manualClock().clock, log: silentLog });
    const route = await routing.findRoute('+34910000001', { signal });
    expect(route?.scope.organizationId).toBe(orgId);
    expect(route).toMatchObject({ organizationSlug: 'clinica', concurrentCalls: expect.any(Number) });
    expect(route?.agent).toEqual(agent);
  });

  it('finds nobody for an unknown number, and asks nothing for what cannot be a number', async () => {
    const routing = createCallRoutingStore({ database, clock: manualClock().clock, log: silentLog });
    expect(await routing.findRoute('+34919999999', { signal })).toBeNull();
    expect(queries).toBe(1);
    for (const text of ['', '1', "1' or '1'='1", 'PJSIP/2001', '9'.repeat(21)]) {
      expect(await routing.findRoute(text, { signal })).toBeNull();
    }
    expect(queries).toBe(1);
  });

  it('asks once for calls of the same moment and again when the answer is old', async () => {
    const { clock, move } = manualClock();
    const routing = createCallRoutingStore({ database, clock, log: silentLog });
    await Promise.all(Array.from({ length: 20 }, () => routing.findRoute('+34910000001', { signal })));
    expect(queries).toBe(1);
    move(4_999);
    await routing.findRoute('+34910000001', { signal });
    expect(queries).toBe(1);
    move(1);
    await routing.findRoute('+34910000001', { signal });
    expect(queries).toBe(2);
  });

  it('goes on with the last known route while the database is away, and says so of a number it never saw', async () => {
    const { clock, move } = manualClock();
    const routing = createCallRoutingStore({ database, clock, log: silentLog });
    await routing.findRoute('+34910000001', { signal });
    failure = new Error('connect ECONNREFUSED');
    move(600_000);
    expect((await routing.findRoute('+34910000001', { signal }))?.agent.agentId).toBe(agent.agentId);
    await expect(routing.findRoute('+34910000002', { signal })).rejects.toThrow('ECONNREFUSED');
    move(3_600_000);
    await expect(routing.findRoute('+34910000001', { signal })).rejects.toThrow('ECONNREFUSED');
  });

  it('stops waiting when the call is gone', async () => {
    const routing = createCallRoutingStore({ database, clock: manualClock().clock, log: silentLog });
    await expect(routing.findRoute('+34910000001', { signal: AbortSignal.abort(new Error('hung up')) })).rejects.toThrow('hung up');
  });

  it('finds nobody while the agent is inactive', async () => {
    const setActive = (active: boolean) =>
      test.database.inAppliance(appliance, (inside) => inside.update(agents).set({ active }).where(eq(agents.id, agent.agentId)));
    const routing = createCallRoutingStore({ database, clock: manualClock().clock, log: silentLog });
    await setActive(false);
    expect(await routing.findRoute('+34910000001', { signal })).toBeNull();
    await setActive(true);
  });

  it('lets no agent have longer calls than the appliance, whatever it was saved with', async () => {
    const routing = createCallRoutingStore({ database, clock: manualClock().clock, log: silentLog, maxCallMs: 300_000 });
    expect((await routing.findRoute('+34910000001', { signal }))?.agent.conversation.maxCallMs).toBe(300_000);
    const longer = createCallRoutingStore({ database, clock: manualClock().clock, log: silentLog, maxCallMs: 7_200_000 });
    expect((await longer.findRoute('+34910000001', { signal }))?.agent.conversation.maxCallMs).toBe(agent.conversation.maxCallMs);
  });

  it('refuses a stored profile that is none, naming the agent and the field', async () => {
    const routing = createCallRoutingStore({ database, clock: manualClock().clock, log: silentLog });
    const setProfile = (profile: unknown) =>
      test.database.inAppliance(appliance, (inside) => inside.update(agents).set({ profile }).where(eq(agents.id, agent.agentId)));
    await setProfile({ speed: 9 });
    await expect(routing.findRoute('+34910000001', { signal })).rejects.toThrow(new RegExp(`${agent.agentId}[^]*speed`));
    await setProfile(toAgentRow(agent).profile);
  });
});
