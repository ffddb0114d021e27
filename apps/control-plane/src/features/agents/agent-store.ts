// Agents as rows: read whole, checked, and never half a flow.
import type { SQL } from 'drizzle-orm';
import { and, asc, eq, sql } from 'drizzle-orm';
import { z } from 'zod';
import type { Database, ReadScope } from '#db/client.ts';
import { agents } from '#db/schema/agents.ts';
import type { AgentDraft } from '#dialog/flow-schema.ts';
import { agentDraftSchema } from '#dialog/flow-schema.ts';
import type { AgentProfile } from '#ports/agent-profile.ts';
import type { ApplianceScope } from '#shared/appliance-scope.ts';
import type { OrganizationId } from '#shared/id.ts';

/** `registered`: written, never put to work; `active`: answers its numbers; `inactive`: taken off them. */
export const agentStates = ['registered', 'active', 'inactive'] as const;
export type AgentState = (typeof agentStates)[number];

/** An agent in a list. */
export type AgentSummary = {
  readonly organizationId: string;
  readonly agentId: string;
  readonly name: string;
  readonly language: string;
  readonly voice: string;
  readonly state: AgentState;
  /** Number of the newest version, which is the one that answers. */
  readonly version: number;
  readonly createdAt: Date;
  readonly updatedAt: Date;
};
/** An agent with everything that its owner edits. */
export type AgentDetails = AgentSummary & { readonly draft: AgentDraft };
/** The last agent of a page; the next page starts after it. */
export type AgentPosition = { readonly name: string; readonly agentId: string };

/** The columns that make a profile. */
export type AgentRow = {
  readonly agentId: string;
  readonly name: string;
  readonly language: string;
  readonly voice: string;
  readonly profile: unknown;
};

export type AgentStore = {
  /** Agents by name, at most `limit`, those after `after` only. */
  list(scope: ReadScope, page: { limit: number; after: AgentPosition | null }): Promise<AgentSummary[]>;
  /** Null when there is no such agent, or it is another organization's. */
  find(scope: ReadScope, agentId: string): Promise<AgentDetails | null>;
  /** The organization that an agent belongs to, for the admin who names the agent alone; null when there is no such agent. */
  findOwner(scope: ApplianceScope, agentId: string): Promise<OrganizationId | null>;
};

/** What is in the column `profile`; its fields are checked together with the other columns. */
const storedPart = z.record(z.string(), z.unknown());

/** The columns of a summary, for `select` and `returning`. */
export const agentSummaryColumns = {
  organizationId: agents.orgId,
  agentId: agents.id,
  name: agents.name,
  language: agents.language,
  voice: agents.voice,
  state: sql<AgentState>`case when ${agents.active} then 'active' when ${agents.provisionedAt} is null then 'registered' else 'inactive' end`,
  version: agents.version,
  createdAt: agents.createdAt,
  updatedAt: agents.updatedAt,
};
/** The columns of an agent with its draft. */
export const agentDetailsColumns = { ...agentSummaryColumns, profile: agents.profile };

export function createAgentStore(database: Database): AgentStore {
  return {
    list: (scope, { limit, after }) =>
      database.inScope(scope, (queries) =>
        queries
          .select(agentSummaryColumns)
          .from(agents)
          .where(and(ownedBy(scope), after ? sql`(${agents.name}, ${agents.id}) > (${after.name}, ${after.agentId})` : undefined))
          .orderBy(asc(agents.name), asc(agents.id))
          .limit(limit),
      ),
    find: (scope, agentId) =>
      database.inScope(scope, async (queries) => {
        const [row] = await queries
          .select(agentDetailsColumns)
          .from(agents)
          .where(and(ownedBy(scope), eq(agents.id, agentId)))
          .limit(1);
        return row ? toAgentDetails(row) : null;
      }),
    findOwner: (scope, agentId) =>
      database.inAppliance(scope, async (queries) => {
        const [row] = await queries.select({ orgId: agents.orgId }).from(agents).where(eq(agents.id, agentId)).limit(1);
        return row ? (row.orgId as OrganizationId) : null;
      }),
  };
}

/** The organization is named beside the policy: the planner needs it, and it is a second barrier. */
function ownedBy(scope: ReadScope): SQL | undefined {
  return 'organizationId' in scope ? eq(agents.orgId, scope.organizationId) : undefined;
}

/** The agent that `agentDetailsColumns` hold. Throws when the stored profile is not one. */
export function toAgentDetails({ profile, ...summary }: AgentSummary & { readonly profile: unknown }): AgentDetails {
  return { ...summary, draft: toAgentDraft({ ...summary, profile }) };
}

/** The profile that a row holds. Throws with every wrong field when the stored profile is not one. */
export function toAgentProfile(row: AgentRow): AgentProfile {
  return { agentId: row.agentId, ...toAgentDraft(row) };
}

/** The columns of a profile. Throws with every wrong field when it is not one, so that it cannot be stored. */
export function toAgentRow({ agentId, ...draft }: AgentProfile): AgentRow {
  const parsed = agentDraftSchema.safeParse(draft);
  if (!parsed.success) throw new Error(`the profile of the agent "${draft.name}" is not one: ${z.prettifyError(parsed.error)}`);
  const { name, language, voice, ...profile } = parsed.data;
  return { agentId, name, language, voice, profile };
}

function toAgentDraft({ agentId, name, language, voice, profile }: AgentRow): AgentDraft {
  const parsed = agentDraftSchema.safeParse({ ...storedPart.parse(profile), name, language, voice });
  if (!parsed.success) throw new Error(`the stored profile of ${agentId} is not one: ${z.prettifyError(parsed.error)}`);
  return parsed.data;
}
