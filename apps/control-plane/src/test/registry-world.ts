// A server that is registered, for tests: its database, the registry's own over HTTP, and a token, anew for each test.
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Registry } from 'prom-client';
import { afterAll, afterEach, beforeAll, beforeEach, expect, vi } from 'vitest';
import { openSupabaseRegistry } from '#adapters/supabase/supabase-registry.ts';
import { openServerRegistry } from '#app/server-registry.ts';
import type { OpenServerRegistry } from '#app/server-registry.ts';
import type { Queries } from '#db/client.ts';
import { agents } from '#db/schema/agents.ts';
import { numbers } from '#db/schema/numbers.ts';
import { organizations } from '#db/schema/organizations.ts';
import type { TestDatabase, TestDatabaseKind } from '#db/test-database.ts';
import type { RegistryReport } from '#features/registry/registry-report.ts';
import { registryReport } from '#features/registry/registry-report.ts';
import { mintApplianceScope } from '#shared/appliance-scope.ts';
import { systemClock } from '#shared/clock.ts';
import type { Clock } from '#shared/clock.ts';
import type { OrganizationId } from '#shared/id.ts';
import { newId } from '#shared/id.ts';
import { silentLog } from '#shared/log.ts';
import type { PostgrestStandIn } from './postgrest-stand-in.ts';
import { openPostgrestStandIn, STAND_IN_KEY } from './postgrest-stand-in.ts';
import type { CloudRow, RegistryCloud } from './registry-cloud.ts';
import { openRegistryCloud } from './registry-cloud.ts';

/** The superuser's URL of the server that database tests run on as well. */
export const REGISTRY_SERVER_URL = process.env['TEST_DATABASE_URL'];
/** On a busy machine: what is waited for comes in a second on an idle one. */
export const WAIT = { timeout: 40_000, interval: 50 };
/** Two databases in one process, on a machine that does much else. */
const OPENING_MS = 240_000;
/** A day of heartbeats, pulls and back-off in half a minute. */
const times = { heartbeatMs: 100, pullMs: 100, firstRetryMs: 30, firstRefusedMs: 60, longestRetryMs: 200 };
const scope = mintApplianceScope();

export type StartOptions = { readonly clock?: Clock; readonly maxWaiting?: number; readonly requestLimitMs?: number };

/** The parts, and what tests do with them. */
export type RegistryWorld = {
  test: TestDatabase;
  cloud: RegistryCloud;
  standIn: PostgrestStandIn;
  org: OrganizationId;
  tokenFile: string;
  /** The one that was started last; null while none runs. */
  running: OpenServerRegistry | null;
  metrics: Registry;
  readonly start: (options?: StartOptions) => Promise<void>;
  readonly stop: () => Promise<void>;
  readonly addAgent: (name: string, number?: string) => Promise<string>;
  readonly inAppliance: (work: (queries: Queries) => Promise<unknown>) => Promise<unknown>;
  readonly writeToken: (claims: Readonly<Record<string, unknown>>) => Promise<void>;
  readonly inCloud: (table: string, columns?: string, order?: string) => Promise<CloudRow[]>;
  /** Rows of the outbox. */
  readonly waiting: () => Promise<number>;
  readonly report: () => Promise<RegistryReport>;
  /** The values of a counter, by its one label. */
  readonly counted: (name: string) => Promise<Record<string, number>>;
  /** Settles when the registry has everything. */
  readonly synced: () => Promise<void>;
};

