// An organization's agents: read, changed, and taken back to any version they ever had.
import { createRoutes } from '#http/app.ts';
import { json, jsonBody } from '#http/json-content.ts';
import { fromCursor, pageQuerySchema, toPage } from '#http/page.ts';
import { conflict, notFound, ProblemError } from '#http/problem.ts';
import type { Guards } from '#http/route.ts';
import { orgRoute } from '#http/route.ts';
import { isId } from '#shared/id.ts';
import type { CallLimit } from './agent-draft.ts';
import { checkLongestCall } from './agent-draft.ts';
import {
  agentBody,
  agentPageBody,
  agentPageSchema,
  agentParams,
  agentPositionSchema,
  agentSchema,
  changeBodySchema,
  rollbackBodySchema,
  versionBody,
  versionPageSchema,
  versionParams,
  versionPositionSchema,
  versionSchema,
  versionSummaryBody,
} from './agent-schemas.ts';
import type { AgentDetails, AgentStore } from './agent-store.ts';
import { MAX_AGENT_VERSIONS } from './agent-version-store.ts';
import type { AgentVersionStore, RollbackOutcome, SaveOutcome } from './agent-version-store.ts';

/** What an organization's routes work with. */
export type AgentClientRouteParts = {
  readonly agents: AgentStore;
  readonly agentVersions: AgentVersionStore;
  readonly guards: Guards;
  readonly config: CallLimit;
};

const tags = ['Agents'];

export function createAgentClientRoutes({ agents, agentVersions, guards, config }: AgentClientRouteParts) {
  const routes = declareRoutes(guards);
  return createRoutes()
    .openapi(routes.list, async (context) => {
      const { limit, cursor } = context.req.valid('query');
      const rows = await agents.list(context.get('scope'), { limit: limit + 1, after: fromCursor(agentPositionSchema, cursor) });
      return context.json(agentPageBody(rows, limit), 200);
    })
    .openapi(routes.get, async (context) => {
      const agent = await agents.find(context.get('scope'), known(context.req.valid('param').agentId));
      if (!agent) throw notFound('agent');
      return context.json(agentBody(agent), 200);
    })
    .openapi(routes.save, async (context) => {
      const { comment, expectedVersion, ...change } = context.req.valid('json');
      checkLongestCall(change.conversation, config);
      const by = { scope: context.get('scope'), actor: context.get('actor') };
      const agentId = known(context.req.valid('param').agentId);
      const outcome = await agentVersions.save(by, agentId, { change, comment, expectedVersion });
      return context.json(agentBody(saved(outcome)), 200);
    })
    .openapi(routes.listVersions, async (context) => {
      const { limit, cursor } = context.req.valid('query');
      const before = fromCursor(versionPositionSchema, cursor)?.version ?? null;
      const agentId = known(context.req.valid('param').agentId);
      const rows = await agentVersions.list(context.get('scope'), agentId, { limit: limit + 1, before });
      if (!rows) throw notFound('agent');
      const { page, nextCursor } = toPage(rows, limit, ({ version }) => ({ version }));
      return context.json({ versions: page.map(versionSummaryBody), nextCursor }, 200);
    })
    .openapi(routes.getVersion, async (context) => {
      const { agentId, version } = context.req.valid('param');
      const found = await agentVersions.find(context.get('scope'), known(agentId), version);
      if (!found) throw notFound('version of this agent');
      return context.json(versionBody(found), 200);
    })
    .openapi(routes.rollBack, async (context) => {
      const by = { scope: context.get('scope'), actor: context.get('actor') };
      const outcome = await agentVersions.rollBack(by, known(context.req.valid('param').agentId), context.req.valid('json'));
      return context.json(agentBody(rolledBack(outcome)), 200);
    });
}

/** The id of an agent that may exist. */
function known(agentId: string): string {
  if (!isId('agent', agentId)) throw notFound('agent');
  return agentId;
}

function saved(outcome: SaveOutcome): AgentDetails {
  switch (outcome.kind) {
    case 'saved':
    case 'unchanged':
      return outcome.agent;
    case 'not_found':
      throw notFound('agent');
    case 'too_many_versions':
      throw tooManyVersions();
    case 'version_conflict':
      throw versionConflict(outcome.currentVersion);
    case 'invalid':
      throw new ProblemError('unprocessable', `with this change ${outcome.fields.length} field(s) of the agent are not valid`, {
        fields: outcome.fields,
      });
  }
}

function versionConflict(currentVersion: number): ProblemError {
  return conflict('expectedVersion', `the agent has version ${currentVersion} now; read it and try again`);
}

function tooManyVersions(): ProblemError {
  return new ProblemError('unprocessable', `the agent has ${MAX_AGENT_VERSIONS} versions, which is the limit; have another one registered`);
}

function rolledBack(outcome: RollbackOutcome): AgentDetails {
  if (outcome.kind === 'saved') return outcome.agent;
  if (outcome.kind === 'too_many_versions') throw tooManyVersions();
  throw notFound(outcome.kind === 'not_found' ? 'agent' : 'version of this agent');
}

function declareRoutes(guards: Guards) {
  const read = { scope: 'agent:read' } as const;
  const write = { scope: 'agent:write' } as const;
  const heard = 'the next call within 5 s is answered by it, calls that are up go on as they began';
  return {
    list: orgRoute(guards, read, {
      method: 'get',
      path: '/agents',
      tags,
      summary: 'Agents by name',
      request: { query: pageQuerySchema },
      responses: { 200: json('A page', agentPageSchema) },
    }),
    get: orgRoute(guards, read, {
      method: 'get',
      path: '/agents/{agentId}',
      tags,
      summary: 'One agent with everything that can be configured',
      request: { params: agentParams },
      responses: { 200: json('The agent', agentSchema) },
    }),
    save: orgRoute(guards, write, {
      method: 'patch',
      path: '/agents/{agentId}',
      tags,
      summary: 'Configure an agent; every save is a new version',
      description: `Give any part of the draft. What differs becomes a new version: ${heard}. A save that changes nothing adds no version.`,
      request: { params: agentParams, body: jsonBody(changeBodySchema) },
      responses: { 200: json('The agent as it is now', agentSchema) },
    }),
    listVersions: orgRoute(guards, read, {
      method: 'get',
      path: '/agents/{agentId}/versions',
      tags,
      summary: 'Versions of an agent, newest first',
      request: { params: agentParams, query: pageQuerySchema },
      responses: { 200: json('A page', versionPageSchema) },
    }),
    getVersion: orgRoute(guards, read, {
      method: 'get',
      path: '/agents/{agentId}/versions/{version}',
      tags,
      summary: 'One version, whole',
      request: { params: versionParams },
      responses: { 200: json('The version', versionSchema) },
    }),
    rollBack: orgRoute(guards, write, {
      method: 'post',
      path: '/agents/{agentId}/rollback',
      tags,
      summary: 'Go back to a version: a copy of it becomes the newest one',
      description: `The copy says in restoredFrom which version it came from; ${heard}.`,
      request: { params: agentParams, body: jsonBody(rollbackBodySchema) },
      responses: { 200: json('The agent as it is now', agentSchema) },
    }),
  };
}
