import { Registry } from 'prom-client';
import { expect, it } from 'vitest';
import type { CallEvent } from '#ports/call-event.ts';
import { newId } from '#shared/id.ts';
import { mintOrgScope } from '#shared/org-scope.ts';
import { createNoteMetrics } from './note-metrics.ts';

it('counts and times the tools of calls; those that organizations named are one', async () => {
  const registry = new Registry();
  const observe = createNoteMetrics([registry]);
  const scope = mintOrgScope(newId('organization'));
  const used = (tool: string | null, ms: number): CallEvent & { kind: 'note' } => ({
    kind: 'note',
    scope,
    callId: newId('call'),
    at: new Date(0),
    name: 'tool_called',
    fields: { tool, verdict: 'done', ms },
  });
  for (const note of [used('knowledge_search', 40), used('where_is_order_of_ana', 3_000), used('other', 400), used(null, 0)]) observe(note);
  const lines = (await registry.metrics()).split('\n');
  expect(lines).toEqual(
    expect.arrayContaining([
      'centralita_tool_calls_total{tool="organization_tool",outcome="done"} 2',
      'centralita_tool_call_seconds_sum{tool="organization_tool"} 3.4',
      'centralita_tool_call_seconds_bucket{le="0.05",tool="knowledge_search"} 1',
      'centralita_tool_call_seconds_bucket{le="0.01",tool="knowledge_search"} 0',
    ]),
  );
  expect(lines.join('\n')).not.toContain('ana');
});
