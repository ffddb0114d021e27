// What the registry may tell: everything is checked before it is kept, and nothing of it is carried out. Rows of no form are refused and counted.
import { z } from 'zod';
import type { remoteKinds } from '#db/schema/server-registry.ts';
import type { ForeignRow, RegistryIdentity } from '#ports/server-registry.ts';

export type RemoteKind = (typeof remoteKinds)[number];
/** A row that was checked. */
export type RemoteRow = {
  readonly kind: RemoteKind;
  readonly serverId: string;
  readonly key: string;
  readonly version: number;
  readonly isDeleted: boolean;
  readonly fields: Readonly<Record<string, unknown>>;
};
/** What was made of a row: to be kept, our own (which we know better), or nothing that we take. */
export type RemoteReading =
  | { readonly kind: 'row'; readonly row: RemoteRow }
  | { readonly kind: 'own' }
  | { readonly kind: 'refused'; readonly reason: string };

const MAX_ADDRESSES = 32;
/** As large as the registry takes it. */
const MAX_HARDWARE_LENGTH = 16_384;
const MAX_NUMBERS = 2_000;
const MAX_VERSION = 2 ** 52;

const name = z.string().regex(/^[A-Za-z0-9_-]{1,64}$/);
const addresses = z.array(z.string().max(200)).max(MAX_ADDRESSES);
const instant = z.iso.datetime({ offset: true });
const hardware = z
  .record(z.string().max(64), z.unknown())
  .refine((value) => JSON.stringify(value).length <= MAX_HARDWARE_LENGTH, `must have ${MAX_HARDWARE_LENGTH} characters or fewer`);

/** Of a server. */
export const serverFields = z.object({ release: z.string().max(64), addresses, hardware: hardware.nullable() });
/** Of an organization on a server. */
export const organizationFields = z.object({ name: z.string().max(200), active: z.boolean(), addresses });
/** Of an agent on a server. */
export const agentFields = z.object({
  organization_id: z.string().min(1).max(64),
  name: z.string().max(200),
  language: z.string().max(16),
  state: z.enum(['registered', 'active', 'inactive']),
  agent_version: z.int().min(0),
  numbers: z.array(z.string().regex(/^\+?[0-9]{2,20}$/)).max(MAX_NUMBERS),
});
/** Of a licence: who wrote it is the operator of the registry. */
export const licenceFields = z.object({
  plan: z.string().regex(/^[a-z][a-z0-9-]{1,31}$/),
  state: z.enum(['active', 'suspended']),
  max_concurrent_calls: z.int().min(1).max(100_000).nullable(),
  valid_until: instant.nullable(),
});
/** A server's newest word. */
export const heartbeatFields = z.object({
  release: z.string().max(64),
  sent_at: instant,
  uptime_seconds: z.int().min(0),
  live_calls: z.int().min(0),
  max_calls: z.int().min(0),
  accepting: z.boolean(),
  updated_at: instant,
});

const fieldsOf = {
  server: serverFields,
  organization: organizationFields,
  agent: agentFields,
  licence: licenceFields,
  heartbeat: heartbeatFields,
} as const satisfies Record<RemoteKind, z.ZodType>;

const feedRow = z.object({
  kind: z.enum(['server', 'organization', 'agent', 'licence']),
  server_id: name,
  key: z.string().min(1).max(64),
  fleet_id: name,
  version: z.int().positive().max(MAX_VERSION),
  deleted: z.boolean(),
  fields: z.record(z.string(), z.unknown()),
});
const heartbeatRow = feedRow.pick({ server_id: true, fleet_id: true, version: true, deleted: true });

/** Where a row stands in the feed; null when it does not say. */
export function positionOf(row: ForeignRow): string | null {
  const parsed = z
    .string()
    .regex(/^[0-9]{19}-[0-9]{19}$/)
    .safeParse(row['position']);
  return parsed.success ? parsed.data : null;
}

/** Reads a row of the feed. */
export function readFeedRow(identity: RegistryIdentity, row: ForeignRow): RemoteReading {
  const parsed = feedRow.safeParse(row);
  if (!parsed.success) return refused(parsed.error);
  const { kind, server_id: serverId, key, fleet_id: fleetId, version, deleted, fields } = parsed.data;
  if (fleetId !== identity.fleetId) return { kind: 'refused', reason: 'it is of another fleet' };
  // The registry has no say over what is here; what it may say of this server is the licence alone, and of no other.
  if (serverId === identity.serverId && kind !== 'licence') return { kind: 'own' };
  if (serverId !== identity.serverId && kind === 'licence') return { kind: 'refused', reason: 'it is the licence of another server' };
  return checked({ kind, serverId, key, version, isDeleted: deleted, fields });
}

/** Reads a heartbeat. */
export function readHeartbeat(identity: RegistryIdentity, row: ForeignRow): RemoteReading {
  const parsed = heartbeatRow.safeParse(row);
  if (!parsed.success) return refused(parsed.error);
  const { server_id: serverId, fleet_id: fleetId, version, deleted } = parsed.data;
  if (fleetId !== identity.fleetId) return { kind: 'refused', reason: 'it is of another fleet' };
  if (serverId === identity.serverId) return { kind: 'own' };
  return checked({ kind: 'heartbeat', serverId, key: serverId, version, isDeleted: deleted, fields: row });
}

function checked(row: RemoteRow): RemoteReading {
  if (row.isDeleted) return { kind: 'row', row: { ...row, fields: {} } };
  const fields = fieldsOf[row.kind].safeParse(row.fields);
  return fields.success ? { kind: 'row', row: { ...row, fields: fields.data } } : refused(fields.error);
}

function refused(error: z.ZodError): RemoteReading {
  const [issue] = error.issues;
  return { kind: 'refused', reason: `${issue?.path.join('.') ?? ''}: ${issue?.message ?? 'not of the form'}` };
}
