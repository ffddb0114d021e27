// Every operation on agents: the admin's and their organization's.
import { createRoutes } from '#http/app.ts';
import type { AgentAdminRouteParts } from './agent-admin-routes.ts';
import { createAgentAdminRoutes } from './agent-admin-routes.ts';
import type { AgentClientRouteParts } from './agent-client-routes.ts';
import { createAgentClientRoutes } from './agent-client-routes.ts';

export function createAgentRoutes(parts: AgentAdminRouteParts & AgentClientRouteParts) {
  return createRoutes().route('/', createAgentAdminRoutes(parts)).route('/', createAgentClientRoutes(parts));
}
