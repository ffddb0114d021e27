import { describe, expect, it } from 'vitest';
import { clinicEs } from '#dialog/demo/clinic-es.ts';
import type { HttpToolDefinition } from '#ports/http-tool.ts';
import { mintOrgScope } from '#shared/org-scope.ts';
import { createToolFinder, destinationsOf } from './tool-finder.ts';

const agent = { agentId: 'agent_1', flow: clinicEs({ organizationName: 'Clínica', destination: '2001' }).flow };
const defined: HttpToolDefinition = {
  toolId: 'tool_1',
  name: 'find_order',
  description: 'Finds an order.',
  effect: 'read',
  parameters: { type: 'object', properties: {}, additionalProperties: false },
};

describe('the tools of an agent', () => {
  it('are those of the box, those that its organization defined for it, and a transfer to whom its flow rings', async () => {
    const asked: string[] = [];
    const httpTools = {
      list: async ({ organizationId }: { organizationId: string }, agentId: string) => {
        asked.push(`${organizationId} ${agentId}`);
        return Promise.resolve([defined]);
      },
      use: async () => Promise.reject(new Error('is not used here')),
    };
    const find = createToolFinder({ knowledge: null, messages: null, httpTools, others: [] });
    const tools = await find({ scope: mintOrgScope('org_1'), agent }, { signal: new AbortController().signal });
    expect(tools.map(({ name }) => name)).toEqual(['transfer_to_person', 'end_call', 'find_order']);
    expect(asked).toEqual(['org_1 agent_1']);
  });

  it('ring each destination of the flow once', () => {
    const node = { prompt: '', transitions: [] };
    const ring = (name: string, destination: string) => ({
      ...node,
      name,
      action: { kind: 'transfer', destination, ringMs: 20_000 } as const,
    });
    const nodes = [
      ring('person', '2001'),
      ring('again', '2001'),
      ring('billing', '2002'),
      { ...node, name: 'x', action: { kind: 'listen' } as const },
    ];
    expect(destinationsOf({ nodes })).toEqual([
      { name: 'person', destination: '2001', ringMs: 20_000, requiresKey: false },
      { name: 'billing', destination: '2002', ringMs: 20_000, requiresKey: false },
    ]);
  });
});
