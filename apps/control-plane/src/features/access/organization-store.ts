// Organizations as the admin keeps them: made, changed, switched on and off, and marked for deletion. Deleting for good is the appliance's job.
import { and, count, desc, eq, isNull, sql } from 'drizzle-orm';
import type { Database, Queries } from '#db/client.ts';
import { agents } from '#db/schema/agents.ts';
import { calls } from '#db/schema/calls.ts';
import type { overloadChoices } from '#db/schema/organizations.ts';
import { organizations } from '#db/schema/organizations.ts';
import { DEFAULT_PLAN, plans } from '#db/schema/plans.ts';
import type { Actor } from '#shared/actor.ts';
import type { ApplianceScope } from '#shared/appliance-scope.ts';
import { onOrganization } from '#shared/appliance-scope.ts';
import type { Clock } from '#shared/clock.ts';
import type { OrganizationId } from '#shared/id.ts';
import { newId } from '#shared/id.ts';
import { announceAccessChange } from './access-change-store.ts';
import type { AuditEntry, AuditTrail } from './audit-store.ts';
import { slugCandidates, slugOf } from './organization-slug.ts';

/** An organization as it is read. */
export type Organization = {
  readonly organizationId: OrganizationId;
  readonly name: string;
  readonly slug: string;
  readonly active: boolean;
  readonly planId: string;
  readonly overloadChoice: (typeof overloadChoices)[number];
  readonly overloadDestination: string | null;
  readonly overloadMaxWaitSeconds: number;
  readonly overloadPositionEverySeconds: number | null;
  readonly createdAt: Date;
  readonly updatedAt: Date;
  /** Set while it waits to be deleted. */
  readonly deletionRequestedAt: Date | null;
  /** From then on it may be deleted. */
  readonly deleteAfter: Date | null;
};
/** An organization to make. */
export type NewOrganization = { readonly name: string; readonly slug?: string | undefined; readonly planId?: string | undefined };
/** What of an organization may change. */
export type OrganizationChanges = {
  readonly name?: string | undefined;
  readonly planId?: string | undefined;
  readonly overload?: OverloadChanges | undefined;
};
/** What becomes of calls that there is no room for. */
export type OverloadChanges = {
  readonly choice?: Organization['overloadChoice'] | undefined;
  readonly destination?: string | null | undefined;
  readonly maxWaitSeconds?: number | undefined;
  /** Null: a caller who is held is not told his place. */
  readonly positionEverySeconds?: number | null | undefined;
};
/** The last organization of a page; the next page starts after it. */
export type OrganizationPosition = { readonly createdAt: Date; readonly organizationId: string };
/** Who does it. */
type By = { readonly scope: ApplianceScope; readonly actor: Actor };

/** What a write came to. */
export type OrganizationOutcome =
  | { readonly kind: 'done'; readonly organization: Organization }
  | { readonly kind: 'not_found' | 'unknown_plan' | 'slug_taken' | 'deletion_pending' | 'no_deletion_pending' }
  | { readonly kind: 'too_many_agents'; readonly agents: number; readonly limit: number }
  | { readonly kind: 'live_calls'; readonly liveCalls: number };

export type OrganizationStore = {
  /** Newest first, at most `limit`, those before `after` only. */
  list(scope: ApplianceScope, page: { limit: number; after: OrganizationPosition | null; active: boolean | null }): Promise<Organization[]>;
  /** Null when there is no such organization. */
  find(scope: ApplianceScope, organizationId: OrganizationId): Promise<Organization | null>;
  /** Without a slug it gets one from its name. `slug_taken` only for a slug that was asked for. */
  create(by: By, organization: NewOrganization): Promise<OrganizationOutcome>;
  /** A plan that allows fewer agents than there are is refused, and every change while it waits to be deleted. */
  update(by: By, organizationId: OrganizationId, changes: OrganizationChanges): Promise<OrganizationOutcome>;
  /** Refused while it waits to be deleted: it is off, and stays so when it is restored. */
  setActive(by: By, organizationId: OrganizationId, active: boolean): Promise<OrganizationOutcome>;
  /** Inactive at once, deleted after `graceDays`. Refused while calls are live. */
  requestDeletion(by: By, organizationId: OrganizationId, graceDays: number): Promise<OrganizationOutcome>;
  /** Cancels the deletion. The organization stays inactive: whoever wants its numbers answered again says so. */
  restore(by: By, organizationId: OrganizationId): Promise<OrganizationOutcome>;
};

