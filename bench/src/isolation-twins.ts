/** Two organizations that are alike in everything but one word, their canary: wherever the other's word shows up, something leaked. */
import { randomUUID } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { callEvents } from '@centralita/control-plane/db/schema/call-events.ts';
import { calls } from '@centralita/control-plane/db/schema/calls.ts';
import { conversations, conversationTurns, turnTraces } from '@centralita/control-plane/db/schema/conversations.ts';
import { turns } from '@centralita/control-plane/db/schema/turns.ts';
import { newId } from '@centralita/control-plane/shared/id.ts';
import type { OrganizationId } from '@centralita/control-plane/shared/id.ts';
import { mintOrgScope } from '@centralita/control-plane/shared/org-scope.ts';
import type { ApiRig } from './api-rig.ts';
import { benchAgent } from './bench-agent.ts';
import { askForThings, takenBy, writeThings } from './isolation-twin-things.ts';
import type { Taken } from './isolation-twin-things.ts';

/** Ids by the name of the path parameter that takes them. */
export type TwinIds = {
  readonly organizationId: readonly string[];
  readonly planId: readonly string[];
  readonly agentId: readonly string[];
  readonly numberId: readonly string[];
  readonly phoneId: readonly string[];
  readonly callId: readonly string[];
  readonly conversationId: readonly string[];
  readonly tokenId: readonly string[];
  readonly toolId: readonly string[];
  readonly messageId: readonly string[];
  readonly documentId: readonly string[];
  readonly serviceId: readonly string[];
  readonly staffId: readonly string[];
  readonly appointmentId: readonly string[];
  readonly contactId: readonly string[];
  readonly jobId: readonly string[];
};

export type Twin = {
  readonly organizationId: OrganizationId;
  /** In every text of the organization, and nowhere else. */
  readonly canary: string;
  readonly ids: TwinIds;
  /** Numbers that it is called at. */
  readonly dialled: readonly string[];
  readonly callerNumber: string;
  /** Names and times that both may take; no secret. */
  readonly taken: Taken;
  /** Text of a token of each preset. */
  readonly tokens: { readonly reporting: string; readonly full: string };
  /** Everything of its own that no answer to another may hold, in lower case. */
  readonly secrets: readonly string[];
};

const SAMPLE_RATE_HZ = 8_000;
const CALLS = 3;

/** Makes one twin over the admin API; calls and their words are written as the journal writes them. `index` tells the numbers of the two apart. */
export async function openTwin(api: ApiRig, index: number): Promise<Twin> {
  const canary = `zorzal${['azul', 'rojo'][index]}${randomUUID().replaceAll(/[^a-f]/g, '')}`;
  const create = (path: string, body?: unknown) => api.asAdmin(path, { method: 'POST', body });
  const limits = { concurrentCalls: 5, agents: 10, dailyDials: 10, storageBytes: 1e9, recordingRetentionDays: 30, textRetentionDays: 30 };
  const planId = `twin-${index}`;
  await create('/admin/plans', { planId, name: `Plan ${canary}`, requestsPerMinute: 1_000_000, ...limits });
  const organization = await create('/admin/organizations', { name: `Clínica ${canary}`, slug: `clinica-${canary}`.slice(0, 32), planId });
  const organizationId = textOf(organization, 'organizationId') as OrganizationId;
  const own = `/admin/organizations/${organizationId}`;
  const draft = {
    ...benchAgent(),
    name: `Marta ${canary}`,
    responder: { kind: 'language_model', prompt: `Di ${canary}.`, maxOutputTokens: 50, temperature: 0 },
  };
  const dialled = [`+3491000010${index}`, `+3491000020${index}`];
  const agentId: string[] = [];
  const numberId: string[] = [];
  for (const number of dialled) {
    const agent = await create(`${own}/agents`, draft);
    agentId.push(textOf(agent, 'agentId'));
    await create(`/admin/agents/${agentId.at(-1)}/provision`, {});
    numberId.push(textOf(await create(`${own}/numbers`, { number, agentId: agentId.at(-1) }), 'numberId'));
  }
  const phoneId = [];
  for (const extension of ['2101', '2102'])
    phoneId.push(textOf(await create(`${own}/phones`, { extension, displayName: `Ana ${canary}` }), 'phoneId'));
  const reporting = await create(`${own}/tokens`, { name: `CRM ${canary}`, preset: 'reporting' });
  const full = await create(`${own}/tokens`, { name: `ERP ${canary}`, preset: 'full' });
  const callerNumber = `+3460000000${index}`;
  const callId = await writeCalls(api, { organizationId, canary, agentIds: agentId, dialled, callerNumber });
  const conversationId = await writeChats(api, { organizationId, canary, agentId: agentId[0] ?? '' });
  const tokenId = [textOf(reporting, 'tokenId'), textOf(full, 'tokenId')];
  const made = { organizationId: [organizationId], planId: [planId], agentId, numberId, phoneId, callId, conversationId, tokenId };
  const tokens = { reporting: textOf(reporting, 'token'), full: textOf(full, 'token') };
  const taken = takenBy(index);
  const owner = { api, organizationId, canary, agentId: agentId[0] ?? '', callId, callerNumber };
  const ids = { ...made, ...(await askForThings({ ...owner, token: tokens.full }, taken)), ...(await writeThings(owner)) };
  // A plan's id is a word of the appliance's own, not a secret of its organization.
  const secretIds = Object.entries(ids).flatMap(([kind, values]) => (kind === 'planId' ? [] : values));
  const secrets = [canary, ...secretIds, ...dialled, callerNumber, ...Object.values(tokens)].map((text) => text.toLowerCase());
  return { organizationId, canary, ids, dialled, callerNumber, taken, tokens, secrets };
}

