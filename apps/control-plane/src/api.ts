// Mounts every feature's routes. `Api` is the console's only import from here.
import { createDocumentationRoutes } from '#features/appliance/documentation-routes.ts';
import { openApiDocument } from '#http/openapi.ts';
import { createTokenRoutes } from '#features/access/token-routes.ts';
import { createAuditRoutes } from '#features/access/audit-routes.ts';
import { createOrganizationRoutes } from '#features/access/organization-routes.ts';
import { createPlanRoutes } from '#features/access/plan-routes.ts';
import { createOrganizationExportRoutes } from '#features/appliance/organization-export-routes.ts';
import { createUsageRoutes } from '#features/appliance/usage-routes.ts';
import { createKnowledgeRoutes } from '#features/knowledge/knowledge-routes.ts';
import { createAgentRoutes } from '#features/agents/agent-routes.ts';
import { createCallerMessageRoutes } from '#features/agents/caller-message-routes.ts';
import { createHttpToolRoutes } from '#features/agents/http-tool-routes.ts';
import { createGlobalStopRoutes } from '#features/appliance/global-stop-routes.ts';
import type { HealthRouteParts } from '#features/appliance/health-routes.ts';
import { createHealthRoutes } from '#features/appliance/health-routes.ts';
import type { CallEngine } from '#engine/call-engine.ts';
import { createAdminCallRoutes } from '#features/calls/admin-call-routes.ts';
import { createCapacityRoutes } from '#features/capacity/capacity-routes.ts';
import type { CapacityRouteParts } from '#features/capacity/capacity-routes.ts';
import { createCallRoutes } from '#features/calls/call-routes.ts';
import type { ChatParts } from '#features/conversations/chats.ts';
import { createChats } from '#features/conversations/chats.ts';
import { createConversationRoutes } from '#features/conversations/conversation-routes.ts';
import type { LiveCallBoard } from '#features/calls/live-calls.ts';
import { createContactRoutes } from '#features/contacts/contact-routes.ts';
import { createJobRoutes } from '#features/jobs/job-routes.ts';
import { createOutcomeRoutes } from '#features/outcomes/outcome-routes.ts';
import { createRegistryRoutes } from '#features/registry/registry-routes.ts';
import type { RegistryRouteParts } from '#features/registry/registry-routes.ts';
import { createRecordingRoutes } from '#features/recordings/recording-routes.ts';
import { createBookingRoutes } from '#features/booking/booking-routes.ts';
import { createNumberRoutes } from '#features/telephony/number-routes.ts';
import { createPhoneRoutes } from '#features/telephony/phone-routes.ts';
import { createTrunkRoutes } from '#features/telephony/trunk-routes.ts';
import type { HttpAnswer } from '#http/app.ts';
import { createApp } from '#http/app.ts';
import { assertEveryRouteDeclaresAccess } from '#http/route-check.ts';
import type { Clock } from '#shared/clock.ts';
import type { Log } from '#shared/log.ts';
import type { Office } from './office.ts';

/** What the routes read, and who may call them. */
export type ApiParts = HealthRouteParts & {
  readonly office: Office;
  readonly board: LiveCallBoard;
  readonly engine: Pick<CallEngine, 'hangUp'>;
  /** The agent at work, as in calls. */
  readonly openDialog: ChatParts['openDialog'];
  /** Absent: chats are in no trace. */
  readonly traces?: ChatParts['traces'];
  readonly capacity: Pick<CapacityRouteParts, 'capacity' | 'processSamples'>;
  readonly serverRegistry: RegistryRouteParts['serverRegistry'];
  readonly clock: Clock;
  readonly log: Log;
  /** Told of every request that was answered. */
  readonly observeHttp?: (answer: HttpAnswer) => void;
};

/** The whole HTTP API of the control plane. Throws when a route does not say who may call it. */
export function createApi(parts: ApiParts) {
  const { office, board, engine, clock, log, openDialog, traces } = parts;
  const { conversations, conversationCache, chatAgents } = office;
  const chats = createChats({ store: conversations, cache: conversationCache, agents: chatAgents, openDialog, traces, clock, log });
  const app = createApp(parts);
  const api = app
    .route('/', createDocumentationRoutes({ document: () => openApiDocument(app) }))
    .route('/', createHealthRoutes({ ...parts, guards: office.guards }))
    .route('/', createGlobalStopRoutes(office))
    .route('/', createPlanRoutes(office))
    .route('/', createOrganizationRoutes({ ...office, onDeletionRequested: (id) => office.exports.start(id) }))
    .route('/', createOrganizationExportRoutes(office))
    .route('/', createAuditRoutes(office))
    .route('/', createUsageRoutes({ ...office, clock, liveCalls: (id) => board.list(id).length }))
    .route('/', createTokenRoutes(office))
    .route('/', createAgentRoutes(office))
    .route('/', createHttpToolRoutes(office))
    .route('/', createCallerMessageRoutes(office))
    .route('/', createKnowledgeRoutes(office))
    .route('/', createBookingRoutes(office))
    .route('/', createNumberRoutes(office))
    .route('/', createPhoneRoutes(office))
    .route('/', createTrunkRoutes(office))
    .route('/', createAdminCallRoutes({ ...office, board, clock }))
    .route('/', createCallRoutes({ ...office, board, engine, clock }))
    .route('/', createConversationRoutes({ ...office, chats }))
    .route('/', createOutcomeRoutes(office))
    .route('/', createContactRoutes(office))
    .route('/', createJobRoutes(office))
    .route('/', createCapacityRoutes({ ...office, ...parts.capacity, clock }))
    .route('/', createRegistryRoutes({ ...office, ...parts }))
    .route('/', createRecordingRoutes({ ...office, clock }));
  assertEveryRouteDeclaresAccess(api);
  return api;
}

export type Api = ReturnType<typeof createApi>;
