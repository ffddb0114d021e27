// The demo organization of a fresh installation: a clinic with a Spanish and an English reception and one telephone for its people.
import { isNull, sql } from 'drizzle-orm';
import type { Database } from '#db/client.ts';
import { numbers } from '#db/schema/numbers.ts';
import { organizations } from '#db/schema/organizations.ts';
import { phones } from '#db/schema/phones.ts';
import { clinicEn } from '#dialog/demo/clinic-en.ts';
import { clinicEs } from '#dialog/demo/clinic-es.ts';
import { announceAccessChange } from '#features/access/access-change-store.ts';
import { insertAgent } from '#features/agents/agent-version-store.ts';
import type { ApplianceScope } from '#shared/appliance-scope.ts';
import type { AgentId, OrganizationId } from '#shared/id.ts';
import { digestHa1 } from '#shared/sip-digest.ts';

/** What is in the database afterwards, for the one who provisions. */
export type DemoSeed = {
  readonly organization: { readonly organizationId: string; readonly name: string };
  readonly agents: readonly { readonly agentId: string; readonly name: string; readonly language: string; readonly number: string }[];
  readonly phones: readonly {
    readonly phoneId: string;
    readonly extension: string;
    readonly username: string;
    readonly displayName: string;
  }[];
};

// Fixed ids, so that a second run finds the first one's rows. Random ids begin with the time and never look like these.
const ORGANIZATION_ID: OrganizationId = 'org_00000000000000000000000000000001';
const SPANISH_AGENT_ID: AgentId = 'agent_00000000000000000000000000001001';
const ENGLISH_AGENT_ID: AgentId = 'agent_00000000000000000000000000001002';
const SLUG = 'clinica-demo';
const PHONE = { id: 'phone_00000000000000000000000000002001', extension: '2001', username: `2001-${SLUG}`, displayName: 'Recepción' };

/** What the one who provisions decides. */
export type DemoOptions = {
  /** Password of the phone. Null, the default: it cannot register until its password is reset. */
  readonly phonePassword?: string | null;
};

/**
 * Adds what is missing and changes nothing that is there: an agent that its owner edited stays edited. Throws when a number or an extension of the
 * demo already belongs to somebody else.
 */
export async function seedDemo(database: Database, scope: ApplianceScope, { phonePassword = null }: DemoOptions = {}): Promise<DemoSeed> {
  const name = 'Clínica Demo';
  const destination = PHONE.extension;
  const demoAgents = [
    {
      number: '1001',
      numberId: 'num_00000000000000000000000000001001',
      agentId: SPANISH_AGENT_ID,
      draft: clinicEs({ organizationName: name, destination }),
    },
    {
      number: '1002',
      numberId: 'num_00000000000000000000000000001002',
      agentId: ENGLISH_AGENT_ID,
      draft: clinicEn({ organizationName: 'Demo Clinic', destination }),
    },
  ];
  const orgId = ORGANIZATION_ID;
  await database.inAppliance(scope, async (queries) => {
    await queries.insert(organizations).values({ id: orgId, name, slug: SLUG }).onConflictDoNothing();
    for (const { number, numberId, agentId, draft } of demoAgents) {
      await insertAgent(queries, { orgId, profile: { agentId, ...draft }, createdBy: 'seed-demo', isProvisioned: true });
      await queries
        .insert(numbers)
        .values({ orgId, id: numberId, number, agentId })
        .onConflictDoNothing({ target: [numbers.orgId, numbers.id] });
    }
    const digest = phonePassword === null ? null : digestHa1(PHONE.username, phonePassword);
    // A phone without a password gets this one; one that its admin has given another keeps it.
    await queries
      .insert(phones)
      .values({ orgId, ...PHONE, digestHa1: digest })
      .onConflictDoUpdate({
        target: [phones.orgId, phones.id],
        set: { digestHa1: digest, pushState: 'pending', updatedAt: sql`now()` },
        setWhere: isNull(phones.digestHa1),
      });
    // A control plane that runs already has to push the phone.
    await announceAccessChange(queries, { kind: 'organization', organizationId: orgId });
  });
  return {
    organization: { organizationId: orgId, name },
    agents: demoAgents.map(({ number, agentId, draft }) => ({ agentId, name: draft.name, language: draft.language, number })),
    phones: [{ phoneId: PHONE.id, extension: PHONE.extension, username: PHONE.username, displayName: PHONE.displayName }],
  };
}
