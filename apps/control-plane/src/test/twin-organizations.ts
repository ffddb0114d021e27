// Organizations that have one of everything, made through the admin's API: what tests of every operation work on.
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Database } from '#db/client.ts';
import { clinicEs } from '#dialog/demo/clinic-es.ts';
import { conversations, conversationTurns, turnTraces } from '#db/schema/conversations.ts';
import { createCallEventWriter, queued } from '#features/calls/call-event-writer.ts';
import type { CallEvent } from '#ports/call-event.ts';
import type { CallId, OrganizationId } from '#shared/id.ts';
import { newId } from '#shared/id.ts';
import { silentLog } from '#shared/log.ts';
import type { OrgScope } from '#shared/org-scope.ts';
import { mintOrgScope } from '#shared/org-scope.ts';
import { permissionScopes } from '#shared/permission-scopes.ts';
import type { TestApi } from './test-api.ts';
import { addTwinAfterCalls } from './twin-after-calls.ts';
import { addTwinBooking } from './twin-booking.ts';
import { addTwinDocument } from './twin-knowledge.ts';
import { addTwinTools } from './twin-tools.ts';

/** Asks as admin and gives the body of a success; throws for anything else. */
export type AskAdmin = (path: string, request?: { readonly method?: string; readonly body?: unknown }) => Promise<Record<string, unknown>>;

/** A token with its text. */
export type HeldToken = { readonly tokenId: string; readonly text: string };

/** One organization and what it has. */
export type TwinOrganization = {
  readonly organizationId: OrganizationId;
  readonly agentIds: readonly string[];
  readonly numberIds: readonly string[];
  readonly phoneIds: readonly string[];
  readonly callIds: readonly CallId[];
  readonly conversationIds: readonly string[];
  readonly documentIds: readonly string[];
  readonly serviceIds: readonly string[];
  readonly staffIds: readonly string[];
  readonly appointmentIds: readonly string[];
  readonly toolIds: readonly string[];
  readonly messageIds: readonly string[];
  readonly contactIds: readonly string[];
  readonly jobIds: readonly string[];
  /** Good for every scope. */
  readonly token: HeldToken;
};

const CALLS = 3;
const AGENTS = 2;

/** The sound of every call: the start of a WAV file and some silence. */
const RECORDING = Buffer.concat([Buffer.from('RIFF'), Buffer.from([68, 0, 0, 0]), Buffer.from('WAVE'), Buffer.alloc(64)]);

/** Where every conversation stands after its turn 1. */
const snapshot = {
  state: { node: 'menu', slots: {}, misses: 0, history: [] },
  trace: { fromNode: 'greeting', node: 'menu', notes: [], nextStep: { kind: 'listen' }, slots: {}, stagesMs: {}, model: null },
};

/** What an organization is made with; in `recordingsDir` lie the recordings of its calls. */
export type TwinParts = { readonly askAdmin: AskAdmin; readonly database: Database; readonly recordingsDir: string };

