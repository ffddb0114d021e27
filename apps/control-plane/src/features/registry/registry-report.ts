// What people are told of the registry: how it stands with this server, and what is known of the others.
import { z } from 'zod';
import type { RegistryIdentity } from '#ports/server-registry.ts';
import type { ApplianceScope } from '#shared/appliance-scope.ts';
import type { Licence } from './licence.ts';
import { licenceOf } from './licence.ts';
import type { RegistryStanding, RegistryStateStore } from './registry-state-store.ts';
import { agentFields, heartbeatFields, organizationFields, serverFields } from './remote-schemas.ts';
import type { KeptRow, RemoteStore } from './remote-store.ts';

/** `behind`: something waits that the registry did not take; `refused`: it will not have a row, or not this token. */
export const registryStates = ['local_only', 'waiting', 'synced', 'behind', 'refused'] as const;
export type RegistryState = (typeof registryStates)[number];

/** Another server of the fleet. */
export type OtherServer = {
  readonly serverId: string;
  readonly release: string;
  readonly addresses: readonly string[];
  /** Its newest word; null where none was heard. */
  readonly heartbeat: { readonly at: string; readonly liveCalls: number; readonly maxCalls: number; readonly accepting: boolean } | null;
  readonly organizations: number;
};
/** An agent that lives on another server. */
export type OtherAgent = {
  readonly serverId: string;
  readonly agentId: string;
  readonly organizationId: string;
  readonly name: string;
  readonly state: string;
  readonly numbers: readonly string[];
};
export type RegistryReport = {
  readonly state: RegistryState;
  /** Null without a registry. */
  readonly identity: RegistryIdentity | null;
  readonly standing: RegistryStanding | null;
  readonly licence: Licence | null;
  readonly servers: readonly OtherServer[];
  readonly agents: readonly OtherAgent[];
  /** How many are known, where fewer are listed. */
  readonly agentsKnown: number;
};

export type ReportParts = {
  /** As the token says now; null without a registry. */
  readonly identity: () => RegistryIdentity | null;
  readonly state: Pick<RegistryStateStore, 'read'>;
  readonly remotes: Pick<RemoteStore, 'list'>;
};

/** Servers and agents in one report. */
const MAX_LISTED = 500;
/** Four heartbeats that did not arrive. */
const BEHIND_AFTER_SECONDS = 120;

/** One word for how it stands. */
export function registryStateOf(standing: RegistryStanding): RegistryState {
  const { pushAgeSeconds, lastError, refused } = standing;
  if (lastError?.startsWith('refused') || refused > 0) return 'refused';
  if (pushAgeSeconds === null) return lastError === null ? 'waiting' : 'behind';
  return pushAgeSeconds > BEHIND_AFTER_SECONDS ? 'behind' : 'synced';
}

export async function registryReport(parts: ReportParts, scope: ApplianceScope, at: Date): Promise<RegistryReport> {
  const { state, remotes } = parts;
  const identity = parts.identity();
  if (identity === null) return { state: 'local_only', identity, standing: null, licence: null, servers: [], agents: [], agentsKnown: 0 };
  const standing = await state.read(scope);
  const list = async (kind: Parameters<RemoteStore['list']>[1]) => remotes.list(scope, kind, MAX_LISTED);
  const [servers, heartbeats, organizations, agents, licences] = [
    await list('server'),
    await list('heartbeat'),
    await list('organization'),
    await list('agent'),
    await list('licence'),
  ];
  return {
    state: registryStateOf(standing),
    identity,
    standing,
    licence: licenceOf(licences.rows, at),
    servers: servers.rows.flatMap((row) => serverOf(row, { heartbeats: heartbeats.rows, organizations: organizations.rows })),
    agents: agents.rows.flatMap(agentOf),
    agentsKnown: agents.total,
  };
}

type Around = { readonly heartbeats: readonly KeptRow[]; readonly organizations: readonly KeptRow[] };

/** Nothing where an earlier release kept it in another form: the next whole pull brings it in this one. */
function serverOf({ serverId, fields }: KeptRow, { heartbeats, organizations }: Around): OtherServer[] {
  const server = z.safeParse(serverFields, fields);
  if (!server.success) return [];
  const beat = z.safeParse(heartbeatFields, heartbeats.find((row) => row.serverId === serverId)?.fields);
  const active = organizations.filter(
    (row) => row.serverId === serverId && z.safeParse(organizationFields, row.fields).data?.active === true,
  );
  const heartbeat = beat.success
    ? { at: beat.data.updated_at, liveCalls: beat.data.live_calls, maxCalls: beat.data.max_calls, accepting: beat.data.accepting }
    : null;
  const { release, addresses } = server.data;
  return [{ serverId, release, addresses, heartbeat, organizations: active.length }];
}

function agentOf({ serverId, key, fields }: KeptRow): OtherAgent[] {
  const agent = z.safeParse(agentFields, fields);
  if (!agent.success) return [];
  const { organization_id: organizationId, name, state, numbers } = agent.data;
  return [{ serverId, agentId: key, organizationId, name, state, numbers }];
}
