// The whole API on a test database, without a telephone system: what route tests and the rules-as-tests talk to.
import { createHash } from 'node:crypto';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createHashedNgramEmbedding } from '#adapters/embedding/hashed-ngram.ts';
import { Registry } from 'prom-client';
import { createApi } from '#app/api.ts';
import type { ScheduledJob } from '#features/appliance/scheduled-jobs.ts';
import { DEFAULT_ADMISSION, openServerCapacity } from '#app/capacity.ts';
import type { ServerCapacity } from '#app/capacity.ts';
import type { Office, OfficeConfig } from '#app/office.ts';
import { openOffice } from '#app/office.ts';
import type { TestDatabase } from '#db/test-database.ts';
import { organizations } from '#db/schema/organizations.ts';
import type { CallEngine } from '#engine/call-engine.ts';
import type { Dependency } from '#features/appliance/dependency-board.ts';
import { openDependencyBoard } from '#features/appliance/dependency-board.ts';
import type { ReadinessCheck } from '#features/appliance/readiness.ts';
import { createLiveCallBoard } from '#features/calls/live-calls.ts';
import { openServerRegistry } from '#app/server-registry.ts';
import type { ConfiguredRegistry } from '#app/server-registry.ts';
import type { Embeddings } from '#features/knowledge/knowledge-search-store.ts';
import type { LiveCallBoard } from '#features/calls/live-calls.ts';
import { NO_SOCKET_ADDRESS } from '#http/client-address.ts';
import { createChatDialogs } from '#features/conversations/chat-dialog.ts';
import type { ChatParts } from '#features/conversations/chats.ts';
import type { RecordingStorage } from '#ports/recording-storage.ts';
import type { MemoryTelephonyDirectory } from '#ports/testing/memory-telephony-directory.ts';
import { openMemoryTelephonyDirectory } from '#ports/testing/memory-telephony-directory.ts';
import type { Actor } from '#shared/actor.ts';
import { mintApplianceScope, onOrganization } from '#shared/appliance-scope.ts';
import type { Clock } from '#shared/clock.ts';
import { systemClock } from '#shared/clock.ts';
import type { OrganizationId } from '#shared/id.ts';
import { newId } from '#shared/id.ts';
import { silentLog } from '#shared/log.ts';
import type { GrantableScope } from '#shared/permission-scopes.ts';
import { openSecretKeys } from '#shared/secret-keys.ts';

/** Opens the admin's routes of every test API. */
export const TEST_ADMIN_KEY = 'the-admin-key-of-tests-0123456789abcdef';

const testActor: Actor = { kind: 'admin', name: 'admin', address: null, requestId: null };

/** Vectors without a model. */
export function testEmbeddings(): Embeddings {
  return [createHashedNgramEmbedding()];
}

/** An office's configuration with fixed secrets and folders below the machine's temporary one. */
export function testOfficeConfig(changes: Partial<OfficeConfig> = {}): OfficeConfig {
  return {
    adminKeyHash: async () => createHash('sha256').update(TEST_ADMIN_KEY).digest('hex'),
    secretKeys: openSecretKeys({ 1: '5e'.repeat(32) }),
    recordingsDir: null,
    exportDays: 30,
    maxCallMs: 3_600_000,
    exportsDir: join(tmpdir(), 'centralita-test-exports'),
    publicUrl: null,
    // Attempts are limited per address: a test that fails often names another one in `X-Forwarded-For`.
    trustedProxies: [NO_SOCKET_ADDRESS],
    ...changes,
  };
}

/** What came back: the status, the headers, and the body when it is JSON. */
export type Answer = { readonly status: number; readonly headers: Headers; readonly body: Record<string, unknown> };

/** A request, as tests write it. */
export type Ask = { readonly method?: string; readonly body?: unknown; readonly headers?: Readonly<Record<string, string>> };

export type TestApi = AsyncDisposable & {
  readonly office: Office;
  readonly board: LiveCallBoard;
  readonly directory: MemoryTelephonyDirectory;
  /** What the schedule runs, of the office and of the registry. */
  readonly jobs: readonly ScheduledJob[];
  readonly api: ReturnType<typeof createApi>;
  /** Sends a request with just these headers; a form goes as it is, any other body as JSON. */
  ask(path: string, request?: Ask): Promise<Answer>;
  /** The same with the admin key. */
  asAdmin(path: string, request?: Ask): Promise<Answer>;
  /** Makes a token of an organization through the store, and returns its text. */
  tokenFor(organizationId: OrganizationId, scopes: readonly GrantableScope[]): Promise<string>;
  /** Sends a request with a token. */
  asToken(token: string, path: string, request?: Ask): Promise<Answer>;
};

