import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { TestDatabase } from '#db/test-database.ts';
import { testDatabases } from '#db/test-database.ts';
import { organizations } from '#db/schema/organizations.ts';
import { clinicEs } from '#dialog/demo/clinic-es.ts';
import { createAuditTrail } from '#features/access/audit-store.ts';
import type { Actor } from '#shared/actor.ts';
import { mintApplianceScope, onOrganization } from '#shared/appliance-scope.ts';
import { systemClock } from '#shared/clock.ts';
import type { OrganizationId } from '#shared/id.ts';
import { newId } from '#shared/id.ts';
import { mintOrgScope } from '#shared/org-scope.ts';
import { openSecretKeys } from '#shared/secret-keys.ts';
import type { AgentRegistryStore } from './agent-registry-store.ts';
import { createAgentRegistryStore } from './agent-registry-store.ts';
import type { AgentStore } from './agent-store.ts';
import { createAgentStore } from './agent-store.ts';
import type { AgentVersionStore } from './agent-version-store.ts';
import { createAgentVersionStore } from './agent-version-store.ts';

const appliance = mintApplianceScope();
const admin: Actor = { kind: 'admin', name: 'admin', address: null, requestId: null };
const token: Actor = { kind: 'token', name: newId('apiToken'), address: '127.0.0.1', requestId: null };
const draft = clinicEs({ organizationName: 'Clínica', destination: '2001' });

