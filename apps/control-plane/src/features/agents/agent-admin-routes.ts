// The admin's agents: registered for an organization, put to work, taken off, removed.
import { createRoutes } from '#http/app.ts';
import { json, jsonBody } from '#http/json-content.ts';
import { adminPageQuerySchema, fromCursor, readScopeOf } from '#http/page.ts';
import { conflict, deletionPending, notFound, ProblemError } from '#http/problem.ts';
import type { Guards } from '#http/route.ts';
import { adminRoute } from '#http/route.ts';
import type { Actor } from '#shared/actor.ts';
import type { ApplianceScope } from '#shared/appliance-scope.ts';
import { onOrganization } from '#shared/appliance-scope.ts';
import { isId } from '#shared/id.ts';
import type { CallLimit } from './agent-draft.ts';
import { checkLongestCall } from './agent-draft.ts';
import type { ActivationOutcome, AgentRegistryStore, RemovalOutcome } from './agent-registry-store.ts';
import {
  agentBody,
  agentPageBody,
  agentPageSchema,
  agentParams,
  agentPositionSchema,
  agentSchema,
  agentSummaryBody,
  agentSummarySchema,
  draftBodySchema,
  organizationParams,
  provisionBodySchema,
} from './agent-schemas.ts';
import type { AgentStore } from './agent-store.ts';

/** What the admin's routes work with. */
export type AgentAdminRouteParts = {
  readonly agents: AgentStore;
  readonly agentRegistry: AgentRegistryStore;
  readonly guards: Guards;
  readonly config: CallLimit;
};

const tags = ['Agents'];
export function createAgentAdminRoutes({ agents, agentRegistry, guards, config }: AgentAdminRouteParts) {
  const routes = declareRoutes(guards);
  const onOwner = async (scope: ApplianceScope, agentId: string) => {
    const owner = isId('agent', agentId) ? await agents.findOwner(scope, agentId) : null;
    if (owner === null) throw notFound('agent');
    return onOrganization(scope, owner);
  };
  const setActive = async (by: { applianceScope: ApplianceScope; actor: Actor }, agentId: string, active: boolean) => {
    const scope = await onOwner(by.applianceScope, agentId);
    return activated(await agentRegistry.setActive({ scope, actor: by.actor }, agentId, active));
  };
  return createRoutes()
    .openapi(routes.list, async (context) => {
      const { limit, cursor, organizationId } = context.req.valid('query');
      const scope = readScopeOf(context.get('applianceScope'), organizationId);
      const rows = await agents.list(scope, { limit: limit + 1, after: fromCursor(agentPositionSchema, cursor) });
      return context.json(agentPageBody(rows, limit), 200);
    })
    .openapi(routes.register, async (context) => {
      const { organizationId } = context.req.valid('param');
      if (!isId('organization', organizationId)) throw notFound('organization');
      const by = { scope: onOrganization(context.get('applianceScope'), organizationId), actor: context.get('actor') };
      const draft = context.req.valid('json');
      checkLongestCall(draft.conversation, config);
      const outcome = await agentRegistry.register(by, draft);
      if (outcome.kind === 'organization_not_found') throw notFound('organization');
      if (outcome.kind === 'deletion_pending') throw deletionPending();
      if (outcome.kind === 'plan_limit')
        throw new ProblemError('plan_limit', `the plan allows ${outcome.limit} agents and ${outcome.used} are registered`);
      return context.json(agentBody(outcome.agent), 201);
    })
    .openapi(routes.get, async (context) => {
      const { agentId } = context.req.valid('param');
      const agent = isId('agent', agentId) ? await agents.find(context.get('applianceScope'), agentId) : null;
      if (!agent) throw notFound('agent');
      return context.json(agentBody(agent), 200);
    })
    .openapi(routes.remove, async (context) => {
      const { agentId } = context.req.valid('param');
      const scope = await onOwner(context.get('applianceScope'), agentId);
      checkRemoved(await agentRegistry.remove({ scope, actor: context.get('actor') }, agentId));
      return context.body(null, 204);
    })
    .openapi(routes.provision, async (context) => {
      const { agentId } = context.req.valid('param');
      const scope = await onOwner(context.get('applianceScope'), agentId);
      const by = { scope, actor: context.get('actor') };
      const outcome = await agentRegistry.provision(by, agentId, context.req.valid('json'));
      if (outcome.kind === 'not_found') throw notFound('agent');
      if (outcome.kind === 'number_taken') throw numberTaken();
      return context.json(agentSummaryBody(outcome.agent), 200);
    })
    .openapi(routes.activate, async (context) => context.json(await setActive(context.var, context.req.valid('param').agentId, true), 200))
    .openapi(routes.deactivate, async (context) =>
      context.json(await setActive(context.var, context.req.valid('param').agentId, false), 200),
    );
}