export type TestApiOptions = {
  readonly config?: Partial<OfficeConfig>;
  readonly checks?: readonly ReadinessCheck[];
  readonly dependencies?: readonly Dependency[];
  /** Where this server is registered; default: nowhere. */
  readonly serverRegistry?: ConfiguredRegistry;
  readonly clock?: Clock;
  /** What the engine answers to a hang-up; default: that no call is live. */
  readonly hangUp?: CallEngine['hangUp'];
  /** Who answers chats; default: the agent without a language model. */
  readonly openDialog?: ChatParts['openDialog'];
  /** Default: chats are in no trace. */
  readonly traces?: ChatParts['traces'];
  /** Where recordings lie; default: there are none. */
  readonly recordings?: RecordingStorage | null;
};

export async function openTestApi(test: TestDatabase, options: TestApiOptions = {}): Promise<TestApi> {
  const { config, checks = [], clock = systemClock, recordings = null, hangUp = () => false } = options;
  const directory = openMemoryTelephonyDirectory();
  const board = createLiveCallBoard();
  const office = await openOffice({
    liveCalls: (organizationId) => board.list(organizationId).length,
    config: testOfficeConfig(config),
    database: test.database,
    directory,
    recordings,
    embeddings: testEmbeddings(),
    clock,
    log: silentLog,
  });
  const metrics = { contentType: 'text/plain; version=0.0.4', text: async () => 'centralita_calls_live 0\n' };
  const dependencies = openDependencyBoard({ dependencies: options.dependencies ?? [], clock });
  const engine = { hangUp };
  const capacity = openTestCapacity(test, { audit: office.audit, board, clock });
  const pulse = () => ({ uptimeSeconds: 1, liveCalls: board.list(null).length, maxCalls: 10, accepting: true });
  const background = { database: test.database, registry: new Registry(), clock, log: silentLog };
  const servers = openServerRegistry({ ...background, configured: options.serverRegistry ?? null, pulse });
  const { openDialog = createChatDialogs({ languageModel: null, clock }) } = options;
  const api = createApi({
    office,
    board,
    engine,
    capacity,
    openDialog,
    traces: options.traces,
    checks,
    startUpChecks: checks,
    dependencies,
    serverRegistry: servers.serverRegistry,
    metrics,
    clock,
    log: silentLog,
  });
  const ask = (path: string, request: Ask = {}): Promise<Answer> => askOf(api, path, request);
  return {
    office,
    board,
    directory,
    jobs: [...office.jobs, ...servers.jobs],
    api,
    ask,
    asAdmin: (path, request = {}) => ask(path, { ...request, headers: { 'X-Admin-Key': TEST_ADMIN_KEY, ...request.headers } }),
    async tokenFor(organizationId, scopes) {
      const by = { scope: onOrganization(mintApplianceScope(), organizationId), actor: testActor };
      const created = await office.tokens.create(by, { name: 'test', scopes });
      if (created.kind !== 'done') throw new Error(`no token for ${organizationId}: ${created.kind}`);
      return created.value.text;
    },
    asToken: (token, path, request = {}) => ask(path, { ...request, headers: { authorization: `Bearer ${token}`, ...request.headers } }),
    async [Symbol.asyncDispose]() {
      await servers[Symbol.asyncDispose]();
      await office[Symbol.asyncDispose]();
    },
  };
}

/** The capacity of a server without calls that bears ten. */
function openTestCapacity(
  test: TestDatabase,
  { audit, board, clock }: { readonly audit: Office['audit']; readonly board: LiveCallBoard; readonly clock: Clock },
): ServerCapacity {
  return openServerCapacity({
    database: test.database,
    audit,
    registry: new Registry(),
    server: 'test',
    clock,
    log: silentLog,
    configuredCalls: 10,
    limits: DEFAULT_ADMISSION,
    liveCalls: () => board.list(null).length,
    journalDepth: () => 0,
    descriptorsLowSinceMs: () => null,
    waiting: () => ({ count: 0, longestMs: 0 }),
  });
}

async function askOf(api: TestApi['api'], path: string, { method = 'GET', body, headers = {} }: Ask): Promise<Answer> {
  const json = () => ({ body: JSON.stringify(body), headers: { 'content-type': 'application/json', ...headers } });
  const sent = body === undefined ? {} : body instanceof FormData ? { body, headers } : json();
  const response = await api.request(path, { method, headers, ...sent });
  const text = await response.text();
  const isJson = /json/.test(response.headers.get('content-type') ?? '');
  return { status: response.status, headers: response.headers, body: isJson ? (JSON.parse(text) as Answer['body']) : { text } };
}

/** Adds an organization and returns its id. */
export async function addTestOrganization(test: TestDatabase, slug: string, planId = 'standard'): Promise<OrganizationId> {
  const id = newId('organization');
  await test.database.inAppliance(mintApplianceScope(), (queries) =>
    queries.insert(organizations).values({ id, name: slug, slug, planId }),
  );
  return id;
}
