// Versions of an agent: every save adds one that is never changed again, and going back to one adds a copy of it.
import { and, desc, eq, lt, sql } from 'drizzle-orm';
import type { Database, Queries } from '#db/client.ts';
import { agents, agentVersions } from '#db/schema/agents.ts';
import type { AgentDraft } from '#dialog/flow-schema.ts';
import type { AuditTrail } from '#features/access/audit-store.ts';
import type { FieldProblem } from '#http/problem.ts';
import type { AgentProfile } from '#ports/agent-profile.ts';
import type { Actor } from '#shared/actor.ts';
import type { OneOrganization } from '#shared/appliance-scope.ts';
import type { AgentChange } from './agent-draft.ts';
import { changedFields, mergeDraft } from './agent-draft.ts';
import type { AgentDetails } from './agent-store.ts';
import { agentDetailsColumns, toAgentDetails, toAgentProfile, toAgentRow } from './agent-store.ts';

/** A version in a list. */
export type AgentVersionSummary = {
  readonly version: number;
  readonly name: string;
  readonly comment: string;
  /** The version whose copy this is; null for one that was written anew. */
  readonly restoredFrom: number | null;
  readonly createdAt: Date;
  /** Who saved it: a token's id, or `admin`. */
  readonly createdBy: string;
};
/** A version, whole. */
export type AgentVersionDetails = AgentVersionSummary & { readonly draft: AgentDraft };

/** Who changes an agent of which organization. */
export type AgentEditor = { readonly scope: OneOrganization; readonly actor: Actor };

/** Versions of one agent, each about 10 kB and kept for ever. At the limit nothing more is saved: a program saves in a loop. */
export const MAX_AGENT_VERSIONS = 10_000;

/** How a save ended. */
export type SaveOutcome =
  | { readonly kind: 'saved' | 'unchanged'; readonly agent: AgentDetails }
  /** Somebody saved in between: nothing was written. */
  | { readonly kind: 'version_conflict'; readonly currentVersion: number }
  | { readonly kind: 'invalid'; readonly fields: readonly FieldProblem[] }
  | { readonly kind: 'not_found' | 'too_many_versions' };

/** How a rollback ended. */
export type RollbackOutcome =
  | { readonly kind: 'saved'; readonly agent: AgentDetails }
  | { readonly kind: 'not_found' | 'version_not_found' | 'too_many_versions' };

export type AgentVersionStore = {
  /** Lays `change` over the newest version. Saves that come together get consecutive versions, each over the one before; one that changes nothing adds none. */
  save(
    by: AgentEditor,
    agentId: string,
    save: { change: AgentChange; comment?: string | undefined; expectedVersion?: number | undefined },
  ): Promise<SaveOutcome>;
  /** Adds a copy of `version` as the newest. */
  rollBack(by: AgentEditor, agentId: string, options: { version: number; comment?: string | undefined }): Promise<RollbackOutcome>;
  /** Versions from the newest on, at most `limit`, those below `before` only. Null when there is no such agent. */
  list(scope: OneOrganization, agentId: string, page: { limit: number; before: number | null }): Promise<AgentVersionSummary[] | null>;
  /** Null when there is no such agent or version. */
  find(scope: OneOrganization, agentId: string, version: number): Promise<AgentVersionDetails | null>;
};

const summaryColumns = {
  version: agentVersions.version,
  name: agentVersions.name,
  comment: agentVersions.comment,
  restoredFrom: agentVersions.restoredFrom,
  createdAt: agentVersions.createdAt,
  createdBy: agentVersions.createdBy,
};

