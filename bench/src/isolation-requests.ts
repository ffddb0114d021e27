/** What is asked of each operation: bodies and queries, with a place for an id or word that is the other organization's, one's own, or nobody's. */
import { newId } from '@centralita/control-plane/shared/id.ts';
import { freeMoment, openCalendar } from '@centralita/control-plane/test/twin-booking.ts';
import { uploadForm } from '@centralita/control-plane/test/twin-knowledge.ts';
import { toolDraft } from '@centralita/control-plane/test/twin-tools.ts';
import type { Twin, TwinIds } from './isolation-twins.ts';

/** A name that a probe fills in: the other's, one's own, nobody's. */
export type Names = { readonly ids: TwinIds; readonly word: string; readonly dialled: string; readonly callerNumber: string };

export const namesOf = (twin: Twin): Names => ({
  ids: twin.ids,
  word: twin.canary,
  dialled: twin.dialled[0] ?? '',
  callerNumber: twin.callerNumber,
});

/** Names of the same form that belong to nobody. */
export function nobody(): Names {
  const ids = {
    organizationId: [newId('organization')],
    planId: ['nobodys-plan'],
    agentId: [newId('agent')],
    numberId: [newId('number')],
    phoneId: [newId('phone')],
    callId: [newId('call')],
    conversationId: [newId('chat')],
    tokenId: [newId('apiToken')],
    toolId: [newId('httpTool')],
    messageId: [newId('callerMessage')],
    documentId: [newId('document')],
    serviceId: [newId('bookingService')],
    staffId: [newId('bookingStaff')],
    appointmentId: [newId('appointment')],
    contactId: [newId('contact')],
    jobId: [newId('job')],
  };
  return { ids, word: 'zorzalnadie', dialled: '+34999999999', callerNumber: '+34999999998' };
}

const first = (ids: readonly string[]): string => ids[0] ?? '';

/** Who comes when: the same for whoever asks. */
const visit = { ...freeMoment(1), contactName: 'Probe', contactNumber: '+34600111222' };

/** Bodies by operation. The first is the ordinary one; an operation with a body that is not here fails the proof. */
const bodies: Readonly<Record<string, (names: Names) => readonly unknown[]>> = {
  'PATCH /agents/{agentId}': (names) => [{ comment: 'probe' }, { name: `Marta ${names.word}` }, { voice: 'es', expectedVersion: 1 }],
  'POST /agents/{agentId}/rollback': () => [{ version: 1 }, { version: 2, comment: 'probe' }],
  'PATCH /numbers/{numberId}': ({ ids }) => ids.agentId.map((agentId) => ({ agentId })),
  'PATCH /phones/{phoneId}': () => [{ displayName: 'Probe' }],
  'POST /chat': ({ ids, word }) => [
    { agentId: first(ids.agentId), message: word },
    { conversationId: first(ids.conversationId), message: 'hola' },
  ],
  'POST /agents/{agentId}/http-tools': () => [toolDraft(1)],
  'PATCH /agents/{agentId}/http-tools/{toolId}': () => [{ effect: 'write' }],
  'PATCH /caller-messages/{messageId}': () => [{ isHandled: true }],
  // A form: the document says nothing of it as JSON.
  'POST /agents/{agentId}/rag/upload': () => [uploadForm(1)],
  'POST /agents/{agentId}/rag/search': ({ word }) => [{ question: `¿Qué dice la tarifa de ${word}?` }, { question: '¿Y las tarifas?' }],
  'PUT /booking/calendar': () => [openCalendar],
  'POST /booking/services': ({ word }) => [{ name: `Masaje ${word}`, minutes: 30 }],
  'PATCH /booking/services/{serviceId}': () => [{ minutes: 45 }],
  'POST /booking/staff': ({ ids }) => [{ name: 'Probe', serviceIds: ids.serviceId }],
  'PATCH /booking/staff/{staffId}': ({ ids }) => [{ serviceIds: ids.serviceId }],
  'POST /booking/appointments': ({ ids }) => [
    { ...visit, serviceId: first(ids.serviceId) },
    { ...visit, serviceId: first(ids.serviceId), staffId: first(ids.staffId) },
  ],
  'POST /booking/appointments/{appointmentId}/reschedule': ({ ids }) => [{ ...freeMoment(2), staffId: first(ids.staffId) }],
  'PATCH /contacts/{contactId}': () => [{ consent: 'refused' }],
  'POST /admin/plans': (names) => [{ planId: 'probe', name: names.word }],
  'PATCH /admin/plans/{planId}': () => [{ name: 'Probe' }],
  'POST /admin/organizations': ({ word }) => [{ name: word }],
  'PATCH /admin/organizations/{organizationId}': ({ ids }) => [{ planId: first(ids.planId) }],
  'DELETE /admin/organizations/{organizationId}': () => [{ graceDays: 30 }],
  'POST /admin/organizations/{organizationId}/tokens': () => [{ name: 'Probe', preset: 'full' }],
  'POST /admin/tokens/rotate': ({ ids }) => ids.tokenId.map((tokenId) => ({ tokenId })),
  'POST /admin/organizations/{organizationId}/agents': ({ word }) => [{ name: word }],
  'POST /admin/agents/{agentId}/provision': ({ dialled }) => [{}, { number: dialled }],
  'POST /admin/organizations/{organizationId}/numbers': ({ ids }) => [{ number: '+34910000999', agentId: first(ids.agentId) }],
  'PATCH /admin/numbers/{numberId}': ({ ids }) => [{ agentId: first(ids.agentId) }],
  'POST /admin/organizations/{organizationId}/phones': () => [{ extension: '2199', displayName: 'Probe' }],
  'PATCH /admin/phones/{phoneId}': () => [{ displayName: 'Probe' }],
  'POST /admin/trunks': () => [{ name: 'probe', host: 'sip.example' }],
  'PATCH /admin/trunks/{trunkId}': () => [{ port: 5061 }],
};

