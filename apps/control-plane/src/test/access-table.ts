// Who may call each operation of the API, as it is meant: one row per operation. What the routes declare, and do, is compared with it.
import { clinicEs } from '#dialog/demo/clinic-es.ts';
import type { RequiredScope } from '#http/route.ts';
import { uploadForm } from './twin-knowledge.ts';
import { freeMoment, openCalendar } from './twin-booking.ts';
import type { TwinOrganization } from './twin-organizations.ts';
import { toolDraft } from './twin-tools.ts';

/** What a body may name. `unique` is another number for each body. */
export type BodyParts = { readonly own: TwinOrganization; readonly unique: number };

/** One operation. */
export type AccessRow = {
  /** The scope that a client's token needs; or who else may call it. */
  readonly opens: RequiredScope | 'admin' | 'public' | 'signed';
  /** The admin key opens it as well. */
  readonly alsoAdmin?: true;
  /** A body that it takes: a form goes as it is, anything else as JSON. */
  readonly body?: (parts: BodyParts) => unknown;
  /** The status for whoever may; 200 unless said otherwise. */
  readonly done?: number;
};

const agentOf = ({ own }: BodyParts) => ({ agentId: own.agentIds[0] });
const draft = () => clinicEs({ organizationName: 'Otra', destination: '2001' });
const planLimits = {
  concurrentCalls: 10,
  agents: 5,
  requestsPerMinute: 600,
  dailyDials: 100,
  storageBytes: 1_000_000,
  recordingRetentionDays: 30,
  textRetentionDays: 30,
};
const trunk = { host: '192.0.2.7', matches: ['192.0.2.7'] };

const publicRows: Readonly<Record<string, AccessRow>> = {
  'GET /health': { opens: 'public' },
  'GET /health/ready': { opens: 'public' },
  'GET /health/startup': { opens: 'public' },
  'GET /metrics': { opens: 'public' },
  'GET /openapi.json': { opens: 'public' },
  'GET /docs': { opens: 'public' },
  'GET /docs/reference.js': { opens: 'public' },
};

const clientRows: Readonly<Record<string, AccessRow>> = {
  'GET /agents': { opens: 'agent:read' },
  'GET /agents/{agentId}': { opens: 'agent:read' },
  'PATCH /agents/{agentId}': { opens: 'agent:write', body: ({ unique }) => ({ name: `Agent ${unique}` }) },
  'GET /agents/{agentId}/versions': { opens: 'agent:read' },
  'GET /agents/{agentId}/versions/{version}': { opens: 'agent:read' },
  'POST /agents/{agentId}/rollback': { opens: 'agent:write', body: () => ({ version: 1 }) },
  'GET /agents/{agentId}/http-tools': { opens: 'agent:read' },
  'POST /agents/{agentId}/http-tools': { opens: 'agent:write', done: 201, body: ({ unique }) => toolDraft(unique) },
  'GET /agents/{agentId}/http-tools/{toolId}': { opens: 'agent:read' },
  'PATCH /agents/{agentId}/http-tools/{toolId}': { opens: 'agent:write', body: () => ({ effect: 'guarded' }) },
  'DELETE /agents/{agentId}/http-tools/{toolId}': { opens: 'agent:write', done: 204 },
  'GET /caller-messages': { opens: 'calls:read' },
  'GET /caller-messages/{messageId}': { opens: 'calls:read' },
  'PATCH /caller-messages/{messageId}': { opens: 'calls:write', body: () => ({ isHandled: true }) },
  'DELETE /caller-messages/{messageId}': { opens: 'calls:write', done: 204 },
  'POST /agents/{agentId}/rag/upload': { opens: 'agent:write', done: 202, body: ({ unique }) => uploadForm(unique) },
  'GET /agents/{agentId}/rag/documents': { opens: 'agent:read' },
  'GET /agents/{agentId}/rag/documents/{documentId}': { opens: 'agent:read' },
  'DELETE /agents/{agentId}/rag/documents/{documentId}': { opens: 'agent:write', done: 204 },
  'POST /agents/{agentId}/rag/search': { opens: 'agent:read', body: () => ({ question: '¿Cuánto cuesta?' }) },
  'GET /numbers': { opens: 'agent:read' },
  'GET /numbers/{numberId}': { opens: 'agent:read' },
  'PATCH /numbers/{numberId}': { opens: 'agent:write', body: agentOf },
  'GET /phones': { opens: 'agent:read' },
  'GET /phones/{phoneId}': { opens: 'agent:read' },
  'PATCH /phones/{phoneId}': { opens: 'agent:write', body: () => ({ displayName: 'Recepción 2' }) },
  'GET /calls': { opens: 'calls:read' },
  'GET /calls/{callId}': { opens: 'calls:read' },
  'GET /calls/{callId}/outcome': { opens: 'calls:read' },
  'GET /contacts': { opens: 'calls:read' },
  'GET /contacts/{contactId}': { opens: 'calls:read' },
  'PATCH /contacts/{contactId}': { opens: 'calls:write', body: () => ({ consent: 'granted' }) },
  'DELETE /contacts/{contactId}': { opens: 'calls:write', done: 204 },
  'GET /live-calls': { opens: 'calls:read' },
  'POST /calls/{callId}/hang-up': { opens: 'calls:write', done: 409 },
  'GET /calls/{callId}/turns/{seq}/trace': { opens: 'calls:read' },
  'POST /chat': { opens: 'calls:write', body: (parts) => ({ ...agentOf(parts), message: 'quiero una cita' }) },
  'GET /conversations/{conversationId}': { opens: 'calls:read' },
  'GET /conversations/{conversationId}/turns/{seq}/trace': { opens: 'calls:read' },
  'DELETE /conversations/{conversationId}': { opens: 'calls:write', done: 204 },
  'POST /calls/{callId}/recording-url': { opens: 'recordings:read' },
  'GET /recordings/{callId}': { opens: 'signed' },
  'GET /tokens/self': { opens: 'any' },
  'GET /health/detailed': { opens: 'health:read', alsoAdmin: true },
  'GET /usage': { opens: 'calls:read' },
};