function textOf(body: Record<string, unknown>, field: string): string {
  const value = body[field];
  if (typeof value !== 'string') throw new Error(`an answer has no ${field}: ${JSON.stringify(body)}`);
  return value;
}

type CallSeeds = {
  organizationId: OrganizationId;
  canary: string;
  agentIds: readonly string[];
  dialled: readonly string[];
  callerNumber: string;
};

/** The same calls at the same times for both: only the words and the numbers differ. */
async function writeCalls(api: ApiRig, { organizationId: orgId, canary, agentIds, dialled, callerNumber }: CallSeeds): Promise<string[]> {
  const ids = Array.from({ length: CALLS }, () => newId('call'));
  const at = (ms: number): Date => new Date(Date.UTC(2026, 10, 20, 10) + ms);
  const rows = ids.map((id, index) => ({
    orgId,
    id,
    agentId: agentIds[index % agentIds.length] ?? null,
    legId: `1795.${index}`,
    dialledNumber: dialled[index % dialled.length] ?? '',
    callerNumber,
    state: 'ended' as const,
    outcome: 'completed',
    reason: `hablado ${canary}`,
    startedAt: at(index * 60_000),
    answeredAt: at(index * 60_000 + 100),
    endedAt: at(index * 60_000 + 30_000),
    durationMs: 30_000 + index,
    recordingPath: join(api.rig.recordingsDir, `${id}.wav`),
    recordingBytes: waveOf(canary).length,
  }));
  for (const id of ids) await writeFile(join(api.rig.recordingsDir, `${id}.wav`), waveOf(canary));
  await api.database.inOrg(mintOrgScope(orgId), async (queries) => {
    await queries.insert(calls).values(rows);
    for (const { id: callId, startedAt } of rows) {
      const said = { orgId, callId, startedAt, endedAt: startedAt, interrupted: false };
      await queries.insert(turns).values([
        { ...said, seq: 0, role: 'agent', text: `Dígame, ${canary}.` },
        { ...said, seq: 1, role: 'caller', text: `La factura de ${canary}.`, input: 'speech' },
      ]);
      await queries
        .insert(callEvents)
        .values({ orgId, callId, id: randomUUID(), name: 'flow_moved', fields: { to: canary }, at: startedAt });
    }
  });
  return ids;
}

/** Chats of one message and its answer, and how that came about. */
async function writeChats(api: ApiRig, of: { organizationId: OrganizationId; canary: string; agentId: string }): Promise<string[]> {
  const { organizationId: orgId, canary, agentId } = of;
  const ids = [newId('chat'), newId('chat')];
  const at = new Date(Date.UTC(2026, 10, 20, 10));
  const state = { node: 'menu', slots: { word: canary }, misses: 0, history: [] };
  const trace = { fromNode: 'menu', node: 'menu', notes: [], nextStep: { kind: 'listen' }, slots: state.slots, stagesMs: {}, model: null };
  await api.database.inOrg(mintOrgScope(orgId), async (queries) => {
    for (const id of ids) {
      const chat = { orgId, id, channel: 'chat' as const, agentId, agentVersion: 1, channelData: { word: canary }, turns: 2 };
      await queries.insert(conversations).values({ ...chat, state, nextStep: { kind: 'listen' }, createdAt: at, updatedAt: at });
      await queries.insert(conversationTurns).values([
        { orgId, conversationId: id, seq: 0, role: 'caller', text: `La factura de ${canary}.`, input: 'text', at },
        { orgId, conversationId: id, seq: 1, role: 'agent', text: `Dígame, ${canary}.`, at },
      ]);
      await queries.insert(turnTraces).values({ orgId, conversationId: id, seq: 1, trace });
    }
  });
  return ids;
}

/** A short WAV file whose samples spell the canary. */
function waveOf(canary: string): Buffer {
  const samples = Buffer.from(canary.repeat(200));
  const header = Buffer.alloc(44);
  header.write('RIFF', 0);
  header.writeUInt32LE(36 + samples.length, 4);
  header.write('WAVEfmt ', 8);
  header.writeUInt32LE(16, 16);
  header.writeUInt16LE(1, 20);
  header.writeUInt16LE(1, 22);
  header.writeUInt32LE(SAMPLE_RATE_HZ, 24);
  header.writeUInt32LE(SAMPLE_RATE_HZ, 28);
  header.writeUInt16LE(1, 32);
  header.writeUInt16LE(8, 34);
  header.write('data', 36);
  header.writeUInt32LE(samples.length, 40);
  return Buffer.concat([header, samples]);
}
