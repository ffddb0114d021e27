/** What a twin's agent can do and knows, what can be booked, and what its calls left: made over its own API where the API makes it. */
import { setTimeout as sleep } from 'node:timers/promises';
import { callOutcomes } from '@centralita/control-plane/db/schema/call-outcomes.ts';
import { callerMessages } from '@centralita/control-plane/db/schema/caller-messages.ts';
import { contactFacts, contacts } from '@centralita/control-plane/db/schema/contacts.ts';
import { jobs } from '@centralita/control-plane/db/schema/jobs.ts';
import { newId } from '@centralita/control-plane/shared/id.ts';
import type { OrganizationId } from '@centralita/control-plane/shared/id.ts';
import { mintOrgScope } from '@centralita/control-plane/shared/org-scope.ts';
import { freeMoment, openCalendar } from '@centralita/control-plane/test/twin-booking.ts';
import { toolDraft } from '@centralita/control-plane/test/twin-tools.ts';
import type { ApiRig } from './api-rig.ts';

/** What a twin has under a name or at a time that is the other's to take as well: one organization is full, the other is not. */
export type Taken = {
  readonly service: string;
  readonly staff: string;
  readonly tool: ReturnType<typeof toolDraft>;
  /** When it has an appointment. */
  readonly moment: { readonly date: string; readonly time: string };
  /** A document without its owner's word. */
  readonly document: () => FormData;
};

/** Another for each twin. */
export function takenBy(index: number): Taken {
  const letter = 'AB'.charAt(index);
  return {
    service: `Corte ${letter}`,
    staff: `Ana ${letter}`,
    tool: toolDraft(100 + index),
    moment: freeMoment(100 + 12 * index),
    document: () => documentOf(`tarifas-${letter}.txt`, `El masaje ${letter} cuesta 45 euros.`),
  };
}

function documentOf(name: string, text: string): FormData {
  const form = new FormData();
  form.set('file', new File([text], name));
  form.set('category', 'precios');
  return form;
}

type Owner = {
  readonly api: ApiRig;
  readonly organizationId: OrganizationId;
  readonly canary: string;
  readonly agentId: string;
  readonly callId: readonly string[];
  readonly callerNumber: string;
};
type AskingOwner = Owner & { readonly token: string };
const READ_WITHIN_MS = 60_000;

async function asOwner({ api, token }: Pick<AskingOwner, 'api' | 'token'>, path: string, request: { method?: string; body?: unknown }) {
  const answer = await api.ask(path, { ...request, headers: { authorization: `Bearer ${token}` } });
  if (answer.status >= 300) throw new Error(`${request.method ?? 'GET'} ${path}: ${answer.status} ${JSON.stringify(answer.body)}`);
  return answer.body as Readonly<Record<string, unknown>>;
}

/** A tool, documents that are searched, and a calendar with one appointment. */
export async function askForThings(owner: AskingOwner, taken: Taken) {
  const { canary, agentId } = owner;
  const create = async (path: string, { body, id }: { body: unknown; id: string }): Promise<string> =>
    String((await asOwner(owner, path, { method: 'POST', body }))[id]);
  const tool = { ...taken.tool, description: `Busca en ${canary}.`, url: `https://${canary}.example.com/orders/{number}` };
  const toolId = await create(`/agents/${agentId}/http-tools`, { body: tool, id: 'toolId' });
  const documentId: string[] = [];
  for (const body of [documentOf(`${canary}.txt`, `La tarifa de ${canary} es de 45 euros.`), taken.document()])
    documentId.push(await create(`/agents/${agentId}/rag/upload`, { body, id: 'documentId' }));
  for (const id of documentId) await waitUntilRead(owner, `/agents/${agentId}/rag/documents/${id}`);
  await asOwner(owner, '/booking/calendar', { method: 'PUT', body: openCalendar });
  const serviceId: string[] = [];
  for (const name of [`Masaje ${canary}`, taken.service])
    serviceId.push(await create('/booking/services', { body: { name, minutes: 30, priceText: `45 a ${canary}` }, id: 'serviceId' }));
  const staffId: string[] = [];
  for (const name of [`Eva ${canary}`, taken.staff])
    staffId.push(await create('/booking/staff', { body: { name, serviceIds: serviceId }, id: 'staffId' }));
  const who = { contactName: `Eva ${canary}`, contactNumber: owner.callerNumber };
  const appointment = { ...taken.moment, ...who, serviceId: serviceId[0], staffId: staffId[0] };
  const appointmentId = [await create('/booking/appointments', { body: appointment, id: 'appointmentId' })];
  return { toolId: [toolId], documentId, serviceId, staffId, appointmentId };
}

/** Waits for a document to be searched; throws when it is not within a minute. */
export async function waitUntilRead(owner: Pick<AskingOwner, 'api' | 'token'>, path: string): Promise<void> {
  const giveUpAt = Date.now() + READ_WITHIN_MS;
  for (;;) {
    const document = await asOwner(owner, path, {});
    if (document['state'] === 'ready') return;
    if (document['state'] === 'failed' || Date.now() > giveUpAt) throw new Error(`a document is not read: ${JSON.stringify(document)}`);
    await sleep(100);
  }
}

/** What only calls make: a message, a contact with what is known of it, an outcome and the job that made it. */
export async function writeThings({ api, organizationId: orgId, canary, agentId, callId, callerNumber }: Owner) {
  const [messageId, contactId, jobId] = [newId('callerMessage'), newId('contact'), newId('job')];
  const [sourceId = ''] = callId;
  const at = new Date(Date.UTC(2026, 10, 20, 10));
  const fact = { name: 'color', value: canary, sourceId, turns: [1], learnedAt: at };
  const outcome = { method: 'rules' as const, summary: `Pidió ${canary}.`, summaryTurns: [1], sentimentTurns: [], dispositionTurns: [] };
  await api.database.inOrg(mintOrgScope(orgId), async (queries) => {
    const message = { conversationId: sourceId, text: `Que llame ${canary}`, isUrgent: false, fingerprint: canary };
    await queries.insert(callerMessages).values({ orgId, id: messageId, agentId, callbackNumber: callerNumber, ...message });
    const consent = { consent: 'granted' as const, consentAt: at, consentSource: sourceId };
    await queries.insert(contacts).values({ orgId, id: contactId, number: callerNumber, ...consent, lastSeenAt: at });
    await queries.insert(contactFacts).values({ orgId, contactId, ...fact });
    await queries.insert(callOutcomes).values({ orgId, callId: sourceId, ...outcome, fields: [], notes: [] });
    // Done: one that waits would be taken, and change while nobody asks for it.
    const job = { kind: 'call_outcome' as const, key: sourceId, payload: { callId: sourceId }, maxAttempts: 3 };
    await queries.insert(jobs).values({ orgId, id: jobId, ...job, state: 'done', endedAt: new Date() });
  });
  return { messageId: [messageId], contactId: [contactId], jobId: [jobId] };
}
