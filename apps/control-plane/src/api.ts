// Mounts every feature's routes. `Api` is the console's only import from here.
import { createDocumentationRoutes } from '#features/appliance/documentation-routes.ts';
import { openApiDocument } from '#http/openapi.ts';
import { createAgentRoutes } from '#features/agents/agent-routes.ts';
import type { HealthRouteParts } from '#features/appliance/health-routes.ts';
import { createHealthRoutes } from '#features/appliance/health-routes.ts';
import { createCallRoutes } from '#features/calls/call-routes.ts';
import type { LiveCallBoard } from '#features/calls/live-calls.ts';
import { createApp } from '#http/app.ts';
import type { Clock } from '#shared/clock.ts';
import type { Log } from '#shared/log.ts';
import type { Office } from './office.ts';

/** What the routes read, and who may call them. */
export type ApiParts = HealthRouteParts & {
  readonly office: Office;
  readonly board: LiveCallBoard;
  readonly clock: Clock;
  readonly log: Log;
};

/** The whole HTTP API of the control plane. */
export function createApi(parts: ApiParts) {
  const { office, board } = parts;
  const app = createApp(parts);
  return app
    .route('/', createDocumentationRoutes({ document: () => openApiDocument(app) }))
    .route('/', createHealthRoutes(parts))
    .route('/', createAgentRoutes(office))
    .route('/', createCallRoutes({ ...office, board }));
}

export type Api = ReturnType<typeof createApi>;