describe.each(testDatabases(process.env['TEST_DATABASE_URL']))('agents on $kind', (kind) => {
  let test: TestDatabase;
  let agents: AgentStore;
  let versions: AgentVersionStore;
  let registry: AgentRegistryStore;
  let orgId: OrganizationId;
  let otherOrgId: OrganizationId;

  beforeAll(async () => {
    test = await kind.open();
    const parts = {
      database: test.database,
      audit: createAuditTrail({ keys: openSecretKeys({ 1: '5e'.repeat(32) }), clock: systemClock }),
    };
    agents = createAgentStore(test.database);
    versions = createAgentVersionStore(parts);
    registry = createAgentRegistryStore(parts);
    orgId = await organization('clinica', 'enterprise');
    otherOrgId = await organization('otra');
  });
  afterAll(() => test[Symbol.asyncDispose]());

  const asAdmin = (organizationId = orgId) => ({ scope: onOrganization(appliance, organizationId), actor: admin });
  const asOwner = (organizationId = orgId) => ({ scope: mintOrgScope(organizationId), actor: token });
  async function organization(slug: string, planId = 'standard'): Promise<OrganizationId> {
    const id = newId('organization');
    await test.database.inAppliance(appliance, (queries) => queries.insert(organizations).values({ id, name: slug, slug, planId }));
    return id;
  }
  async function registered(name = draft.name, organizationId = orgId): Promise<string> {
    const outcome = await registry.register(asAdmin(organizationId), { ...draft, name });
    if (outcome.kind !== 'registered') throw new Error(`not registered: ${outcome.kind}`);
    return outcome.agent.agentId;
  }
  const lastAudit = async (organizationId: string) =>
    (
      await test.asSuperuser(
        `select action, resource, details from audit_entries where org_id = '${organizationId}' order by seq desc limit 1`,
      )
    )[0];

  it('are registered with a first version that answers nothing yet', async () => {
    const agentId = await registered();
    expect(await agents.find(asOwner().scope, agentId)).toMatchObject({ organizationId: orgId, state: 'registered', version: 1, draft });
    expect(await versions.find(asOwner().scope, agentId, 1)).toMatchObject({ draft, restoredFrom: null, createdBy: 'admin' });
    expect(await lastAudit(orgId)).toEqual({ action: 'agent.registered', resource: agentId, details: { version: 1 } });
  });

  it('are no more than the plan allows, also when they are registered at once', async () => {
    const full = await organization('llena', 'starter');
    const outcomes = await Promise.all(Array.from({ length: 8 }, () => registry.register(asAdmin(full), draft)));
    expect(outcomes.filter(({ kind }) => kind === 'registered')).toHaveLength(3);
    expect(await registry.register(asAdmin(full), draft)).toEqual({ kind: 'plan_limit', limit: 3, used: 3 });
    expect(await registry.register(asAdmin(newId('organization')), draft)).toEqual({ kind: 'organization_not_found' });
  });

  it('keep every save as a version of its own, and none for a save that changes nothing', async () => {
    const agentId = await registered();
    const outcome = await versions.save(asOwner(), agentId, { change: { voice: 'es+f2', speed: 1.2 }, comment: 'slower' });
    expect(outcome).toMatchObject({
      kind: 'saved',
      agent: { version: 2, voice: 'es+f2', draft: { ...draft, voice: 'es+f2', speed: 1.2 } },
    });
    expect(await lastAudit(orgId)).toEqual({
      action: 'agent.saved',
      resource: agentId,
      details: { version: 2, fields: ['voice', 'speed'] },
    });
    expect(await versions.save(asOwner(), agentId, { change: { voice: 'es+f2' } })).toMatchObject({
      kind: 'unchanged',
      agent: { version: 2 },
    });
    const list = await versions.list(asOwner().scope, agentId, { limit: 10, before: null });
    expect(list?.map(({ version, comment, createdBy }) => [version, comment, createdBy])).toEqual([
      [2, 'slower', token.name],
      [1, '', 'admin'],
    ]);
    expect(await versions.list(asOwner().scope, agentId, { limit: 10, before: 2 })).toHaveLength(1);
    expect((await versions.find(asOwner().scope, agentId, 1))?.draft).toEqual(draft);
  });

  it('give saves that come together consecutive versions, and lose none', async () => {
    const agentId = await registered();
    const outcomes = await Promise.all(
      Array.from({ length: 20 }, (_, index) =>
        versions.save(asOwner(), agentId, {
          change: index % 2 === 0 ? { voice: `es+v${index}` } : { conversation: { noInputMs: 5_000 + index } },
        }),
      ),
    );
    const numbers = outcomes.map((outcome) => (outcome.kind === 'saved' ? outcome.agent.version : outcome.kind));
    expect(numbers.toSorted((one, other) => Number(one) - Number(other))).toEqual(Array.from({ length: 20 }, (_, index) => index + 2));
    // Each version has what its own save wrote and everything that the ones before it wrote.
    for (const [index, outcome] of outcomes.entries()) {
      const version = outcome.kind === 'saved' ? outcome.agent.version : 0;
      const stored = await versions.find(asOwner().scope, agentId, version);
      expect(stored?.draft).toMatchObject(index % 2 === 0 ? { voice: `es+v${index}` } : { conversation: { noInputMs: 5_000 + index } });
    }
    const newest = await agents.find(asOwner().scope, agentId);
    expect(newest?.draft).toEqual((await versions.find(asOwner().scope, agentId, 21))?.draft);
    expect(newest?.draft.voice).not.toBe(draft.voice);
    expect(newest?.draft.conversation.noInputMs).not.toBe(draft.conversation.noInputMs);
  });

  it('refuse a save over a version that is no longer the newest, and one that makes them invalid', async () => {
    const agentId = await registered();
    await versions.save(asOwner(), agentId, { change: { voice: 'es+f2' }, expectedVersion: 1 });
    expect(await versions.save(asOwner(), agentId, { change: { voice: 'es+f3' }, expectedVersion: 1 })).toEqual({
      kind: 'version_conflict',
      currentVersion: 2,
    });
    expect(
      await versions.save(asOwner(), agentId, { change: { conversation: { commitPauseMs: 300, candidatePauseMs: 300 } } }),
    ).toMatchObject({
      kind: 'invalid',
      fields: [{ path: 'conversation.commitPauseMs' }],
    });
    expect(await agents.find(asOwner().scope, agentId)).toMatchObject({ version: 2, voice: 'es+f2' });
  });

  it('have a limit of versions, at which nothing is saved', async () => {
    const agentId = await registered();
    await test.asSuperuser(`update agents set version = 10000 where id = '${agentId}'`);
    expect(await versions.save(asOwner(), agentId, { change: { voice: 'es+f2' } })).toEqual({ kind: 'too_many_versions' });
    expect(await versions.rollBack(asOwner(), agentId, { version: 1 })).toEqual({ kind: 'too_many_versions' });
    expect(await agents.find(asOwner().scope, agentId)).toMatchObject({ version: 10_000, draft });
  });

  it('go back to any version by a copy of it', async () => {
    const agentId = await registered();
    await versions.save(asOwner(), agentId, { change: { voice: 'es+f2', name: 'Otra voz' } });
    const outcome = await versions.rollBack(asOwner(), agentId, { version: 1, comment: 'as it was' });
    expect(outcome).toMatchObject({ kind: 'saved', agent: { version: 3, draft } });
    expect(await versions.find(asOwner().scope, agentId, 3)).toMatchObject({ restoredFrom: 1, comment: 'as it was', draft });
    expect(await lastAudit(orgId)).toMatchObject({ action: 'agent.rolled_back', details: { version: 3, restoredFrom: 1 } });
    expect(await versions.rollBack(asOwner(), agentId, { version: 9 })).toEqual({ kind: 'version_not_found' });
    expect((await versions.find(asOwner().scope, agentId, 2))?.draft.voice).toBe('es+f2');
  });

  it('are put to work with a number, taken off, and put on again', async () => {
    const agentId = await registered();
    expect(await registry.setActive(asAdmin(), agentId, true)).toEqual({ kind: 'not_provisioned' });
    const provisioned = await registry.provision(asAdmin(), agentId, { number: '+34910000001' });
    expect(provisioned).toMatchObject({ kind: 'provisioned', agent: { state: 'active' } });
    const led = await test.asSuperuser(`select details from audit_entries where action = 'number.led' and org_id = '${orgId}'`);
    expect(led).toEqual([{ details: { number: '+34910000001', agentId } }]);
    expect(await registry.setActive(asAdmin(), agentId, false)).toMatchObject({ kind: 'done', agent: { state: 'inactive' } });
    expect(await lastAudit(orgId)).toMatchObject({ action: 'agent.deactivated', resource: agentId });
    expect(await registry.setActive(asAdmin(), agentId, true)).toMatchObject({ kind: 'done', agent: { state: 'active' } });
    const second = await registered();
    expect(await registry.provision(asAdmin(), second, { number: '+34910000001' })).toMatchObject({ kind: 'provisioned' });
    expect(await test.asSuperuser(`select org_id, agent_id from numbers where number = '+34910000001'`)).toEqual([
      { org_id: orgId, agent_id: second },
    ]);
  });

  it('take no number from another organization, and stay as they are then', async () => {
    const agentId = await registered('Otra', otherOrgId);
    expect(await registry.provision(asAdmin(otherOrgId), agentId, { number: '+34910000001' })).toEqual({ kind: 'number_taken' });
    expect(await agents.find(asOwner(otherOrgId).scope, agentId)).toMatchObject({ state: 'registered' });
  });

  it('are removed with their versions only while no number leads to them and no call names them', async () => {
    const agentId = await registered();
    await registry.provision(asAdmin(), agentId, { number: '1005' });
    expect(await registry.remove(asAdmin(), agentId)).toEqual({ kind: 'in_use', numbers: 1, hasCalls: false });
    await test.asSuperuser(`delete from numbers where number = '1005'`);
    await test.asSuperuser(`insert into calls (org_id, id, agent_id, dialled_number, caller_number, state, started_at)
      values ('${orgId}', 'call_x', '${agentId}', '1005', '', 'ended', now())`);
    expect(await registry.remove(asAdmin(), agentId)).toEqual({ kind: 'in_use', numbers: 0, hasCalls: true });
    await test.asSuperuser(`delete from calls where id = 'call_x'`);
    expect(await registry.remove(asAdmin(), agentId)).toEqual({ kind: 'removed' });
    expect(await test.asSuperuser(`select version from agent_versions where agent_id = '${agentId}'`)).toEqual([]);
    expect(await registry.remove(asAdmin(), agentId)).toEqual({ kind: 'not_found' });
    expect(await lastAudit(orgId)).toMatchObject({ action: 'agent.removed', resource: agentId });
  });

  it("are another organization's business in nothing: not read, not saved, not rolled back", async () => {
    const agentId = await registered();
    const stranger = asOwner(otherOrgId);
    expect(await agents.find(stranger.scope, agentId)).toBeNull();
    expect(await versions.save(stranger, agentId, { change: { voice: '' } })).toEqual({ kind: 'not_found' });
    expect(await versions.rollBack(stranger, agentId, { version: 1 })).toEqual({ kind: 'not_found' });
    expect(await versions.list(stranger.scope, agentId, { limit: 5, before: null })).toBeNull();
    expect(await versions.find(stranger.scope, agentId, 1)).toBeNull();
    expect(await registry.remove(asAdmin(otherOrgId), agentId)).toEqual({ kind: 'not_found' });
    expect(await registry.setActive(asAdmin(otherOrgId), agentId, true)).toEqual({ kind: 'not_found' });
    expect(await agents.findOwner(appliance, agentId)).toBe(orgId);
  });

  it('are listed by name in pages, for one organization or for all', async () => {
    const third = await organization('tercera');
    for (const name of ['Ágata', 'Bea', 'Bea', 'zoe']) await registered(name, third);
    const own = asOwner(third).scope;
    const all = await agents.list(own, { limit: 10, after: null });
    expect(all).toHaveLength(4);
    const paged = [];
    for (let page = await agents.list(own, { limit: 1, after: null }); page[0]; page = await agents.list(own, { limit: 1, after: page[0] }))
      paged.push(page[0]);
    expect(paged).toEqual(all);
    const everywhere = await agents.list(appliance, { limit: 100, after: null });
    expect(new Set(everywhere.map(({ organizationId }) => organizationId)).size).toBeGreaterThan(2);
    expect(await agents.list(onOrganization(appliance, third), { limit: 10, after: null })).toEqual(all);
  });
});
