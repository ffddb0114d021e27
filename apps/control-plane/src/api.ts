// Mounts every feature's routes. `Api` is the console's only import from here.
import type { AdminAuthentication } from '#http/route.ts';
import { createAgentRoutes } from '#features/agents/agent-routes.ts';
import type { AgentStore } from '#features/agents/agent-store.ts';
import type { HealthRouteParts } from '#features/appliance/health-routes.ts';
import { createHealthRoutes } from '#features/appliance/health-routes.ts';
import type { CallStore } from '#features/calls/call-store.ts';
import { createCallRoutes } from '#features/calls/call-routes.ts';
import type { LiveCallBoard } from '#features/calls/live-calls.ts';
import { createApp } from '#http/app.ts';
import type { Clock } from '#shared/clock.ts';
import type { Log } from '#shared/log.ts';

/** What the routes read, and who may call them. */
export type ApiParts = HealthRouteParts & {
  readonly agents: AgentStore;
  readonly calls: CallStore;
  readonly board: LiveCallBoard;
  readonly authentication: AdminAuthentication;
  readonly clock: Clock;
  readonly log: Log;
};

/** The whole HTTP API of the control plane. */
export function createApi(parts: ApiParts) {
  return createApp(parts).route('/', createHealthRoutes(parts)).route('/', createAgentRoutes(parts)).route('/', createCallRoutes(parts));
}

export type Api = ReturnType<typeof createApi>;
