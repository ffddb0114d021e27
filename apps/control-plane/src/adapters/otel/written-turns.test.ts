// Turns in writing: in the trace of whoever asked, told to whom we ask, and sent when they end.
import { newId } from '#shared/id.ts';
import { silentLog } from '#shared/log.ts';
import { readTraceParent } from '#shared/trace-parent.ts';
import { expect, it } from 'vitest';
import { openCallTraces } from './call-traces.ts';
import { openCollector } from './testing/collector.ts';
import { traceNamesOf } from './trace-names.ts';

const traceId = '4bf92f3577b34da6a3ce929d0e0e4736';
const spanId = '00f067aa0ba902b7';
const turn = (traceParent: string | null) => ({
  conversationId: newId('chat'),
  organizationId: newId('organization'),
  agentId: newId('agent'),
  traceParent,
});

/** What a collector has after `work`. */
async function spansOf(ratio: number, work: (traces: ReturnType<typeof openCallTraces>) => void) {
  await using collector = await openCollector();
  {
    await using traces = openCallTraces({ endpoint: collector.endpoint, ratio, serverId: 'test', log: silentLog });
    work(traces);
  }
  return collector.spans;
}

it('a turn goes on with the trace of its request, and what it asks of others is below it', async () => {
  const asked = turn(`00-${traceId}-${spanId}-01`);
  let told: ReturnType<typeof readTraceParent> = null;
  const spans = await spansOf(0, (traces) => {
    expect(traces.traceParentOf(asked.conversationId)).toBeNull();
    const span = traces.beginTurn(asked);
    told = readTraceParent(traces.traceParentOf(asked.conversationId) ?? '');
    span.end(null);
    expect(traces.traceParentOf(asked.conversationId)).toBeNull();
  });
  expect(spans).toMatchObject([{ name: 'chat_turn', traceId, parentSpanId: spanId }]);
  expect(told).toEqual({ traceId, spanId: spans[0]?.spanId, isSampled: true });
  expect(JSON.stringify(spans[0]?.attributes)).toContain(asked.conversationId);
});

it('a turn whose request says nothing, or nothing that can be read, begins a trace of its own', async () => {
  const spans = await spansOf(1, (traces) => {
    for (const traceParent of [null, 'nonsense', `00-${'0'.repeat(32)}-${spanId}-01`]) traces.beginTurn(turn(traceParent)).end(null);
  });
  expect(spans.map(({ parentSpanId }) => parentSpanId ?? '')).toEqual(['', '', '']);
  expect(new Set(spans.map((span) => span.traceId)).size).toBe(3);
});

it('keeps what the request keeps, else its share, and whatever went wrong', async () => {
  const unkept = `00-${traceId}-${spanId}-00`;
  expect(await spansOf(1, (traces) => traces.beginTurn(turn(unkept)).end(null))).toEqual([]);
  expect(await spansOf(0, (traces) => traces.beginTurn(turn(null)).end(null))).toEqual([]);
  const failed = await spansOf(0, (traces) => traces.beginTurn(turn(unkept)).end('model_failed'));
  expect(failed).toMatchObject([{ traceId, parentSpanId: spanId, status: { message: 'model_failed' } }]);
});

it('what a call asks of others is below the span of the whole call, which is sent when it is over', async () => {
  const callId = newId('call');
  const names = traceNamesOf(callId);
  await spansOf(1, (traces) => {
    expect(traces.traceParentOf(callId)).toBe(`00-${names.traceId}-${names.rootSpanId}-01`);
    expect(traces.traceParentOf(newId('chat'))).toBeNull();
  });
  await spansOf(0, (traces) => expect(traces.traceParentOf(callId)).toBe(`00-${names.traceId}-${names.rootSpanId}-00`));
});
