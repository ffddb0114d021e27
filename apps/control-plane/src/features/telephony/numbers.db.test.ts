import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { organizations } from '#db/schema/organizations.ts';
import type { TestDatabase } from '#db/test-database.ts';
import { testDatabases } from '#db/test-database.ts';
import { clinicEs } from '#dialog/demo/clinic-es.ts';
import { createAuditTrail } from '#features/access/audit-store.ts';
import type { AgentRegistryStore } from '#features/agents/agent-registry-store.ts';
import { createAgentRegistryStore } from '#features/agents/agent-registry-store.ts';
import type { Actor } from '#shared/actor.ts';
import { mintApplianceScope, onOrganization } from '#shared/appliance-scope.ts';
import { systemClock } from '#shared/clock.ts';
import type { OrganizationId } from '#shared/id.ts';
import { newId } from '#shared/id.ts';
import { mintOrgScope } from '#shared/org-scope.ts';
import { openSecretKeys } from '#shared/secret-keys.ts';
import type { NumberStore } from './number-store.ts';
import { createNumberStore } from './number-store.ts';

const appliance = mintApplianceScope();
const admin: Actor = { kind: 'admin', name: 'admin', address: null, requestId: null };
const draft = clinicEs({ organizationName: 'Clínica', destination: '2001' });

describe.each(testDatabases(process.env['TEST_DATABASE_URL']))('numbers on $kind', (kind) => {
  let test: TestDatabase;
  let numbers: NumberStore;
  let registry: AgentRegistryStore;
  let orgId: OrganizationId;
  let otherOrgId: OrganizationId;

  beforeAll(async () => {
    test = await kind.open();
    const keys = openSecretKeys({ 1: '5e'.repeat(32) });
    const parts = { database: test.database, audit: createAuditTrail({ keys, clock: systemClock }) };
    numbers = createNumberStore(parts);
    registry = createAgentRegistryStore(parts);
    [orgId, otherOrgId] = [newId('organization'), newId('organization')];
    await test.database.inAppliance(appliance, (queries) =>
      queries.insert(organizations).values([
        { id: orgId, name: 'Clínica', slug: 'clinica', planId: 'enterprise' },
        { id: otherOrgId, name: 'Otra', slug: 'otra', planId: 'enterprise' },
      ]),
    );
  });
  afterAll(() => test[Symbol.asyncDispose]());

  const asAdmin = (organizationId = orgId) => ({ scope: onOrganization(appliance, organizationId), actor: admin });
  const asOwner = (organizationId = orgId) => ({ scope: mintOrgScope(organizationId), actor: admin });
  async function newAgent(organizationId = orgId): Promise<string> {
    const outcome = await registry.register(asAdmin(organizationId), draft);
    if (outcome.kind !== 'registered') throw new Error(`not registered: ${outcome.kind}`);
    return outcome.agent.agentId;
  }

  it('have one owner, also when several ask for one at once', async () => {
    const agentIds = { [orgId]: await newAgent(), [otherOrgId]: await newAgent(otherOrgId) };
    const outcomes = await Promise.all(
      [orgId, otherOrgId, orgId, otherOrgId, orgId, otherOrgId].map((owner) =>
        numbers.create(asAdmin(owner), { number: '+34910000001', agentId: agentIds[owner] ?? '' }),
      ),
    );
    expect(outcomes.map(({ kind: outcome }) => outcome).toSorted()).toEqual(['created', 'taken', 'taken', 'taken', 'taken', 'taken']);
    expect(await test.asSuperuser(`select count(*)::int as entries from audit_entries where action = 'number.created'`)).toEqual([
      { entries: 1 },
    ]);
  });

  it('lead to agents of their own organization only, and change for their owner alone', async () => {
    const [agentId, foreign] = [await newAgent(), await newAgent(otherOrgId)];
    expect(await numbers.create(asAdmin(), { number: '1001', agentId: foreign })).toEqual({ kind: 'agent_not_found' });
    expect(await numbers.create(asAdmin(newId('organization')), { number: '1001', agentId })).toEqual({ kind: 'organization_not_found' });
    const created = await numbers.create(asAdmin(), { number: '1001', agentId });
    if (created.kind !== 'created') throw new Error(`not created: ${created.kind}`);
    const { numberId } = created.number;
    expect(await numbers.find(asOwner().scope, numberId)).toEqual(created.number);
    expect(await numbers.find(asOwner(otherOrgId).scope, numberId)).toBeNull();
    expect(await numbers.lead(asOwner(), numberId, { agentId: foreign })).toEqual({ kind: 'agent_not_found' });
    expect(await numbers.lead(asOwner(otherOrgId), numberId, { agentId: foreign })).toEqual({ kind: 'not_found' });
    expect(await numbers.remove(asAdmin(otherOrgId), numberId)).toBe(false);
    const next = await newAgent();
    expect(await numbers.lead(asOwner(), numberId, { agentId: next })).toMatchObject({ kind: 'changed', number: { agentId: next } });
    expect(await numbers.findOwner(appliance, numberId)).toBe(orgId);
    expect(await numbers.remove(asAdmin(), numberId)).toBe(true);
    expect(await numbers.find(appliance, numberId)).toBeNull();
  });

  it('never lead to an agent that was removed at the same moment', async () => {
    const outcomes = [];
    for (let round = 0; round < 8; round += 1) {
      const agentId = await newAgent();
      const [created, removed] = await Promise.all([
        numbers.create(asAdmin(), { number: `50${round}`, agentId }),
        registry.remove(asAdmin(), agentId),
      ]);
      outcomes.push(`${created.kind}, ${removed.kind}`);
    }
    expect(['created, in_use', 'agent_not_found, removed']).toEqual(expect.arrayContaining([...new Set(outcomes)]));
  });
});
