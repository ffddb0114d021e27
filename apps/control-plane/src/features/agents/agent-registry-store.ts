// What the appliance's admin does with agents: registers them, puts them to work, takes them off, removes them.
import { and, count, eq, sql } from 'drizzle-orm';
import type { Database, Queries } from '#db/client.ts';
import { agents } from '#db/schema/agents.ts';
import { calls } from '#db/schema/calls.ts';
import { numbers } from '#db/schema/numbers.ts';
import { organizations } from '#db/schema/organizations.ts';
import { plans } from '#db/schema/plans.ts';
import type { AgentDraft } from '#dialog/flow-schema.ts';
import type { AuditTrail } from '#features/access/audit-store.ts';
import { checkStays } from '#features/access/organization-stay-store.ts';
import type { Actor } from '#shared/actor.ts';
import type { AdminOrgScope } from '#shared/appliance-scope.ts';
import { newId } from '#shared/id.ts';
import type { AgentDetails, AgentSummary } from './agent-store.ts';
import { agentDetailsColumns, agentSummaryColumns, toAgentDetails } from './agent-store.ts';
import { insertAgent } from './agent-version-store.ts';

/** The admin at work on one organization. */
export type AgentAdmin = { readonly scope: AdminOrgScope; readonly actor: Actor };

export type RegisterOutcome =
  | { readonly kind: 'registered'; readonly agent: AgentDetails }
  | { readonly kind: 'organization_not_found' }
  | { readonly kind: 'deletion_pending' }
  | { readonly kind: 'plan_limit'; readonly limit: number; readonly used: number };
export type ProvisionOutcome =
  | { readonly kind: 'provisioned'; readonly agent: AgentSummary }
  | { readonly kind: 'not_found' }
  /** The number is somebody else's. */
  | { readonly kind: 'number_taken' };
export type ActivationOutcome =
  | { readonly kind: 'done'; readonly agent: AgentSummary }
  | { readonly kind: 'not_found' }
  | { readonly kind: 'not_provisioned' };
export type RemovalOutcome =
  | { readonly kind: 'removed' }
  | { readonly kind: 'not_found' }
  | { readonly kind: 'in_use'; readonly numbers: number; readonly hasCalls: boolean };

/** Every write is refused for an organization that waits to be deleted: its export is made. */
export type AgentRegistryStore = {
  /** Adds an agent that answers nothing yet, when the organization's plan allows one more. */
  register(by: AgentAdmin, draft: AgentDraft): Promise<RegisterOutcome>;
  /** Puts an agent to work, with the number that is to lead to it: one of the organization, or a new one. */
  provision(by: AgentAdmin, agentId: string, options: { number?: string | undefined }): Promise<ProvisionOutcome>;
  /** Lets a provisioned agent answer its numbers, or stops it. Calls that are up go on. */
  setActive(by: AgentAdmin, agentId: string, active: boolean): Promise<ActivationOutcome>;
  /** Removes an agent that no number leads to and that never had a call, with all its versions. */
  remove(by: AgentAdmin, agentId: string): Promise<RemovalOutcome>;
};

export function createAgentRegistryStore(parts: { database: Database; audit: AuditTrail }): AgentRegistryStore {
  return {
    register: (by, draft) => register(parts, by, draft),
    provision: (by, agentId, { number }) => provision(parts, by, { agentId, number }),
    setActive: (by, agentId, active) => setActive(parts, by, { agentId, active }),
    remove: (by, agentId) => remove(parts, by, agentId),
  };
}

type Parts = { readonly database: Database; readonly audit: AuditTrail };

function register({ database, audit }: Parts, by: AgentAdmin, draft: AgentDraft): Promise<RegisterOutcome> {
  const orgId = by.scope.organizationId;
  return database.inScope(by.scope, async (queries) => {
    // The lock on the organization orders registrations, so that two cannot both take the last place.
    const [owner] = await queries
      .select({ limit: plans.agents, deletionRequestedAt: organizations.deletionRequestedAt })
      .from(organizations)
      .innerJoin(plans, eq(plans.id, organizations.planId))
      .where(eq(organizations.id, orgId))
      .for('no key update', { of: organizations });
    if (!owner) return { kind: 'organization_not_found' };
    if (owner.deletionRequestedAt) return { kind: 'deletion_pending' };
    const [{ used } = { used: 0 }] = await queries.select({ used: count() }).from(agents).where(eq(agents.orgId, orgId));
    if (used >= owner.limit) return { kind: 'plan_limit', limit: owner.limit, used };
    const agentId = newId('agent');
    await insertAgent(queries, { orgId, profile: { agentId, ...draft }, createdBy: by.actor.name, isProvisioned: false });
    await audit.append(queries, by, { action: 'agent.registered', resource: agentId, details: { version: 1 } });
    const [row] = await queries.select(agentDetailsColumns).from(agents).where(isAgent(by, agentId));
    if (!row) throw new Error(`${agentId} is not there after it was added`);
    return { kind: 'registered', agent: toAgentDetails(row) };
  });
}

