/** A real call, and the trace of it that a collector gets over HTTP. */
import { openCallTraces } from '#adapters/otel/call-traces.ts';
import { openCollector } from '#adapters/otel/testing/collector.ts';
import { silentLog } from '#shared/log.ts';
import { expect, it, vi } from 'vitest';
import { openSandbox } from './sandbox.ts';
import { openTerminalCaller } from './terminal-caller.ts';

it('a call is one trace with a turn for each exchange, and nobody can read in it what was said', async () => {
  await using collector = await openCollector();
  await using traces = openCallTraces({ endpoint: collector.endpoint, ratio: 1, serverId: 'sandbox', log: silentLog });
  const ended: string[] = [];
  const observeCall = (event: Parameters<typeof traces.observe>[0]) => {
    traces.observe(event);
    if (event.kind === 'call_ended') ended.push(event.callId);
  };
  const { signal } = new AbortController();
  await using sandbox = await openSandbox({ log: silentLog, signal, httpPort: 0, onRing: () => undefined, observeCall });
  const leg = sandbox.placeCall(sandbox.numbers.get('en') ?? '');
  let heard = '';
  using caller = openTerminalCaller(leg, (event) => {
    if (event.kind === 'heard') heard += event.text;
  });
  const hears = (text: string) => vi.waitFor(() => expect(heard).toContain(text), { timeout: 30_000, interval: 50 });
  await hears('?');
  caller.say('an appointment');
  await hears('Which day');
  leg.hangUp();
  await vi.waitFor(() => expect(ended).toHaveLength(1), { timeout: 30_000, interval: 50 });
  await traces[Symbol.asyncDispose]();

  expect(new Set(collector.spans.map(({ traceId }) => traceId)).size).toBe(1);
  const named = (name: string) => collector.spans.filter((span) => span.name === name);
  expect(named('call')).toHaveLength(1);
  expect(named('set_up')).toHaveLength(1);
  expect(named('turn').length).toBeGreaterThanOrEqual(2);
  for (const stage of ['caller_speaks', 'speech_to_text', 'reply', 'text_to_speech', 'agent_speaks']) expect(named(stage)).not.toEqual([]);
  const nanos = ({ startTimeUnixNano, endTimeUnixNano }: (typeof collector.spans)[number]) => [
    BigInt(startTimeUnixNano),
    BigInt(endTimeUnixNano),
  ];
  for (const [from = 0n, to = 0n] of collector.spans.map(nanos)) expect(to).toBeGreaterThanOrEqual(from);
  expect(collector.bodies.join('')).not.toMatch(/appointment|Which day|5550100/);
});