export type OrganizationStoreParts = {
  readonly database: Database;
  readonly audit: AuditTrail;
  readonly clock: Clock;
  /** Calls of an organization that are up in this process. */
  readonly liveCalls: (organizationId: string) => number;
};

const DAY_MS = 86_400_000;

const organizationColumns = {
  organizationId: sql<OrganizationId>`${organizations.id}`,
  name: organizations.name,
  slug: organizations.slug,
  active: organizations.active,
  planId: organizations.planId,
  overloadChoice: organizations.overloadChoice,
  overloadDestination: organizations.overloadDestination,
  overloadMaxWaitSeconds: organizations.overloadMaxWaitSeconds,
  overloadPositionEverySeconds: organizations.overloadPositionEverySeconds,
  createdAt: organizations.createdAt,
  updatedAt: organizations.updatedAt,
  deletionRequestedAt: organizations.deletionRequestedAt,
  deleteAfter: organizations.deleteAfter,
};

type Columns = Partial<typeof organizations.$inferInsert>;

export function createOrganizationStore(parts: OrganizationStoreParts): OrganizationStore {
  const { database } = parts;
  return {
    list: (scope, { limit, after, active }) =>
      database.inAppliance(scope, (queries) =>
        queries
          .select(organizationColumns)
          .from(organizations)
          .where(and(active === null ? undefined : eq(organizations.active, active), after ? before(after) : undefined))
          .orderBy(desc(organizations.createdAt), desc(organizations.id))
          .limit(limit),
      ),
    find: (scope, organizationId) =>
      database.inAppliance(scope, async (queries) => {
        const [found] = await queries.select(organizationColumns).from(organizations).where(eq(organizations.id, organizationId));
        return found ?? null;
      }),
    create: (by, wanted) => create(parts, by, wanted),
    update: (by, organizationId, changes) =>
      change(parts, { by, organizationId }, (queries, current) => decideUpdate(queries, current, changes)),
    setActive: (by, organizationId, active) =>
      change(parts, { by, organizationId }, async (_queries, current) => {
        if (current.deletionRequestedAt) return { kind: 'deletion_pending' };
        return { set: { active }, entry: { action: active ? 'organization.activated' : 'organization.deactivated' } };
      }),
    requestDeletion: (by, organizationId, graceDays) =>
      change(parts, { by, organizationId }, (queries, current) => decideDeletion(parts, queries, { current, graceDays })),
    restore: (by, organizationId) =>
      change(parts, { by, organizationId }, async (_queries, current) => {
        if (!current.deletionRequestedAt) return { kind: 'no_deletion_pending' };
        return { set: { deletionRequestedAt: null, deleteAfter: null }, entry: { action: 'organization.restored' } };
      }),
  };
}

/** A refusal, or the columns that change and what is written down. */
type Decision = OrganizationOutcome | { readonly set: Columns; readonly entry: Omit<AuditEntry, 'resource'> };
type Subject = { readonly by: By; readonly organizationId: OrganizationId };

/** Lets `decide` look at the locked row, and does what it says. */
function change(
  { database, audit, clock }: OrganizationStoreParts,
  { by, organizationId }: Subject,
  decide: (queries: Queries, current: Organization) => Promise<Decision>,
): Promise<OrganizationOutcome> {
  return database.inAppliance(by.scope, async (queries): Promise<OrganizationOutcome> => {
    const own = eq(organizations.id, organizationId);
    const [current] = await queries.select(organizationColumns).from(organizations).where(own).for('update');
    if (!current) return { kind: 'not_found' };
    const decision = await decide(queries, current);
    if ('kind' in decision) return decision;
    const set = { ...decision.set, updatedAt: clock.wallAt() };
    const [organization] = await queries.update(organizations).set(set).where(own).returning(organizationColumns);
    if (!organization) throw new Error(`the locked row of ${organizationId} is gone`);
    await record(audit, { queries, by, organizationId }, decision.entry);
    return { kind: 'done', organization };
  });
}

async function decideUpdate(queries: Queries, current: Organization, { name, planId, overload }: OrganizationChanges): Promise<Decision> {
  if (current.deletionRequestedAt) return { kind: 'deletion_pending' };
  if (planId !== undefined && planId !== current.planId) {
    const refusal = await refusePlan(queries, current.organizationId, planId);
    if (refusal) return refusal;
  }
  const set = { ...(name === undefined ? {} : { name }), ...(planId === undefined ? {} : { planId }), ...overloadColumns(overload) };
  const before = Object.fromEntries(Object.keys(set).map((column) => [column, current[column as keyof Organization]]));
  const details = { from: { name: current.name, planId: current.planId, ...before }, to: set };
  return { set, entry: { action: 'organization.updated', details } };
}