const serviceOf = ({ own }: BodyParts) => ({ serviceId: own.serviceIds[0] });
const bookingRows: Readonly<Record<string, AccessRow>> = {
  'GET /booking/calendar': { opens: 'agent:read' },
  'PUT /booking/calendar': { opens: 'agent:write', body: () => openCalendar },
  'GET /booking/services': { opens: 'agent:read' },
  'POST /booking/services': { opens: 'agent:write', done: 201, body: ({ unique }) => ({ name: `Servicio ${unique}`, minutes: 30 }) },
  'GET /booking/services/{serviceId}': { opens: 'agent:read' },
  'PATCH /booking/services/{serviceId}': { opens: 'agent:write', body: () => ({ synonyms: ['corte de pelo'] }) },
  'DELETE /booking/services/{serviceId}': { opens: 'agent:write', done: 409 },
  'GET /booking/services/{serviceId}/availability': { opens: 'calls:read' },
  'GET /booking/staff': { opens: 'agent:read' },
  'POST /booking/staff': {
    opens: 'agent:write',
    done: 201,
    body: (parts) => ({ name: `Persona ${parts.unique}`, serviceIds: parts.own.serviceIds }),
  },
  'GET /booking/staff/{staffId}': { opens: 'agent:read' },
  'PATCH /booking/staff/{staffId}': { opens: 'agent:write', body: ({ unique }) => ({ name: `Ana ${unique}` }) },
  'DELETE /booking/staff/{staffId}': { opens: 'agent:write', done: 409 },
  'GET /booking/appointments': { opens: 'calls:read' },
  'POST /booking/appointments': {
    opens: 'calls:write',
    done: 201,
    body: (parts) => ({ ...serviceOf(parts), ...freeMoment(parts.unique), contactName: 'Eva', contactNumber: '+34600111222' }),
  },
  'GET /booking/appointments/{appointmentId}': { opens: 'calls:read' },
  'POST /booking/appointments/{appointmentId}/confirm': { opens: 'calls:write' },
  'POST /booking/appointments/{appointmentId}/cancel': { opens: 'calls:write' },
  // By then it is cancelled.
  'POST /booking/appointments/{appointmentId}/reschedule': { opens: 'calls:write', done: 409, body: ({ unique }) => freeMoment(unique) },
};

