// Plans: what an organization may use. They belong to the appliance; its chain keeps who changed them.
import { asc, count, eq, gt, sql } from 'drizzle-orm';
import type { Database } from '#db/client.ts';
import { organizations } from '#db/schema/organizations.ts';
import { plans } from '#db/schema/plans.ts';
import type { Actor } from '#shared/actor.ts';
import type { ApplianceScope } from '#shared/appliance-scope.ts';
import { announceAccessChange } from './access-change-store.ts';
import type { AuditTrail } from './audit-store.ts';

/** What a plan allows; the columns say what each limit is. */
export type PlanLimits = Omit<typeof plans.$inferSelect, 'id' | 'name' | 'createdAt' | 'updatedAt'>;
/** A plan as it is read. */
export type Plan = PlanLimits & { readonly planId: string; readonly name: string; readonly createdAt: Date; readonly updatedAt: Date };
/** A plan to make. */
export type NewPlan = PlanLimits & { readonly planId: string; readonly name: string };
/** What of a plan may change: everything but its id. */
export type PlanChanges = Partial<PlanLimits & { readonly name: string }>;

/** Who does it. */
export type ApplianceActor = { readonly scope: ApplianceScope; readonly actor: Actor };

export type PlanStore = {
  /** By id, at most `limit`, those after `after` only. */
  list(scope: ApplianceScope, page: { limit: number; after: string | null }): Promise<Plan[]>;
  /** Null when there is no such plan. */
  find(scope: ApplianceScope, planId: string): Promise<Plan | null>;
  /** Null when the id is taken. */
  create(by: ApplianceActor, plan: NewPlan): Promise<Plan | null>;
  /** Null when there is no such plan. What organizations use beyond a lower limit stays; more is refused. */
  update(by: ApplianceActor, planId: string, changes: PlanChanges): Promise<Plan | null>;
  /** A plan with organizations stays. */
  remove(
    by: ApplianceActor,
    planId: string,
  ): Promise<{ kind: 'removed' } | { kind: 'not_found' } | { kind: 'in_use'; organizations: number }>;
};

/** The columns of a plan, for `select` and `returning`. */
const planColumns = {
  planId: plans.id,
  name: plans.name,
  concurrentCalls: plans.concurrentCalls,
  agents: plans.agents,
  requestsPerMinute: plans.requestsPerMinute,
  dailyDials: plans.dailyDials,
  storageBytes: plans.storageBytes,
  recordingRetentionDays: plans.recordingRetentionDays,
  textRetentionDays: plans.textRetentionDays,
  createdAt: plans.createdAt,
  updatedAt: plans.updatedAt,
};

export function createPlanStore({ database, audit }: { database: Database; audit: AuditTrail }): PlanStore {
  return {
    list: (scope, { limit, after }) =>
      database.inAppliance(scope, (queries) =>
        queries
          .select(planColumns)
          .from(plans)
          .where(after === null ? undefined : gt(plans.id, after))
          .orderBy(asc(plans.id))
          .limit(limit),
      ),
    find: (scope, planId) =>
      database.inAppliance(scope, async (queries) => {
        const [plan] = await queries.select(planColumns).from(plans).where(eq(plans.id, planId));
        return plan ?? null;
      }),
    create: (by, { planId, ...values }) =>
      database.inAppliance(by.scope, async (queries) => {
        const row = { id: planId, ...values };
        const [plan] = await queries.insert(plans).values(row).onConflictDoNothing().returning(planColumns);
        if (!plan) return null;
        await audit.append(queries, by, { action: 'plan.created', resource: planId, details: values });
        return plan;
      }),
    update: (by, planId, changes) =>
      database.inAppliance(by.scope, async (queries) => {
        const [plan] = await queries
          .update(plans)
          .set({ ...changes, updatedAt: sql`now()` })
          .where(eq(plans.id, planId))
          .returning(planColumns);
        if (!plan) return null;
        await audit.append(queries, by, { action: 'plan.updated', resource: planId, details: changes });
        await announceAccessChange(queries, { kind: 'plan', planId });
        return plan;
      }),
    remove: (by, planId) =>
      database.inAppliance(by.scope, async (queries) => {
        // Locked: an organization that is put on the plan meanwhile waits, and then finds no plan.
        const [plan] = await queries.select({ id: plans.id }).from(plans).where(eq(plans.id, planId)).for('update');
        if (!plan) return { kind: 'not_found' };
        const [users] = await queries.select({ organizations: count() }).from(organizations).where(eq(organizations.planId, planId));
        if (users && users.organizations > 0) return { kind: 'in_use', organizations: users.organizations };
        await queries.delete(plans).where(eq(plans.id, planId));
        await audit.append(queries, by, { action: 'plan.deleted', resource: planId });
        return { kind: 'removed' };
      }),
  };
}