/** The bodies of an operation; null when this proof knows none. */
export function bodiesOf(key: string, names: Names): readonly unknown[] | null {
  return bodies[key]?.(names) ?? null;
}

/** Values of each query parameter; a parameter that is not here fails the proof. */
const queries: Readonly<Record<string, (names: Names) => readonly string[]>> = {
  agentId: ({ ids }) => ids.agentId,
  organizationId: ({ ids }) => ids.organizationId,
  dialledNumber: ({ dialled }) => [dialled],
  callerNumber: ({ callerNumber }) => [callerNumber],
  search: ({ word }) => [word, `factura de ${word}`],
  outcome: () => ['completed'],
  staffId: ({ ids }) => ids.staffId,
  number: ({ callerNumber }) => [callerNumber],
  state: () => ['ended', 'confirmed', 'open', 'handled', 'done'],
  fromDate: () => [freeMoment(1).date],
  days: () => ['1', '7'],
  startsFrom: () => ['2026-11-20T00:00:00Z'],
  startsTo: () => ['2027-11-20T00:00:00Z'],
  startedFrom: () => ['2026-11-20T00:00:00Z'],
  startedTo: () => ['2026-11-21T00:00:00Z'],
  sort: () => ['startedAt', '-startedAt', 'durationMs', '-durationMs'],
  limit: () => ['1', '100'],
  chain: ({ ids }) => ids.organizationId,
  from: () => ['2026-11-01'],
  to: () => ['2026-11-30'],
  month: () => ['2026-11'],
};

/** Values of a query parameter; null when this proof knows none. */
export function queryValuesOf(name: string, names: Names): readonly string[] | null {
  return queries[name]?.(names) ?? null;
}

/** Which query parameters name something that only its owner knows: their answers must be those for nobody's. */
export const NAMING_QUERIES: ReadonlySet<string> = new Set([
  'agentId',
  'organizationId',
  'dialledNumber',
  'callerNumber',
  'number',
  'staffId',
  'search',
  'chain',
]);

/** A value for every path parameter that names no organization's row. */
export const PLAIN_PARAMETERS: Readonly<Record<string, readonly string[]>> = {
  version: ['1', '2', '999'],
  seq: ['1', '999'],
  trunkId: [newId('trunk')],
};