export function createAgentVersionStore({ database, audit }: { database: Database; audit: AuditTrail }): AgentVersionStore {
  return {
    save: (by, agentId, { change, comment = '', expectedVersion }) =>
      database.inScope(by.scope, async (queries) => {
        const current = await lockAgent(queries, by.scope, agentId);
        if (!current) return { kind: 'not_found' };
        if (expectedVersion !== undefined && expectedVersion !== current.version)
          return { kind: 'version_conflict', currentVersion: current.version };
        const merged = mergeDraft(current.draft, change);
        if (merged.kind === 'invalid') return merged;
        const fields = changedFields(current.draft, merged.draft);
        if (fields.length === 0) return { kind: 'unchanged', agent: current };
        if (current.version >= MAX_AGENT_VERSIONS) return { kind: 'too_many_versions' };
        const agent = await addVersion(queries, { by, current, draft: merged.draft, comment, restoredFrom: null });
        await audit.append(queries, by, { action: 'agent.saved', resource: agentId, details: { version: agent.version, fields } });
        return { kind: 'saved', agent };
      }),
    rollBack: (by, agentId, { version, comment = '' }) =>
      database.inScope(by.scope, async (queries) => {
        const current = await lockAgent(queries, by.scope, agentId);
        if (!current) return { kind: 'not_found' };
        const wanted = await readVersion(queries, { scope: by.scope, agentId, version });
        if (!wanted) return { kind: 'version_not_found' };
        if (current.version >= MAX_AGENT_VERSIONS) return { kind: 'too_many_versions' };
        const agent = await addVersion(queries, { by, current, draft: wanted.draft, comment, restoredFrom: version });
        const details = { version: agent.version, restoredFrom: version };
        await audit.append(queries, by, { action: 'agent.rolled_back', resource: agentId, details });
        return { kind: 'saved', agent };
      }),
    list: (scope, agentId, { limit, before }) =>
      database.inScope(scope, async (queries) => {
        const [agent] = await queries.select({ id: agents.id }).from(agents).where(isAgent(scope, agentId));
        if (!agent) return null;
        return queries
          .select(summaryColumns)
          .from(agentVersions)
          .where(and(ofAgent(scope, agentId), before === null ? undefined : lt(agentVersions.version, before)))
          .orderBy(desc(agentVersions.version))
          .limit(limit);
      }),
    find: (scope, agentId, version) => database.inScope(scope, (queries) => readVersion(queries, { scope, agentId, version })),
  };
}

/** Adds an agent with its version 1, and says whether it did: an agent that is there already stays as it is. */
export async function insertAgent(
  queries: Queries,
  agent: { orgId: string; profile: AgentProfile; createdBy: string; isProvisioned: boolean },
): Promise<boolean> {
  const { orgId, profile, createdBy, isProvisioned } = agent;
  const { agentId, ...columns } = toAgentRow(profile);
  const inserted = await queries
    .insert(agents)
    .values({ orgId, id: agentId, ...columns, version: 1, active: isProvisioned, provisionedAt: isProvisioned ? sql`now()` : null })
    .onConflictDoNothing({ target: [agents.orgId, agents.id] })
    .returning({ id: agents.id });
  if (inserted.length === 0) return false;
  await queries.insert(agentVersions).values({ orgId, agentId, ...columns, version: 1, comment: '', createdBy });
  return true;
}

/** Reads an agent and keeps others from saving it until the transaction ends. NO KEY: calls that begin meanwhile name the agent and must not wait. */
async function lockAgent(queries: Queries, scope: OneOrganization, agentId: string): Promise<AgentDetails | null> {
  const [row] = await queries.select(agentDetailsColumns).from(agents).where(isAgent(scope, agentId)).for('no key update');
  return row ? toAgentDetails(row) : null;
}

type NewVersion = {
  readonly by: AgentEditor;
  readonly current: AgentDetails;
  readonly draft: AgentDraft;
  readonly comment: string;
  readonly restoredFrom: number | null;
};

/** Writes the version after `current` and the copy of it that calls find. The agent must be locked. */
async function addVersion(queries: Queries, { by, current, draft, comment, restoredFrom }: NewVersion): Promise<AgentDetails> {
  const { agentId, ...columns } = toAgentRow({ agentId: current.agentId, ...draft });
  const version = current.version + 1;
  const author = { comment, restoredFrom, createdBy: by.actor.name };
  await queries.insert(agentVersions).values({ orgId: by.scope.organizationId, agentId, version, ...columns, ...author });
  const [row] = await queries
    .update(agents)
    .set({ ...columns, version, updatedAt: sql`now()` })
    .where(isAgent(by.scope, agentId))
    .returning(agentDetailsColumns);
  if (!row) throw new Error(`${agentId} went away while it was locked`);
  return toAgentDetails(row);
}

async function readVersion(
  queries: Queries,
  { scope, agentId, version }: { scope: OneOrganization; agentId: string; version: number },
): Promise<AgentVersionDetails | null> {
  const [row] = await queries
    .select({ ...summaryColumns, language: agentVersions.language, voice: agentVersions.voice, profile: agentVersions.profile })
    .from(agentVersions)
    .where(and(ofAgent(scope, agentId), eq(agentVersions.version, version)));
  if (!row) return null;
  const { language, voice, profile, ...summary } = row;
  const { agentId: _agentId, ...draft } = toAgentProfile({ agentId, name: row.name, language, voice, profile });
  return { ...summary, draft };
}

function isAgent(scope: OneOrganization, agentId: string) {
  return and(eq(agents.orgId, scope.organizationId), eq(agents.id, agentId));
}

function ofAgent(scope: OneOrganization, agentId: string) {
  return and(eq(agentVersions.orgId, scope.organizationId), eq(agentVersions.agentId, agentId));
}
