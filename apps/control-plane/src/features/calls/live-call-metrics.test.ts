import { Registry } from 'prom-client';
import { expect, it } from 'vitest';
import { newId } from '#shared/id.ts';
import { silentLog } from '#shared/log.ts';
import { mintOrgScope } from '#shared/org-scope.ts';
import { createLiveCallMetrics, MAX_ORGANIZATIONS } from './live-call-metrics.ts';
import { createLiveCallBoard } from './live-calls.ts';

it('organizations with the most calls are shown by their slug, and all beyond the limit as one', async () => {
  const registry = new Registry();
  const board = createLiveCallBoard();
  const slugs = new Map<string, string>();
  const organizations = { find: async (_scope: unknown, id: string) => ({ slug: slugs.get(id) }) as never };
  const observe = createLiveCallMetrics({ registry, board, organizations, log: silentLog });
  for (let index = 1; index <= MAX_ORGANIZATIONS + 5; index += 1) {
    const scope = mintOrgScope(newId('organization'));
    slugs.set(scope.organizationId, `org-${index}`);
    for (let call = 0; call < index; call += 1) {
      const started = { kind: 'call_started', scope, callId: newId('call'), at: new Date(), agentId: 'agent_1', legId: 'leg' } as const;
      const event = { ...started, dialledNumber: '1001', callerNumber: '+34600000000', recordingPath: null };
      board.observe(event as never);
      observe(event as never);
    }
  }
  await Promise.resolve();
  const lines = (await registry.metrics()).split('\n').filter((line) => line.startsWith('centralita_organization_calls_live{'));
  expect(lines.length).toBe(MAX_ORGANIZATIONS + 1);
  expect(lines).toContain('centralita_organization_calls_live{organization="org-25"} 25');
  expect(lines).toContain('centralita_organization_calls_live{organization="other"} 15');
  expect(lines.join('\n')).not.toContain('34600000000');
});