/** Opens it for the tests of a suite, and empties it before each. */
export function useRegistryWorld(kind: TestDatabaseKind): RegistryWorld {
  const world = createWorld();
  let folder = '';
  beforeAll(async () => {
    [world.test, world.cloud, folder] = await Promise.all([
      kind.open(),
      openRegistryCloud(kind.kind, REGISTRY_SERVER_URL),
      mkdtemp(join(tmpdir(), 'registry-')),
    ]);
    world.tokenFile = join(folder, 'token');
  }, OPENING_MS);
  afterAll(async () => {
    await world.test[Symbol.asyncDispose]();
    await world.cloud[Symbol.asyncDispose]();
    await rm(folder, { recursive: true });
  });
  beforeEach(async () => {
    world.standIn = await openPostgrestStandIn(world.cloud);
    await world.writeToken({ server_id: 'mad-1', fleet_id: 'north', generation: 1 });
    for (const query of [
      'update registry_state set holder = null, pushed_at = null, pulled_at = null, last_error = null',
      'delete from numbers',
      'delete from agents',
      'delete from organizations',
      'truncate registry_outbox, registry_remotes',
    ])
      await world.test.asSuperuser(query);
    await world.cloud.run(null, 'truncate servers, organization_servers, server_agents, server_heartbeats, server_licences');
    world.org = newId('organization');
    await world.inAppliance((queries) => queries.insert(organizations).values({ id: world.org, name: 'Clinic', slug: 'clinic' }));
  });
  afterEach(async () => {
    await world.stop();
    await world.standIn[Symbol.asyncDispose]();
  });
  return world;
}

function createWorld(): RegistryWorld {
  // Filled by the hooks, before any test.
  const world = { running: null, metrics: new Registry(), tokenFile: '' } as unknown as RegistryWorld;
  const waiting = async () => Number((await world.test.asSuperuser('select count(*)::int as rows from registry_outbox'))[0]?.['rows']);
  const report = () => {
    if (world.running === null) throw new Error('no registry was started');
    return registryReport(world.running.serverRegistry, scope, new Date());
  };
  return Object.assign(world, {
    start: (options: StartOptions = {}) => startRegistry(world, options),
    stop: async () => {
      await world.running?.[Symbol.asyncDispose]();
      world.running = null;
    },
    addAgent: (name: string, number?: string) => addAgent(world, name, number),
    inAppliance: (work: (queries: Queries) => Promise<unknown>) => world.test.database.inAppliance(scope, work),
    writeToken: (claims: Readonly<Record<string, unknown>>) => writeFile(world.tokenFile, `${world.standIn.token(claims)}\n`),
    inCloud: (table: string, columns = '*', order = '1') => world.cloud.run(null, `select ${columns} from ${table} order by ${order}`),
    waiting,
    report,
    counted: async (name: string) => {
      const values = (await world.metrics.getSingleMetric(name)?.get())?.values ?? [];
      return Object.fromEntries(values.map(({ labels, value }) => [String(Object.values(labels)[0]), value]));
    },
    synced: () => vi.waitFor(async () => expect([(await report()).state, await waiting()]).toEqual(['synced', 0]), WAIT),
  });
}

async function startRegistry(
  world: RegistryWorld,
  { clock = systemClock, maxWaiting, requestLimitMs = 10_000 }: StartOptions,
): Promise<void> {
  world.metrics = new Registry();
  const { url } = world.standIn;
  const registry = await openSupabaseRegistry({ url, publishableKey: STAND_IN_KEY, tokenFile: world.tokenFile, requestLimitMs });
  const description = { release: '0.1.0', addresses: ['sip:192.0.2.7:5060'], hardware: { cores: 2 } };
  world.running = openServerRegistry({
    configured: { registry, description, times, lookEveryMs: 50, ...(maxWaiting !== undefined && { maxWaiting }) },
    database: world.test.database,
    registry: world.metrics,
    pulse: () => ({ uptimeSeconds: 12.7, liveCalls: 3, maxCalls: 10, accepting: true }),
    clock,
    log: silentLog,
  });
}

async function addAgent(world: RegistryWorld, name: string, number?: string): Promise<string> {
  const id = newId('agent');
  const orgId = world.org;
  await world.inAppliance(async (queries) => {
    await queries.insert(agents).values({ orgId, id, name, language: 'es', voice: '', profile: {}, provisionedAt: new Date() });
    if (number !== undefined) await queries.insert(numbers).values({ orgId, id: newId('number'), number, agentId: id });
  });
  return id;
}