const adminRows: Readonly<Record<string, AccessRow>> = {
  'GET /admin/capacity': { opens: 'admin' },
  'POST /admin/capacity/tests': { opens: 'admin', done: 201, body: () => ({ estimatedCalls: 21, measuredCalls: 20, comment: 'a test' }) },
  'GET /admin/plans': { opens: 'admin' },
  'POST /admin/plans': { opens: 'admin', done: 201, body: ({ unique }) => ({ planId: `plan-${unique}`, name: 'Plan', ...planLimits }) },
  'GET /admin/plans/{planId}': { opens: 'admin' },
  'PATCH /admin/plans/{planId}': { opens: 'admin', body: () => ({ agents: 6 }) },
  'DELETE /admin/plans/{planId}': { opens: 'admin', done: 204 },
  'GET /admin/organizations': { opens: 'admin' },
  'POST /admin/organizations': { opens: 'admin', done: 201, body: ({ unique }) => ({ name: `Organization ${unique}` }) },
  'GET /admin/organizations/{organizationId}': { opens: 'admin' },
  'PATCH /admin/organizations/{organizationId}': { opens: 'admin', body: () => ({ name: 'Otro nombre' }) },
  'DELETE /admin/organizations/{organizationId}': { opens: 'admin', done: 202, body: () => ({ graceDays: 30 }) },
  'POST /admin/organizations/{organizationId}/activate': { opens: 'admin' },
  'POST /admin/organizations/{organizationId}/deactivate': { opens: 'admin' },
  'POST /admin/organizations/{organizationId}/restore': { opens: 'admin', done: 409 },
  'GET /admin/organizations/{organizationId}/export': { opens: 'admin' },
  'GET /admin/organizations/{organizationId}/export/download': { opens: 'admin', done: 409 },
  'GET /admin/organizations/{organizationId}/usage': { opens: 'admin' },
  'GET /admin/organizations/{organizationId}/tokens': { opens: 'admin' },
  'POST /admin/organizations/{organizationId}/tokens': { opens: 'admin', done: 201, body: () => ({ name: 'CRM', preset: 'reporting' }) },
  'POST /admin/tokens/rotate': { opens: 'admin', done: 201, body: ({ own }) => ({ tokenId: own.token.tokenId }) },
  'GET /admin/tokens/{tokenId}': { opens: 'admin' },
  'POST /admin/tokens/{tokenId}/revoke': { opens: 'admin' },
  'GET /admin/agents': { opens: 'admin' },
  'POST /admin/organizations/{organizationId}/agents': { opens: 'admin', done: 201, body: draft },
  'GET /admin/agents/{agentId}': { opens: 'admin' },
  'DELETE /admin/agents/{agentId}': { opens: 'admin', done: 409 },
  'POST /admin/agents/{agentId}/provision': { opens: 'admin', body: () => ({}) },
  'POST /admin/agents/{agentId}/activate': { opens: 'admin' },
  'POST /admin/agents/{agentId}/deactivate': { opens: 'admin' },
  'GET /admin/numbers': { opens: 'admin' },
  'POST /admin/organizations/{organizationId}/numbers': {
    opens: 'admin',
    done: 201,
    body: (parts) => ({ number: `+3493${String(parts.unique).padStart(7, '0')}`, ...agentOf(parts) }),
  },
  'GET /admin/numbers/{numberId}': { opens: 'admin' },
  'PATCH /admin/numbers/{numberId}': { opens: 'admin', body: agentOf },
  'DELETE /admin/numbers/{numberId}': { opens: 'admin', done: 204 },
  'GET /admin/phones': { opens: 'admin' },
  'POST /admin/organizations/{organizationId}/phones': {
    opens: 'admin',
    done: 201,
    body: ({ unique }) => ({ extension: String(3_000 + unique), displayName: 'Caja' }),
  },
  'GET /admin/phones/{phoneId}': { opens: 'admin' },
  'PATCH /admin/phones/{phoneId}': { opens: 'admin', body: () => ({ displayName: 'Caja 2' }) },
  'DELETE /admin/phones/{phoneId}': { opens: 'admin' },
  'POST /admin/phones/{phoneId}/reset-password': { opens: 'admin' },
  'GET /admin/trunks': { opens: 'admin' },
  'POST /admin/trunks': { opens: 'admin', done: 201, body: ({ unique }) => ({ name: `carrier-${unique}`, ...trunk }) },
  'GET /admin/trunks/{trunkId}': { opens: 'admin' },
  'PATCH /admin/trunks/{trunkId}': { opens: 'admin', body: () => ({ port: 5061 }) },
  'DELETE /admin/trunks/{trunkId}': { opens: 'admin' },
  'GET /admin/registry': { opens: 'admin' },
  // Without a registry there is nobody to tell.
  'POST /admin/registry/push': { opens: 'admin', done: 409 },
  'GET /admin/global-stop': { opens: 'admin' },
  'POST /admin/global-stop': { opens: 'admin', body: () => ({ reason: 'maintenance' }) },
  'POST /admin/global-stop/resume': { opens: 'admin', body: () => ({}) },
  'GET /admin/telephony': { opens: 'admin' },
  'POST /admin/telephony/reconcile': { opens: 'admin' },
  'GET /admin/jobs': { opens: 'admin' },
  'POST /admin/jobs/{jobId}/retry': { opens: 'admin', done: 409 },
  'GET /admin/calls': { opens: 'admin' },
  'GET /admin/calls/{callId}': { opens: 'admin' },
  'GET /admin/live-calls': { opens: 'admin' },
  'GET /admin/audit': { opens: 'admin' },
  'GET /admin/audit/verify': { opens: 'admin' },
};

/** Every operation of the document, and nothing else. */
export const accessTable: Readonly<Record<string, AccessRow>> = { ...publicRows, ...clientRows, ...bookingRows, ...adminRows };
