// Tools that organizations defined, as rows. Their secrets go in sealed and come out for a request alone.
import { and, asc, count, eq, gt, sql } from 'drizzle-orm';
import type { Database, Queries } from '#db/client.ts';
import { agents } from '#db/schema/agents.ts';
import { httpTools } from '#db/schema/http-tools.ts';
import type { AuditTrail } from '#features/access/audit-store.ts';
import type { FieldProblem } from '#http/problem.ts';
import type { Actor } from '#shared/actor.ts';
import type { HttpToolId } from '#shared/id.ts';
import { newId } from '#shared/id.ts';
import type { OrgScope } from '#shared/org-scope.ts';
import { openSealedText, sealText } from '#shared/sealed-text.ts';
import type { SecretKeys } from '#shared/secret-keys.ts';
import type { HttpToolDraft } from './http-tool-draft.ts';
import { findDraftProblems } from './http-tool-draft.ts';

/** A definition, without its secret. */
export type HttpToolDetails = HttpToolDraft & {
  readonly toolId: string;
  readonly agentId: string;
  readonly hasSecret: boolean;
  readonly createdAt: Date;
  readonly updatedAt: Date;
};

/** A definition for a request. */
export type UsableHttpTool = HttpToolDraft & { readonly secret: string | null };

export type NewHttpTool = HttpToolDraft & { readonly secret: string | null };
/** Everything but the name, by which flows know it. A secret of null takes it away. */
export type HttpToolChanges = Partial<Omit<NewHttpTool, 'name'>>;

/** Who changes the tools of which agent. */
export type HttpToolEditor = { readonly scope: OrgScope; readonly actor: Actor; readonly agentId: string };

export type HttpToolChange =
  | { readonly kind: 'changed'; readonly tool: HttpToolDetails }
  | { readonly kind: 'not_found' | 'taken' | 'too_many' }
  | { readonly kind: 'invalid'; readonly fields: readonly FieldProblem[] };

/** Tools of one agent: a model chooses badly among more. */
export const MAX_HTTP_TOOLS = 20;

export type HttpToolStore = {
  /** By name, at most `limit`, those after `after` only. Null when there is no such agent. */
  list(scope: OrgScope, agentId: string, page: { limit: number; after: string | null }): Promise<HttpToolDetails[] | null>;
  find(scope: OrgScope, agentId: string, toolId: string): Promise<HttpToolDetails | null>;
  /** With its secret open, for a request that is about to be sent. */
  findUsable(scope: OrgScope, agentId: string, toolId: string): Promise<UsableHttpTool | null>;
  create(by: HttpToolEditor, tool: NewHttpTool): Promise<HttpToolChange>;
  update(by: HttpToolEditor, toolId: string, changes: HttpToolChanges): Promise<HttpToolChange>;
  /** What was removed, or null when there is no such tool. */
  remove(by: HttpToolEditor, toolId: string): Promise<HttpToolDetails | null>;
};

type Row = typeof httpTools.$inferSelect;
type Parts = { readonly database: Database; readonly audit: AuditTrail; readonly keys: SecretKeys };

export function createHttpToolStore(parts: Parts): HttpToolStore {
  const { database, audit, keys } = parts;
  const findRow = (scope: OrgScope, agentId: string, toolId: string) =>
    database.inOrg(scope, async (queries) => {
      const [row] = await queries.select().from(httpTools).where(named({ scope, agentId }, toolId));
      return row ?? null;
    });
  return {
    list: (scope, agentId, { limit, after }) =>
      database.inOrg(scope, async (queries) => {
        const [agent] = await queries.select({ id: agents.id }).from(agents).where(agentOf({ scope, agentId }));
        if (!agent) return null;
        const own = and(eq(httpTools.orgId, scope.organizationId), eq(httpTools.agentId, agentId));
        const where = and(own, after === null ? undefined : gt(httpTools.name, after));
        return (await queries.select().from(httpTools).where(where).orderBy(asc(httpTools.name)).limit(limit)).map(toDetails);
      }),
    find: async (scope, agentId, toolId) => {
      const row = await findRow(scope, agentId, toolId);
      return row && toDetails(row);
    },
    findUsable: async (scope, agentId, toolId) => {
      const row = await findRow(scope, agentId, toolId);
      return row && { ...toDraft(row), secret: row.sealedSecret === null ? null : openSealedText(keys, sealOf(row.id), row.sealedSecret) };
    },
    create: (by, tool) => create(parts, by, tool),
    update: (by, toolId, changes) => update(parts, by, { toolId, changes }),
    remove: (by, toolId) =>
      database.inOrg(by.scope, async (queries) => {
        const [row] = await queries.delete(httpTools).where(named(by, toolId)).returning();
        if (!row) return null;
        await audit.append(queries, by, { action: 'http_tool.removed', resource: toolId, details: auditOf(row) });
        return toDetails(row);
      }),
  };
}

