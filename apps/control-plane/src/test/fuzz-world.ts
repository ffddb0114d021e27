// What exists while requests are made up: two organizations with everything, and things whose end takes nothing from the rest.
import { mintOrgScope } from '#shared/org-scope.ts';
import { accessTable } from './access-table.ts';
import type { ApiOperation } from './api-operations.ts';
import type { Choices } from './seeded-random.ts';
import type { AskAdmin, HeldToken, TwinOrganization, TwinParts } from './twin-organizations.ts';
import { addGivenUpJob } from './twin-after-calls.ts';
import { addToken, addTwin } from './twin-organizations.ts';

/** Ids by the name of the parameter or field that takes them. */
type Pool = Map<string, string[]>;

/** What a request keeps to: one of the two organizations, so that its token, path and body go together, or nothing. */
export type Focus = 0 | 1 | null;

export type FuzzWorld = {
  /** A value that exists for a field of this name; null when there is none. */
  known(operation: ApiOperation, name: string, options: { focus: Focus; choices: Choices }): string | null;
  /** Headers that open the operation, most of the time with every right. */
  goodAccess(operation: ApiOperation, options: { focus: Focus; choices: Choices }): Record<string, string>;
  /** Headers that open nothing, or not this. */
  badAccess(choices: Choices): Record<string, string>;
  /** A body that the operation took once and may take again; undefined when none is known. */
  body(operation: ApiOperation, options: { unique: number; focus: Focus; choices: Choices }): unknown;
  /** Path and query of a signed link that was given out; null when none was yet. */
  signedTarget(choices: Choices): string | null;
  /** Ids in the answer to a write exist from now on, and whoever wants may end them. */
  learn(operation: ApiOperation, body: unknown): void;
};

const PLAN = {
  planId: 'fuzz',
  name: 'Fuzz',
  concurrentCalls: 100,
  agents: 10_000,
  requestsPerMinute: 1_000_000,
  dailyDials: 1_000,
  storageBytes: 2 ** 40,
  recordingRetentionDays: 90,
  textRetentionDays: 365,
};
const VICTIMS = 3;
/** Most ids of a kind that are remembered; the oldest go. */
const MAX_POOL = 200;
const GARBAGE_ACCESS: readonly Record<string, string>[] = [
  {},
  { authorization: '' },
  { authorization: 'Bearer' },
  { authorization: 'Bearer  ' },
  { authorization: 'Bearer x' },
  { authorization: 'Basic YWRtaW46YWRtaW4=' },
  { authorization: `Bearer cck_live_${'0'.repeat(38)}` },
  { authorization: `Bearer ${'a'.repeat(8_000)}` },
  { authorization: 'Bearer é\u00ff' },
  { 'x-admin-key': '' },
  { 'x-admin-key': 'x' },
  { 'x-admin-key': '\u00e9'.repeat(3_000) },
];

/** Whether an operation may end or weaken something that other requests need. */
export function endsThings({ method, path }: ApiOperation): boolean {
  if (method === 'GET' || !path.startsWith('/admin/')) return false;
  if (method === 'DELETE' || /\/(deactivate|revoke|rotate|reset-password)$/.test(path)) return true;
  return /^\/admin\/(organizations\/\{organizationId\}|plans\/\{planId\}|trunks\/\{trunkId\})$/.test(path);
}

