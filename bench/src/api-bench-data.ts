/** Calls to read: several organizations with some thousand calls of a usual length, the same for the same seed. */
import { randomUUID } from 'node:crypto';
import type { Database } from '@centralita/control-plane/db/client.ts';
import { agents } from '@centralita/control-plane/db/schema/agents.ts';
import { callEvents } from '@centralita/control-plane/db/schema/call-events.ts';
import { calls } from '@centralita/control-plane/db/schema/calls.ts';
import { organizations } from '@centralita/control-plane/db/schema/organizations.ts';
import { turns } from '@centralita/control-plane/db/schema/turns.ts';
import { mintApplianceScope } from '@centralita/control-plane/shared/appliance-scope.ts';
import { newId } from '@centralita/control-plane/shared/id.ts';
import type { CallId, OrganizationId } from '@centralita/control-plane/shared/id.ts';
import { mintOrgScope } from '@centralita/control-plane/shared/org-scope.ts';

/** An organization and the ids of its calls. */
export type SeededOrganization = { readonly organizationId: OrganizationId; readonly callIds: readonly CallId[] };

/** A call of a minute: greeting, and three times question and answer. */
export const TURNS_PER_CALL = 6;
const NOTES_PER_CALL = 3;
/** Rows of one INSERT: parameters stay far below the protocol's 65,535. */
const BATCH = 500;
const SENTENCES = [
  'Buenos días, ha llamado a la clínica. ¿En qué puedo ayudarle?',
  'Quería cambiar la cita que tengo el jueves por la tarde, si puede ser para la semana que viene.',
  'Claro. Tengo un hueco el martes a las diez y otro el miércoles a las cinco y media. ¿Cuál le viene mejor?',
  'El martes a las diez me viene bien, gracias.',
];

/** Writes organizations on a plan, each with `callsEach` calls. */
export async function seedCalls(
  database: Database,
  options: { organizations: number; callsEach: number; planId: string; random: () => number },
): Promise<SeededOrganization[]> {
  const seeded: SeededOrganization[] = [];
  for (let index = 0; index < options.organizations; index++) {
    const organizationId = newId('organization');
    const agentId = newId('agent');
    await database.inAppliance(mintApplianceScope(), async (queries) => {
      const name = `Bench ${index}`;
      await queries.insert(organizations).values({ id: organizationId, name, slug: `bench-${index}`, planId: options.planId });
      await queries.insert(agents).values({ orgId: organizationId, id: agentId, name, language: 'es', voice: '', profile: {} });
    });
    const rows = Array.from({ length: options.callsEach }, () => callRows(organizationId, agentId, options.random));
    await database.inOrg(mintOrgScope(organizationId), async (queries) => {
      for (let start = 0; start < rows.length; start += BATCH) {
        const batch = rows.slice(start, start + BATCH);
        await queries.insert(calls).values(batch.map(({ call }) => call));
        await queries.insert(turns).values(batch.flatMap((row) => row.turns));
        await queries.insert(callEvents).values(batch.flatMap((row) => row.notes));
      }
    });
    seeded.push({ organizationId, callIds: rows.map(({ call }) => call.id) });
  }
  return seeded;
}

function callRows(orgId: OrganizationId, agentId: string, random: () => number) {
  const id = newId('call');
  const startedAtMs = Date.UTC(2026, 9, 1) + Math.floor(random() * 50 * 86_400_000);
  const at = (afterMs: number): Date => new Date(startedAtMs + afterMs);
  const measured = (max: number): number => Math.round(random() * max * 10) / 10;
  const call = {
    orgId,
    id,
    agentId,
    legId: `${Math.floor(startedAtMs / 1000)}.${Math.floor(random() * 1000)}`,
    dialledNumber: '+34910000000',
    callerNumber: `+346${String(Math.floor(random() * 1e8)).padStart(8, '0')}`,
    state: 'ended' as const,
    outcome: 'completed',
    startedAt: at(0),
    answeredAt: at(80),
    endedAt: at(62_000),
    setupMs: measured(100),
    durationMs: 62_000,
    recordingPath: `${id}.wav`,
    recordingBytes: 960_044,
  };
  const said = Array.from({ length: TURNS_PER_CALL }, (_, seq) => {
    const isAgent = seq % 2 === 0;
    const times = isAgent
      ? { heardMs: measured(4000), replyMs: measured(300), textToSpeechMs: measured(200), firstFrameMs: measured(20) }
      : { endpointMs: measured(600), speechToTextMs: measured(200) };
    const [startedAt, endedAt] = [at(1000 + seq * 10_000), at(9000 + seq * 10_000)];
    return {
      orgId,
      callId: id,
      seq,
      role: isAgent ? ('agent' as const) : ('caller' as const),
      text: SENTENCES[seq % SENTENCES.length] ?? '',
      input: isAgent ? null : ('speech' as const),
      startedAt,
      endedAt,
      interrupted: false,
      ...times,
    };
  });
  const notes = Array.from({ length: NOTES_PER_CALL }, (_, index) => ({
    orgId,
    callId: id,
    id: randomUUID(),
    name: ['media_opened', 'flow_moved', 'recording_closed'][index] ?? '',
    fields: { step: index, queueMs: measured(100) },
    at: at(100 + index * 20_000),
  }));
  return { call, turns: said, notes };
}
