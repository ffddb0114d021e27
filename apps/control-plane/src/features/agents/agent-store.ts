// Agents as rows: read whole, checked, and never half a flow.
import { asc, eq } from 'drizzle-orm';
import { z } from 'zod';
import type { Database, ReadScope } from '#db/client.ts';
import { agents } from '#db/schema/agents.ts';
import { agentDraftSchema } from '#dialog/flow-schema.ts';
import type { AgentProfile } from '#ports/agent-profile.ts';

/** An agent in a list. */
export type AgentSummary = {
  readonly organizationId: string;
  readonly agentId: string;
  readonly name: string;
  readonly language: string;
  readonly voice: string;
  readonly active: boolean;
  readonly updatedAt: Date;
};

/** The columns that make a profile. */
export type AgentRow = {
  readonly agentId: string;
  readonly name: string;
  readonly language: string;
  readonly voice: string;
  readonly profile: unknown;
};

export type AgentStore = {
  /** At most 500 agents, by name. */
  list(scope: ReadScope): Promise<AgentSummary[]>;
};

const LIST_LIMIT = 500;
/** What is in the column `profile`; its fields are checked together with the other columns. */
const storedPart = z.record(z.string(), z.unknown());

export function createAgentStore(database: Database): AgentStore {
  return {
    list: (scope) =>
      database.inScope(scope, (queries) =>
        queries
          .select({
            organizationId: agents.orgId,
            agentId: agents.id,
            name: agents.name,
            language: agents.language,
            voice: agents.voice,
            active: agents.active,
            updatedAt: agents.updatedAt,
          })
          .from(agents)
          .where('organizationId' in scope ? eq(agents.orgId, scope.organizationId) : undefined)
          .orderBy(asc(agents.name), asc(agents.id))
          .limit(LIST_LIMIT),
      ),
  };
}

/** The profile that a row holds. Throws with every wrong field when the stored profile is not one. */
export function toAgentProfile({ agentId, name, language, voice, profile }: AgentRow): AgentProfile {
  const parsed = agentDraftSchema.safeParse({ ...storedPart.parse(profile), name, language, voice });
  if (!parsed.success) throw new Error(`the stored profile of ${agentId} is not one: ${z.prettifyError(parsed.error)}`);
  return { agentId, ...parsed.data };
}

/** The columns of a profile. Throws with every wrong field when it is not one, so that it cannot be stored. */
export function toAgentRow({ agentId, ...draft }: AgentProfile): AgentRow {
  const parsed = agentDraftSchema.safeParse(draft);
  if (!parsed.success) throw new Error(`the profile of the agent "${draft.name}" is not one: ${z.prettifyError(parsed.error)}`);
  const { name, language, voice, ...profile } = parsed.data;
  return { agentId, name, language, voice, profile };
}