/** Whether a client may end something with it, or leave nothing to be booked: it gets what the second organization has, and the first one's stays for everything else. */
export function endsOwnThings({ method, path }: ApiOperation): boolean {
  return (
    !path.startsWith('/admin/') && (method === 'DELETE' || path.endsWith('/cancel') || /^(PUT|PATCH) \/booking\//.test(`${method} ${path}`))
  );
}

/** Makes the two organizations, three more to be ended, and tokens of every condition. */
export async function buildFuzzWorld(parts: TwinParts & { readonly adminKey: string }): Promise<FuzzWorld> {
  const { askAdmin, adminKey } = parts;
  await askAdmin('/admin/plans', { method: 'POST', body: PLAN });
  const twins = [await addTwin(parts, { index: 1, planId: PLAN.planId }), await addTwin(parts, { index: 2, planId: PLAN.planId })];
  const victims: TwinOrganization[] = [];
  for (let index = 0; index < VICTIMS; index += 1) victims.push(await addTwin(parts, { index: 10 + index, planId: PLAN.planId }));
  const kept = poolOf(twins);
  kept.set('planId', [PLAN.planId]);
  // The turns that every conversation has an account of.
  kept.set('seq', ['1']);
  const pools = twins.map((twin) => poolOf([twin]));
  /** Made by requests of the two, with nothing that hangs on it. */
  const loose: Pool = new Map([
    ['serviceId', []],
    ['staffId', []],
  ]);
  const ending = poolOf(victims);
  // Nobody else ends or restores it: what exists only while an organization waits to be deleted is there from the first request on.
  const leaving = await addTwin(parts, { index: 20, planId: PLAN.planId });
  await askAdmin(`/admin/organizations/${leaving.organizationId}`, { method: 'DELETE' });
  for (const { organizationId, callIds } of twins)
    for (const callId of callIds) kept.get('jobId')?.push(await addGivenUpJob(parts.database, mintOrgScope(organizationId), callId));
  /** Organizations whose deletion was asked for; some of them were restored since. */
  const waiting: string[] = [];
  const narrow = await narrowTokens(askAdmin, twins);
  const good = twins.map(({ token }) => token);
  const links: string[] = [];
  return {
    known(operation, name, { focus, choices }) {
      const endable = ending.get(name) ?? [];
      if (name === 'organizationId' && operation.path.includes('/export'))
        return choices.pick([leaving.organizationId, ...endable.slice(-3)]);
      if (name === 'organizationId' && operation.path.endsWith('/restore') && waiting.length > 0) return choices.pick(waiting.slice(-3));
      const own = focus === null ? [] : (pools[focus]?.get(name)?.slice(0, 1) ?? []);
      if (endsOwnThings(operation)) return choices.pick([...(pools[1]?.get(name) ?? []), ...(loose.get(name)?.slice(-3) ?? []), 'gone']);
      if (own[0] !== undefined && !endsThings(operation)) return own[0];
      const candidates = endsThings(operation) ? endable : [...(kept.get(name) ?? []), ...endable.slice(-3)];
      return candidates.length === 0 ? null : choices.pick(candidates);
    },
    goodAccess({ access }, { focus, choices }): Record<string, string> {
      if (access.kind === 'admin') return { 'x-admin-key': adminKey };
      if (access.kind !== 'organization') return {};
      const own = focus === null ? undefined : good[focus];
      if (own) return bearer(own);
      return bearer(choices.chance(0.9) ? choices.pick(good) : choices.pick(narrow));
    },
    badAccess: (choices) =>
      choices.chance(0.3) ? choices.pick([bearer(choices.pick(good)), { 'x-admin-key': adminKey }]) : choices.pick(GARBAGE_ACCESS),
    body(operation, { unique, focus, choices }) {
      const focused = focus === null ? undefined : twins[focus];
      const own = focused && !endsThings(operation) ? focused : choices.pick(endsThings(operation) ? victims : twins);
      return accessTable[operation.key]?.body?.({ own, unique });
    },
    signedTarget: (choices) => (links.length === 0 ? null : choices.pick(links.slice(-MAX_POOL))),
    learn: (operation, body) => isRecord(body) && learn({ kept, loose, ending, waiting, links }, operation, body),
  };
}

/** What requests made or ended so far. */
type Learnt = {
  readonly kept: Pool;
  readonly loose: Pool;
  readonly ending: Pool;
  readonly waiting: string[];
  readonly links: string[];
};

const isRecord = (body: unknown): body is Readonly<Record<string, unknown>> => typeof body === 'object' && body !== null;

function learn({ kept, loose, ending, waiting, links }: Learnt, operation: ApiOperation, body: Readonly<Record<string, unknown>>): void {
  const { access, method, path } = operation;
  const { organizationId, url } = body;
  if (method === 'DELETE' && path === '/admin/organizations/{organizationId}' && typeof organizationId === 'string')
    waiting.push(organizationId);
  if (typeof url === 'string' && URL.canParse(url)) {
    const { pathname, search } = new URL(url);
    links.push(`${pathname}${search}`);
  }
  const texts = Object.entries(body).flatMap(([name, value]) => (typeof value === 'string' ? [{ name, value }] : []));
  if (method === 'POST' && /^\/booking\/(services|staff)$/.test(path)) for (const { name, value } of texts) loose.get(name)?.push(value);
  if (access.kind !== 'admin' || method === 'GET') return;
  for (const { name, value } of texts) {
    const pool = ending.get(name);
    if (!pool || kept.get(name)?.includes(value)) continue;
    pool.push(value);
    if (pool.length > MAX_POOL) pool.shift();
  }
}

function poolOf(organizations: readonly TwinOrganization[]): Pool {
  const all = (of: (organization: TwinOrganization) => readonly string[]) => organizations.flatMap(of);
  return new Map([
    ['organizationId', all((one) => [one.organizationId])],
    ['agentId', all((one) => one.agentIds)],
    ['numberId', all((one) => one.numberIds)],
    ['phoneId', all((one) => one.phoneIds)],
    ['callId', all((one) => one.callIds)],
    ['conversationId', all((one) => one.conversationIds)],
    ['documentId', all((one) => one.documentIds)],
    ['serviceId', all((one) => one.serviceIds)],
    ['staffId', all((one) => one.staffIds)],
    ['appointmentId', all((one) => one.appointmentIds)],
    ['toolId', all((one) => one.toolIds)],
    ['messageId', all((one) => one.messageIds)],
    ['contactId', all((one) => one.contactIds)],
    ['jobId', all((one) => one.jobIds)],
    ['tokenId', all((one) => [one.token.tokenId])],
    ['planId', []],
    ['trunkId', []],
  ]);
}

async function narrowTokens(askAdmin: AskAdmin, twins: readonly TwinOrganization[]): Promise<HeldToken[]> {
  const tokens: HeldToken[] = [];
  for (const { organizationId } of twins)
    for (const scope of ['agent:read', 'calls:read']) tokens.push(await addToken(askAdmin, organizationId, [scope]));
  const [first] = twins;
  if (first) {
    const revoked = await addToken(askAdmin, first.organizationId, ['agent:read']);
    await askAdmin(`/admin/tokens/${revoked.tokenId}/revoke`, { method: 'POST' });
    tokens.push(revoked);
  }
  return tokens;
}

function bearer({ text }: HeldToken): Record<string, string> {
  return { authorization: `Bearer ${text}` };
}
