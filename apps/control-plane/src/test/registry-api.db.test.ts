// The admin's view of the registry through the API, with a registry that hangs and one that lost rows.
import { afterEach, describe, expect, it, vi } from 'vitest';
import { openSupabaseRegistry } from '#adapters/supabase/supabase-registry.ts';
import { testDatabases } from '#db/test-database.ts';
import { STAND_IN_KEY } from './postgrest-stand-in.ts';
import { REGISTRY_SERVER_URL, useRegistryWorld, WAIT } from './registry-world.ts';
import type { TestApi } from './test-api.ts';
import { openTestApi } from './test-api.ts';

vi.setConfig({ testTimeout: 120_000 });

describe.each(testDatabases(REGISTRY_SERVER_URL))('the API beside a registry on $kind', (databaseKind) => {
  const world = useRegistryWorld(databaseKind);
  let opened: TestApi | null = null;
  afterEach(async () => {
    await opened?.[Symbol.asyncDispose]();
    opened = null;
  });
  const open = async () => {
    const registry = await openSupabaseRegistry({ url: world.standIn.url, publishableKey: STAND_IN_KEY, tokenFile: world.tokenFile });
    const description = { release: '0.1.0', addresses: [], hardware: null };
    opened = await openTestApi(world.test, { serverRegistry: { registry, description, lookEveryMs: 50 } });
    return opened;
  };

  it('answers while the registry hangs, tells what waits, and ends without waiting for it', async () => {
    world.standIn.fault = { kind: 'hang' };
    const api = await open();
    await vi.waitFor(() => expect(world.standIn.requests.length).toBeGreaterThan(0), WAIT);
    const created = await api.asAdmin('/admin/organizations', { method: 'POST', body: { name: 'Nueva' } });
    expect(created.status).toBe(201);
    const shown = await api.asAdmin('/admin/registry');
    expect(shown).toMatchObject({
      status: 200,
      body: { state: 'waiting', serverId: 'mad-1', fleetId: 'north', licence: null, agents: [] },
    });
    expect((shown.body['standing'] as { waiting: number }).waiting).toBeGreaterThan(0);
    const startedAtMs = performance.now();
    await api[Symbol.asyncDispose]();
    opened = null;
    // The request would have gone on for 15 s.
    expect(performance.now() - startedAtMs).toBeLessThan(12_000);
  });

  it('has everything sent anew when the admin asks, and what somebody took out there is back', async () => {
    const agentId = await world.addAgent('Reception');
    const api = await open();
    const state = async () => (await api.asAdmin('/admin/registry')).body;
    await vi.waitFor(async () => expect(await state()).toMatchObject({ state: 'synced', standing: { waiting: 0 } }), WAIT);
    await world.cloud.run(null, 'delete from server_agents');
    const pushed = await api.asAdmin('/admin/registry/push', { method: 'POST' });
    expect([pushed.status, pushed.body]).toEqual([202, { wanted: true }]);
    await vi.waitFor(async () => expect(await world.inCloud('server_agents', 'agent_id')).toEqual([{ agent_id: agentId }]), WAIT);
  });
});
