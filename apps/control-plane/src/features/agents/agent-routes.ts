// The admin's look at the agents of every organization.
import { z } from '@hono/zod-openapi';
import { createRoutes } from '#http/app.ts';
import type { Guards } from '#http/route.ts';
import { adminRoute } from '#http/route.ts';
import type { AgentStore } from './agent-store.ts';

const agentSchema = z
  .object({
    organizationId: z.string(),
    agentId: z.string(),
    name: z.string(),
    language: z.string(),
    voice: z.string(),
    active: z.boolean(),
    updatedAt: z.iso.datetime(),
  })
  .openapi('Agent');

export function createAgentRoutes(parts: { agents: AgentStore; guards: Guards }) {
  const listAgents = adminRoute(parts.guards, {
    method: 'get',
    path: '/admin/agents',
    summary: 'Agents of every organization',
    responses: { 200: { description: 'By name', content: { 'application/json': { schema: z.object({ agents: z.array(agentSchema) }) } } } },
  });
  return createRoutes().openapi(listAgents, async (context) => {
    const agents = await parts.agents.list(context.get('applianceScope'));
    return context.json({ agents: agents.map((agent) => ({ ...agent, updatedAt: agent.updatedAt.toISOString() })) }, 200);
  });
}