async function create({ database, audit, keys }: Parts, by: HttpToolEditor, { secret, ...draft }: NewHttpTool): Promise<HttpToolChange> {
  const fields = findDraftProblems(draft, secret !== null);
  if (fields.length > 0) return { kind: 'invalid', fields };
  const id = newId('httpTool');
  return await database.inOrg(by.scope, async (queries) => {
    if (!(await lockAgent(queries, by))) return { kind: 'not_found' };
    const own = and(eq(httpTools.orgId, by.scope.organizationId), eq(httpTools.agentId, by.agentId));
    const [held] = await queries.select({ tools: count() }).from(httpTools).where(own);
    if ((held?.tools ?? 0) >= MAX_HTTP_TOOLS) return { kind: 'too_many' };
    const owner = { orgId: by.scope.organizationId, agentId: by.agentId, id };
    const [row] = await queries
      .insert(httpTools)
      .values({ ...draft, ...owner, sealedSecret: sealed(keys, id, secret) })
      .onConflictDoNothing()
      .returning();
    if (!row) return { kind: 'taken' };
    await audit.append(queries, by, { action: 'http_tool.created', resource: id, details: auditOf(row) });
    return { kind: 'changed', tool: toDetails(row) };
  });
}

type Update = { readonly toolId: string; readonly changes: HttpToolChanges };

function update({ database, audit, keys }: Parts, by: HttpToolEditor, { toolId, changes }: Update): Promise<HttpToolChange> {
  return database.inOrg(by.scope, async (queries) => {
    const [current] = await queries.select().from(httpTools).where(named(by, toolId)).for('no key update');
    if (!current) return { kind: 'not_found' };
    const { secret, ...rest } = changes;
    const sealedSecret = secret === undefined ? current.sealedSecret : sealed(keys, toolId as HttpToolId, secret);
    const next = { ...toDraft(current), ...rest };
    const fields = findDraftProblems(next, sealedSecret !== null);
    if (fields.length > 0) return { kind: 'invalid', fields };
    const { name: _, ...columns } = next;
    const [row] = await queries
      .update(httpTools)
      .set({ ...columns, sealedSecret, updatedAt: sql`now()` })
      .where(named(by, toolId))
      .returning();
    if (!row) return { kind: 'not_found' };
    const details = { ...auditOf(row), secretChanged: secret !== undefined };
    await audit.append(queries, by, { action: 'http_tool.updated', resource: toolId, details });
    return { kind: 'changed', tool: toDetails(row) };
  });
}

type Owner = { readonly scope: OrgScope; readonly agentId: string };

/** The organization is named beside the policy: the planner needs it, and it is a second barrier. */
function named({ scope, agentId }: Owner, toolId: string) {
  return and(eq(httpTools.orgId, scope.organizationId), eq(httpTools.agentId, agentId), eq(httpTools.id, toolId));
}

function agentOf({ scope, agentId }: Owner) {
  return and(eq(agents.orgId, scope.organizationId), eq(agents.id, agentId));
}

/** Two definitions at once are counted one after the other. */
async function lockAgent(queries: Queries, owner: Owner): Promise<boolean> {
  return (await queries.select({ id: agents.id }).from(agents).where(agentOf(owner)).for('no key update')).length > 0;
}

function toDraft({ name, description, effect, parameters, method, url, headers }: Row): HttpToolDraft {
  // Written by this store from checked drafts, and by nothing else.
  const stored = { parameters, headers } as Pick<HttpToolDraft, 'parameters' | 'headers'>;
  return { name, description, effect, method, url, ...stored };
}

function toDetails(row: Row): HttpToolDetails {
  const { id: toolId, agentId, sealedSecret, createdAt, updatedAt } = row;
  return { ...toDraft(row), toolId, agentId, hasSecret: sealedSecret !== null, createdAt, updatedAt };
}

function sealOf(owner: string) {
  return { purpose: 'http-tool-secret', owner } as const;
}

function sealed(keys: SecretKeys, toolId: HttpToolId, secret: string | null): string | null {
  return secret === null ? null : sealText(keys, sealOf(toolId), secret);
}

/** For the audit log: where requests go, not what is said to the model, and no secret. */
function auditOf({ agentId, name, effect, method, url }: Row) {
  return { agentId, name, effect, method, url };
}
