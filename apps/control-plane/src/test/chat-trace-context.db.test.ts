// A message with `traceparent`: its turn is in the trace of whoever sent it.
import { openCallTraces } from '#adapters/otel/call-traces.ts';
import { openCollector } from '#adapters/otel/testing/collector.ts';
import { testDatabases } from '#db/test-database.ts';
import { clinicEs } from '#dialog/demo/clinic-es.ts';
import { silentLog } from '#shared/log.ts';
import { expect, it } from 'vitest';
import { addTestOrganization, openTestApi } from './test-api.ts';

const traceId = '4bf92f3577b34da6a3ce929d0e0e4736';
const spanId = '00f067aa0ba902b7';

it.each(testDatabases(process.env['TEST_DATABASE_URL']))(
  'is taken over by both turns of a chat, and what was said is not in it, on $kind',
  async (kind) => {
    await using test = await kind.open();
    await using collector = await openCollector();
    await using traces = openCallTraces({ endpoint: collector.endpoint, ratio: 0, serverId: 'test', log: silentLog });
    await using api = await openTestApi(test, { traces });
    const organizationId = await addTestOrganization(test, 'clinica');
    const registered = await api.asAdmin(`/admin/organizations/${organizationId}/agents`, {
      method: 'POST',
      body: clinicEs({ organizationName: 'Clínica', destination: '2001' }),
    });
    const token = await api.tokenFor(organizationId, ['calls:write']);
    const headers = { traceparent: `00-${traceId}-${spanId}-01` };
    const say = (body: object, more = headers) => api.asToken(token, '/chat', { method: 'POST', body, headers: more });
    const first = await say({ agentId: registered.body['agentId'], message: 'una palabra secreta' });
    expect(first.status).toBe(200);
    const { conversationId } = first.body;
    expect((await say({ conversationId, message: 'otra' })).status).toBe(200);
    await traces[Symbol.asyncDispose]();

    expect(collector.spans).toMatchObject(Array.from({ length: 2 }, () => ({ name: 'chat_turn', traceId, parentSpanId: spanId })));
    const bodies = collector.bodies.join('');
    expect(bodies).toContain(String(conversationId));
    expect(bodies).not.toContain('secreta');
  },
);
