// Numbers as rows: what callers dial, and which agent answers. Asterisk is told nothing of them: its dialplan hands every dialled number over.
import type { SQL } from 'drizzle-orm';
import { and, asc, eq, gt } from 'drizzle-orm';
import type { Database, Queries, ReadScope } from '#db/client.ts';
import { agents } from '#db/schema/agents.ts';
import { numbers } from '#db/schema/numbers.ts';
import { organizations } from '#db/schema/organizations.ts';
import type { AuditTrail } from '#features/access/audit-store.ts';
import { checkStays } from '#features/access/organization-stay-store.ts';
import type { Actor } from '#shared/actor.ts';
import type { AdminOrgScope, ApplianceScope, OneOrganization } from '#shared/appliance-scope.ts';
import type { OrganizationId } from '#shared/id.ts';
import { newId } from '#shared/id.ts';

/** A number of an organization. */
export type NumberSummary = {
  readonly organizationId: string;
  readonly numberId: string;
  readonly number: string;
  readonly agentId: string;
  readonly createdAt: Date;
};

/** Who changes a number. */
export type NumberEditor<Scope extends OneOrganization = OneOrganization> = { readonly scope: Scope; readonly actor: Actor };

export type NumberCreation =
  | { readonly kind: 'created'; readonly number: NumberSummary }
  /** Somebody has it; whose it is, is nobody's business. */
  | { readonly kind: 'taken' }
  | { readonly kind: 'agent_not_found' }
  | { readonly kind: 'organization_not_found' }
  | { readonly kind: 'deletion_pending' };
export type NumberChange =
  | { readonly kind: 'changed'; readonly number: NumberSummary }
  | { readonly kind: 'agent_not_found' }
  | { readonly kind: 'not_found' };

/** Every write of the admin is refused for an organization that waits to be deleted: its export is made. */
export type NumberStore = {
  /** Numbers in their order, at most `limit`, those after the number `after` only. */
  list(scope: ReadScope, page: { limit: number; after: string | null }): Promise<NumberSummary[]>;
  /** Null when there is no such number, or it is another organization's. */
  find(scope: ReadScope, numberId: string): Promise<NumberSummary | null>;
  /** The organization that a number belongs to, for the admin who names the number alone. */
  findOwner(scope: ApplianceScope, numberId: string): Promise<OrganizationId | null>;
  create(by: NumberEditor<AdminOrgScope>, options: { number: string; agentId: string }): Promise<NumberCreation>;
  /** Lets another agent of the same organization answer. The next call hears it within the time that routing remembers, 5 s. */
  lead(by: NumberEditor, numberId: string, options: { agentId: string }): Promise<NumberChange>;
  /** False when there is no such number. */
  remove(by: NumberEditor<AdminOrgScope>, numberId: string): Promise<boolean>;
};

const columns = {
  organizationId: numbers.orgId,
  numberId: numbers.id,
  number: numbers.number,
  agentId: numbers.agentId,
  createdAt: numbers.createdAt,
};

type Parts = { readonly database: Database; readonly audit: AuditTrail };

export function createNumberStore(parts: Parts): NumberStore {
  const { database } = parts;
  return {
    list: (scope, { limit, after }) =>
      database.inScope(scope, (queries) =>
        queries
          .select(columns)
          .from(numbers)
          .where(and(ownedBy(scope), after === null ? undefined : gt(numbers.number, after)))
          .orderBy(asc(numbers.number))
          .limit(limit),
      ),
    find: (scope, numberId) =>
      database.inScope(scope, async (queries) => {
        const [found] = await queries
          .select(columns)
          .from(numbers)
          .where(and(ownedBy(scope), eq(numbers.id, numberId)))
          .limit(1);
        return found ?? null;
      }),
    findOwner: (scope, numberId) =>
      database.inAppliance(scope, async (queries) => {
        const [row] = await queries.select({ orgId: numbers.orgId }).from(numbers).where(eq(numbers.id, numberId)).limit(1);
        return row ? (row.orgId as OrganizationId) : null;
      }),
    create: (by, options) => create(parts, by, options),
    lead: (by, numberId, { agentId }) => lead(parts, by, { numberId, agentId }),
    remove: (by, numberId) => remove(parts, by, numberId),
  };
}

/** The organization is named beside the policy: the planner needs it, and it is a second barrier. */
function ownedBy(scope: ReadScope): SQL | undefined {
  return 'organizationId' in scope ? eq(numbers.orgId, scope.organizationId) : undefined;
}

type Creation = { readonly number: string; readonly agentId: string };

function create({ database, audit }: Parts, by: NumberEditor, { number, agentId }: Creation): Promise<NumberCreation> {
  const orgId = by.scope.organizationId;
  return database.inScope(by.scope, async (queries) => {
    // The lock: its deletion is not asked for between the look and the end.
    const [owner] = await queries
      .select({ deletionRequestedAt: organizations.deletionRequestedAt })
      .from(organizations)
      .where(eq(organizations.id, orgId))
      .for('share');
    if (!owner) return { kind: 'organization_not_found' };
    if (owner.deletionRequestedAt) return { kind: 'deletion_pending' };
    if (!(await holdsAgent(queries, by, agentId))) return { kind: 'agent_not_found' };
    const [created] = await queries
      .insert(numbers)
      .values({ orgId, id: newId('number'), number, agentId })
      .onConflictDoNothing({ target: numbers.number })
      .returning(columns);
    if (!created) return { kind: 'taken' };
    await audit.append(queries, by, { action: 'number.created', resource: created.numberId, details: { number, agentId } });
    return { kind: 'created', number: created };
  });
}

type Lead = { readonly numberId: string; readonly agentId: string };

function lead({ database, audit }: Parts, by: NumberEditor, { numberId, agentId }: Lead): Promise<NumberChange> {
  return database.inScope(by.scope, async (queries) => {
    await checkStays(queries, by.scope);
    const [current] = await queries.select(columns).from(numbers).where(isNumber(by, numberId)).for('no key update');
    if (!current) return { kind: 'not_found' };
    if (!(await holdsAgent(queries, by, agentId))) return { kind: 'agent_not_found' };
    if (current.agentId === agentId) return { kind: 'changed', number: current };
    await queries.update(numbers).set({ agentId }).where(isNumber(by, numberId));
    const details = { number: current.number, agentId, before: current.agentId };
    await audit.append(queries, by, { action: 'number.led', resource: numberId, details });
    return { kind: 'changed', number: { ...current, agentId } };
  });
}

function remove({ database, audit }: Parts, by: NumberEditor, numberId: string): Promise<boolean> {
  return database.inScope(by.scope, async (queries) => {
    await checkStays(queries, by.scope);
    const [removed] = await queries.delete(numbers).where(isNumber(by, numberId)).returning(columns);
    if (!removed) return false;
    const { number, agentId } = removed;
    await audit.append(queries, by, { action: 'number.removed', resource: numberId, details: { number, agentId } });
    return true;
  });
}

/** Whether the organization has this agent, which stays until the transaction ends. */
async function holdsAgent(queries: Queries, { scope }: NumberEditor, agentId: string): Promise<boolean> {
  const held = await queries
    .select({ id: agents.id })
    .from(agents)
    .where(and(eq(agents.orgId, scope.organizationId), eq(agents.id, agentId)))
    .for('key share');
  return held.length > 0;
}

function isNumber({ scope }: NumberEditor, numberId: string) {
  return and(eq(numbers.orgId, scope.organizationId), eq(numbers.id, numberId));
}