function numberTaken(): ProblemError {
  return conflict('number', 'it is taken; choose another one');
}

function activated(outcome: ActivationOutcome) {
  if (outcome.kind === 'not_found') throw notFound('agent');
  if (outcome.kind === 'not_provisioned')
    throw new ProblemError('conflict', 'the agent is only registered; provision it first, which also activates it');
  return agentSummaryBody(outcome.agent);
}

function checkRemoved(outcome: RemovalOutcome): void {
  if (outcome.kind === 'not_found') throw notFound('agent');
  if (outcome.kind === 'removed') return;
  const { numbers, hasCalls } = outcome;
  const reason = hasCalls
    ? 'calls name it, and they keep their agent; deactivate it instead'
    : `${numbers} number(s) lead to it; point them elsewhere or deactivate it instead`;
  throw new ProblemError('conflict', reason);
}

function declareRoutes(guards: Guards) {
  const one = { tags, request: { params: agentParams } };
  return {
    list: adminRoute(guards, {
      method: 'get',
      path: '/admin/agents',
      tags,
      summary: 'Agents of every organization or of one, by name',
      request: { query: adminPageQuerySchema },
      responses: { 200: json('A page', agentPageSchema) },
    }),
    register: adminRoute(guards, {
      method: 'post',
      path: '/admin/organizations/{organizationId}/agents',
      tags,
      summary: 'Register an agent: its first version, which answers nothing until it is provisioned',
      request: { params: organizationParams, body: jsonBody(draftBodySchema) },
      responses: { 201: json('The agent', agentSchema) },
    }),
    get: adminRoute(guards, {
      ...one,
      method: 'get',
      path: '/admin/agents/{agentId}',
      summary: 'One agent with its whole draft',
      responses: { 200: json('The agent', agentSchema) },
    }),
    remove: adminRoute(guards, {
      ...one,
      method: 'delete',
      path: '/admin/agents/{agentId}',
      summary: 'Remove an agent that no number leads to and no call names, with its versions',
      responses: { 204: { description: 'It is gone' } },
    }),
    provision: adminRoute(guards, {
      tags,
      method: 'post',
      path: '/admin/agents/{agentId}/provision',
      summary: 'Put an agent to work, with a number when one is given; callers hear it within 5 s',
      request: { params: agentParams, body: jsonBody(provisionBodySchema) },
      responses: { 200: json('The agent', agentSummarySchema) },
    }),
    activate: adminRoute(guards, {
      ...one,
      method: 'post',
      path: '/admin/agents/{agentId}/activate',
      summary: 'Let a provisioned agent answer its numbers',
      responses: { 200: json('The agent', agentSummarySchema) },
    }),
    deactivate: adminRoute(guards, {
      ...one,
      method: 'post',
      path: '/admin/agents/{agentId}/deactivate',
      summary: 'Stop an agent from answering; calls that are up go on',
      responses: { 200: json('The agent', agentSummarySchema) },
    }),
  };
}