function overloadColumns({ choice, destination, maxWaitSeconds, positionEverySeconds }: OverloadChanges = {}): Columns {
  return {
    ...(choice === undefined ? {} : { overloadChoice: choice }),
    ...(destination === undefined ? {} : { overloadDestination: destination }),
    ...(maxWaitSeconds === undefined ? {} : { overloadMaxWaitSeconds: maxWaitSeconds }),
    ...(positionEverySeconds === undefined ? {} : { overloadPositionEverySeconds: positionEverySeconds }),
  };
}

async function decideDeletion(
  { clock, liveCalls: liveHere }: OrganizationStoreParts,
  queries: Queries,
  { current, graceDays }: { current: Organization; graceDays: number },
): Promise<Decision> {
  const { organizationId, deletionRequestedAt: pendingSince, active: wasActive } = current;
  if (pendingSince) return { kind: 'deletion_pending' };
  const liveCalls = Math.max(liveHere(organizationId), await openCalls(queries, organizationId));
  if (liveCalls > 0) return { kind: 'live_calls', liveCalls };
  const deletionRequestedAt = clock.wallAt();
  const deleteAfter = new Date(deletionRequestedAt.getTime() + graceDays * DAY_MS);
  const details = { graceDays, deleteAfter: deleteAfter.toISOString(), wasActive };
  return { set: { active: false, deletionRequestedAt, deleteAfter }, entry: { action: 'organization.deletion_requested', details } };
}

async function create({ database, audit, clock }: OrganizationStoreParts, by: By, wanted: NewOrganization): Promise<OrganizationOutcome> {
  const { name, slug, planId = DEFAULT_PLAN } = wanted;
  return database.inAppliance(by.scope, async (queries): Promise<OrganizationOutcome> => {
    const [plan] = await queries.select({ id: plans.id }).from(plans).where(eq(plans.id, planId)).for('key share');
    if (!plan) return { kind: 'unknown_plan' };
    const organizationId = newId('organization');
    const at = clock.wallAt();
    for (const candidate of slug === undefined ? slugCandidates(slugOf(name)) : [slug]) {
      const row = { id: organizationId, name, slug: candidate, planId, createdAt: at, updatedAt: at };
      const inserted = queries.insert(organizations).values(row).onConflictDoNothing({ target: organizations.slug });
      const [organization] = await inserted.returning(organizationColumns);
      if (!organization) continue;
      const details = { name, slug: candidate, planId };
      await record(audit, { queries, by, organizationId }, { action: 'organization.created', details });
      return { kind: 'done', organization };
    }
    return { kind: 'slug_taken' };
  });
}

/** The organization's chain, and word to every process that remembers whether its tokens open something. */
async function record(
  audit: AuditTrail,
  { queries, by, organizationId }: { queries: Queries; by: By; organizationId: OrganizationId },
  entry: Omit<AuditEntry, 'resource'>,
): Promise<void> {
  const scope = onOrganization(by.scope, organizationId);
  await audit.append(queries, { scope, actor: by.actor }, { ...entry, resource: organizationId });
  await announceAccessChange(queries, { kind: 'organization', organizationId });
}

/** Why the organization cannot be put on the plan; null when it can. */
async function refusePlan(queries: Queries, organizationId: OrganizationId, planId: string): Promise<OrganizationOutcome | null> {
  const [plan] = await queries.select({ limit: plans.agents }).from(plans).where(eq(plans.id, planId)).for('key share');
  if (!plan) return { kind: 'unknown_plan' };
  const [used] = await queries.select({ agents: count() }).from(agents).where(eq(agents.orgId, organizationId));
  const registered = used?.agents ?? 0;
  return registered > plan.limit ? { kind: 'too_many_agents', agents: registered, limit: plan.limit } : null;
}

/** Calls whose rows say that they are up, on whichever server. */
async function openCalls(queries: Queries, organizationId: OrganizationId): Promise<number> {
  const [open] = await queries
    .select({ calls: count() })
    .from(calls)
    .where(and(eq(calls.orgId, organizationId), isNull(calls.endedAt)));
  return open?.calls ?? 0;
}

function before({ createdAt, organizationId }: OrganizationPosition) {
  return sql`(${organizations.createdAt}, ${organizations.id}) < (${createdAt.toISOString()}::timestamptz, ${organizationId})`;
}