/** Makes one. `index` keeps numbers and names apart; organizations that are made alike differ in it alone. */
export async function addTwin(
  { askAdmin, database, recordingsDir }: TwinParts,
  { index, planId }: { readonly index: number; readonly planId: string },
): Promise<TwinOrganization> {
  const post = (path: string, body: unknown) => askAdmin(path, { method: 'POST', body });
  const { organizationId } = (await post('/admin/organizations', { name: `Twin ${index}`, planId })) as { organizationId: OrganizationId };
  const own = `/admin/organizations/${organizationId}`;
  const phone = await post(`${own}/phones`, { extension: '2001', displayName: 'Reception' });
  const agentIds: string[] = [];
  const numberIds: string[] = [];
  for (let agent = 0; agent < AGENTS; agent += 1) {
    const registered = await post(`${own}/agents`, clinicEs({ organizationName: `Twin ${agent}`, destination: '2001' }));
    const agentId = String(registered['agentId']);
    agentIds.push(agentId);
    await post(`/admin/agents/${agentId}/provision`, {});
    const number = await post(`${own}/numbers`, { number: `+3491${String(index).padStart(5, '0')}${agent}`, agentId });
    numberIds.push(String(number['numberId']));
  }
  const callIds = Array.from({ length: CALLS }, () => newId('call'));
  const [agentId = ''] = agentIds;
  const recordings = new Map(callIds.map((callId) => [callId, join(recordingsDir, `${callId}.wav`)]));
  await mkdir(recordingsDir, { recursive: true });
  for (const path of recordings.values()) await writeFile(path, RECORDING);
  const events = [...recordings].flatMap(([callId, recordingPath]) => eventsOf({ callId, agentId, organizationId, recordingPath }));
  await createCallEventWriter({ database, log: silentLog })(events.map(queued));
  const token = await addToken(askAdmin, organizationId, permissionScopes);
  const phoneIds = [String(phone['phoneId'])];
  const conversationIds = [await addChat(database, mintOrgScope(organizationId), agentId)];
  const { toolId, messageId } = await addTwinTools(database, mintOrgScope(organizationId), agentId);
  const documentIds = [await addTwinDocument(database, mintOrgScope(organizationId), agentId)];
  const things = { documentIds, agentIds, numberIds, phoneIds, callIds, conversationIds, toolIds: [toolId], messageIds: [messageId] };
  const afterCalls = await addTwinAfterCalls(database, mintOrgScope(organizationId));
  const booking = await addTwinBooking(database, mintOrgScope(organizationId));
  return { organizationId, ...things, ...afterCalls, ...booking, token };
}

/** A chat of one message and its answer, which is turn 1. */
async function addChat(database: Database, scope: OrgScope, agentId: string): Promise<string> {
  const id = newId('chat');
  const of = { orgId: scope.organizationId, conversationId: id };
  const { state, trace } = snapshot;
  await database.inOrg(scope, async (queries) => {
    const row = { orgId: of.orgId, id, channel: 'chat' as const, agentId, agentVersion: 1, channelData: {}, turns: 2 };
    await queries.insert(conversations).values({ ...row, state, nextStep: { kind: 'listen' } });
    await queries.insert(conversationTurns).values([
      { ...of, seq: 0, role: 'caller', text: 'hola', input: 'text', at: new Date() },
      { ...of, seq: 1, role: 'agent', text: 'Buenos días', at: new Date() },
    ]);
    await queries.insert(turnTraces).values({ ...of, seq: 1, trace });
  });
  return id;
}

/** Makes a token of an organization. */
export async function addToken(askAdmin: AskAdmin, organizationId: string, scopes: readonly string[]): Promise<HeldToken> {
  const body = { name: 'Test', scopes };
  const made = await askAdmin(`/admin/organizations/${organizationId}/tokens`, { method: 'POST', body });
  return { tokenId: String(made['tokenId']), text: String(made['token']) };
}

type CallParts = {
  readonly callId: CallId;
  readonly agentId: string;
  readonly organizationId: OrganizationId;
  readonly recordingPath: string;
};

function eventsOf({ callId, agentId, organizationId, recordingPath }: CallParts): CallEvent[] {
  const call = { scope: mintOrgScope(organizationId), callId, at: new Date('2026-11-21T10:00:00Z') };
  const leg = {
    agentId,
    legId: `leg-${callId}`,
    dialledNumber: '+34910000000',
    callerNumber: '+34600000000',
    recordingPath,
  };
  const said = { text: 'Buenos días', input: null, heardMs: 900, interrupted: false, latency: null };
  return [
    { ...call, ...leg, kind: 'call_started' },
    {
      ...call,
      kind: 'turn_recorded',
      turn: { seq: 1, role: 'agent', startedAt: call.at, endedAt: call.at, ...said },
      conversation: snapshot,
    },
    { ...call, kind: 'call_ended', outcome: 'completed', reason: 'caller', durationMs: 60_000 },
  ];
}

/** Asks an application in this process as its admin. */
export function askAdminOf(api: Pick<TestApi, 'asAdmin'>): AskAdmin {
  return async (path, request = {}) => {
    const { status, body } = await api.asAdmin(path, request);
    if (status >= 300) throw new Error(`${request.method ?? 'GET'} ${path}: ${status} ${JSON.stringify(body)}`);
    return body;
  };
}
