/** The rig's organizations: the demo of a fresh installation, and a second clinic that must never be heard in the first one's calls. */
import { openDatabase } from '@centralita/control-plane/db/client.ts';
import type { Database } from '@centralita/control-plane/db/client.ts';
import { numbers } from '@centralita/control-plane/db/schema/numbers.ts';
import { organizations } from '@centralita/control-plane/db/schema/organizations.ts';
import { phones } from '@centralita/control-plane/db/schema/phones.ts';
import { trunks } from '@centralita/control-plane/db/schema/trunks.ts';
import { clinicEs } from '@centralita/control-plane/dialog/demo/clinic-es.ts';
import { insertAgent } from '@centralita/control-plane/features/agents/agent-version-store.ts';
import { seedDemo } from '@centralita/control-plane/features/appliance/seed-demo.ts';
import type { AgentProfile } from '@centralita/control-plane/ports/agent-profile.ts';
import { mintApplianceScope } from '@centralita/control-plane/shared/appliance-scope.ts';
import { newId } from '@centralita/control-plane/shared/id.ts';
import type { OrganizationId } from '@centralita/control-plane/shared/id.ts';
import { digestHa1 } from '@centralita/control-plane/shared/sip-digest.ts';
import { RIG_PHONE_PASSWORD } from './rig-ports.ts';
import type { RigPorts } from './rig-ports.ts';

/** Numbers of the rig. */
export const RIG_NUMBERS = { demoSpanish: '1001', demoEnglish: '1002', northSpanish: '3001', unknown: '7777' } as const;

/** SIP users of the rig's phones, all with `RIG_PHONE_PASSWORD`. */
export const RIG_PHONES = { demo: '2001-clinica-demo', north: '2002-dental-norte' } as const;

const RING_MS = 8_000;

/**
 * The second organization's agent: other texts, a woman's voice, and a phone of its own to ring, which must be taken with a key. The accent is the first
 * one's: in that of Spain the ear, which compares with it, took a spoken 1 for an 11 in about a third of the runs.
 */
export const northDraft = withRequiredKey(
  clinicEs({
    organizationName: 'Dental Norte',
    destination: '2002',
    voice: 'es-419+f4',
    openingHours: 'Los sábados abrimos por la tarde.',
    ringMs: RING_MS,
  }),
);

function withRequiredKey<Draft extends Pick<AgentProfile, 'flow'>>(draft: Draft): Draft {
  const nodes = draft.flow.nodes.map((node) =>
    node.action.kind === 'transfer' ? { ...node, action: { ...node.action, requiresKey: true } } : node,
  );
  return { ...draft, flow: { ...draft.flow, nodes } };
}

/** Adds the rig's rows to a migrated, empty database. */
export async function seedRig(url: string, ports: RigPorts): Promise<void> {
  await using database = await openDatabase({ kind: 'server', url });
  await seedDemo(database, mintApplianceScope(), { phonePassword: RIG_PHONE_PASSWORD });
  const orgId = await addOrganization(database, { name: 'Dental Norte', number: RIG_NUMBERS.northSpanish, draft: northDraft });
  const username = RIG_PHONES.north;
  const phone = { id: newId('phone'), extension: '2002', username, displayName: 'Recepción Norte' };
  // Whoever calls from the loopback is the rig's carrier: benchmarks place calls without credentials.
  const trunk = { name: 'rig-trunk', host: '127.0.0.1', port: ports.sip + 1, matches: ['127.0.0.1'], registers: false };
  await database.inAppliance(mintApplianceScope(), async (queries) => {
    await queries.insert(phones).values({ orgId, ...phone, digestHa1: digestHa1(username, RIG_PHONE_PASSWORD) });
    await queries.insert(trunks).values({ id: newId('trunk'), ...trunk });
  });
}

/** `Dental Norte` -> `dental-norte`. */
function slugOf(name: string): string {
  return name.toLowerCase().replaceAll(/[^a-z0-9]+/g, '-');
}

/** Adds an organization with one agent behind one number; settles with its id. */
export async function addOrganization(
  database: Database,
  options: { readonly name: string; readonly number: string; readonly draft: Omit<AgentProfile, 'agentId'> },
): Promise<OrganizationId> {
  const orgId = newId('organization');
  const agentId = newId('agent');
  await database.inAppliance(mintApplianceScope(), async (queries) => {
    await queries.insert(organizations).values({ id: orgId, name: options.name, slug: slugOf(options.name), planId: 'enterprise' });
    await insertAgent(queries, { orgId, profile: { agentId, ...options.draft }, createdBy: 'rig', isProvisioned: true });
    await queries.insert(numbers).values({ orgId, id: newId('number'), number: options.number, agentId });
  });
  return orgId;
}