type Provisioning = { readonly agentId: string; readonly number: string | undefined };

async function provision({ database, audit }: Parts, by: AgentAdmin, { agentId, number }: Provisioning): Promise<ProvisionOutcome> {
  return database.inScope(by.scope, async (queries) => {
    await checkStays(queries, by.scope);
    if (!(await lockState(queries, by, agentId))) return { kind: 'not_found' };
    if (number !== undefined) {
      const numberId = await leadNumber(queries, by, { agentId, number });
      if (numberId === null) return { kind: 'number_taken' };
      await audit.append(queries, by, { action: 'number.led', resource: numberId, details: { number, agentId } });
    }
    const [agent] = await queries
      .update(agents)
      .set({ active: true, provisionedAt: sql`coalesce(${agents.provisionedAt}, now())`, updatedAt: sql`now()` })
      .where(isAgent(by, agentId))
      .returning(agentSummaryColumns);
    if (!agent) throw new Error(`${agentId} went away while it was locked`);
    await audit.append(queries, by, { action: 'agent.provisioned', resource: agentId });
    return { kind: 'provisioned', agent };
  });
}

type NumberLead = { readonly agentId: string; readonly number: string };

/** Points the organization's number to the agent, adding it when nobody has it. Returns its id, or null when it is another organization's. */
async function leadNumber(queries: Queries, by: AgentAdmin, { agentId, number }: NumberLead): Promise<string | null> {
  const orgId = by.scope.organizationId;
  const [written] = await queries
    .insert(numbers)
    .values({ orgId, id: newId('number'), number, agentId })
    .onConflictDoUpdate({ target: numbers.number, set: { agentId }, setWhere: eq(numbers.orgId, orgId) })
    .returning({ id: numbers.id });
  return written?.id ?? null;
}

type Activation = { readonly agentId: string; readonly active: boolean };

function setActive({ database, audit }: Parts, by: AgentAdmin, { agentId, active }: Activation): Promise<ActivationOutcome> {
  return database.inScope(by.scope, async (queries) => {
    await checkStays(queries, by.scope);
    const current = await lockState(queries, by, agentId);
    if (!current) return { kind: 'not_found' };
    if (current.state === 'registered') return { kind: 'not_provisioned' };
    if ((current.state === 'active') === active) return { kind: 'done', agent: current };
    const [agent] = await queries
      .update(agents)
      .set({ active, updatedAt: sql`now()` })
      .where(isAgent(by, agentId))
      .returning(agentSummaryColumns);
    if (!agent) throw new Error(`${agentId} went away while it was locked`);
    await audit.append(queries, by, { action: active ? 'agent.activated' : 'agent.deactivated', resource: agentId });
    return { kind: 'done', agent };
  });
}

function remove({ database, audit }: Parts, by: AgentAdmin, agentId: string): Promise<RemovalOutcome> {
  const orgId = by.scope.organizationId;
  return database.inScope(by.scope, async (queries) => {
    await checkStays(queries, by.scope);
    // The full lock: no call and no number can begin to name the agent between the look and the removal.
    const [agent] = await queries.select({ name: agents.name }).from(agents).where(isAgent(by, agentId)).for('update');
    if (!agent) return { kind: 'not_found' };
    const [{ leading } = { leading: 0 }] = await queries
      .select({ leading: count() })
      .from(numbers)
      .where(and(eq(numbers.orgId, orgId), eq(numbers.agentId, agentId)));
    const answered = await queries
      .select({ id: calls.id })
      .from(calls)
      .where(and(eq(calls.orgId, orgId), eq(calls.agentId, agentId)))
      .limit(1);
    if (leading > 0 || answered.length > 0) return { kind: 'in_use', numbers: leading, hasCalls: answered.length > 0 };
    await queries.delete(agents).where(isAgent(by, agentId));
    await audit.append(queries, by, { action: 'agent.removed', resource: agentId });
    return { kind: 'removed' };
  });
}

async function lockState(queries: Queries, by: AgentAdmin, agentId: string): Promise<AgentSummary | null> {
  const [agent] = await queries.select(agentSummaryColumns).from(agents).where(isAgent(by, agentId)).for('no key update');
  return agent ?? null;
}

function isAgent({ scope }: AgentAdmin, agentId: string) {
  return and(eq(agents.orgId, scope.organizationId), eq(agents.id, agentId));
}
