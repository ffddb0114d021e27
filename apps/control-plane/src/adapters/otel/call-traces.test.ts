import { globSync, readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import type { CallEvent, NoteName, TurnRecord } from '#ports/call-event.ts';
import { newId } from '#shared/id.ts';
import type { CallId } from '#shared/id.ts';
import type { OrgScope } from '#shared/org-scope.ts';
import { silentLog } from '#shared/log.ts';
import type { Log } from '#shared/log.ts';
import { describe, expect, it } from 'vitest';
import { openCallTraces } from './call-traces.ts';
import { openCollector } from './testing/collector.ts';
import type { OtlpSpan } from './testing/collector.ts';
import { traceNamesOf } from './trace-names.ts';

const BEGUN_MS = Date.parse('2026-11-21T10:00:00Z');
const at = (ms: number) => new Date(BEGUN_MS + ms);
const scope = { organizationId: newId('organization') } as OrgScope;

const quick = { endpointMs: 400, speechToTextMs: 100, replyMs: 300, textToSpeechMs: 200, firstFrameMs: 250, gapMs: 650 };
const model = {
  requests: [
    {
      messages: [{ role: 'user', text: 'SECRET words' }],
      text: 'SECRET',
      inputTokens: 50,
      outputTokens: 5,
      firstPartMs: 60,
      ms: 100,
      failure: null,
    },
    { messages: [], text: '', inputTokens: 80, outputTokens: 9, firstPartMs: 40, ms: 90, failure: null },
  ],
  tools: [{ name: 'knowledge_search', argumentsJson: '{"q":"SECRET"}', verdict: 'done', text: 'SECRET', ms: 30 }],
};

function turn(role: 'caller' | 'agent', fromMs: number, more: Partial<TurnRecord> = {}): TurnRecord {
  const base = { seq: 0, role, text: 'SECRET words', input: role === 'caller' ? ('speech' as const) : null, heardMs: null };
  return { ...base, startedAt: at(fromMs), endedAt: at(fromMs + 1_000), interrupted: false, latency: null, ...more };
}

/** A call with one answer; `notes` come before it. */
function eventsOf(callId: CallId, { outcome = 'completed' as const, notes = [] as NoteName[] } = {}): CallEvent[] {
  const numbers = { dialledNumber: '+34SECRET', callerNumber: '+34SECRET' };
  const event = { callId, scope };
  return [
    { ...event, at: at(0), kind: 'call_started', agentId: 'agent_1', legId: 'leg', recordingPath: null, ...numbers },
    { ...event, at: at(90), kind: 'call_answered', setupMs: 90 },
    { ...event, at: at(2_000), kind: 'turn_recorded', turn: turn('caller', 1_000) },
    ...notes.map((name) => ({
      ...event,
      at: at(2_100),
      kind: 'note' as const,
      name,
      fields: { component: 'language_model', error: 'SECRET' },
    })),
    {
      ...event,
      at: at(4_000),
      kind: 'turn_recorded',
      turn: turn('agent', 2_650, { seq: 1, latency: quick }),
      conversation: { state: {}, trace: { model, slots: { name: 'SECRET' } } },
    },
    { ...event, at: at(5_000), kind: 'call_ended', outcome, reason: 'hung_up', durationMs: 5_000 },
  ];
}

async function traced(
  events: readonly CallEvent[],
  { ratio = 1, log = silentLog, status = 200 }: { ratio?: number; log?: Log; status?: number } = {},
) {
  await using collector = await openCollector(status);
  {
    await using traces = openCallTraces({ endpoint: collector.endpoint, ratio, serverId: 'test', log });
    for (const event of events) traces.observe(event);
  }
  return collector;
}

const byText = (left: unknown[], right: unknown[]) => (String(left) < String(right) ? -1 : 1);

const msOf = ({ startTimeUnixNano, endTimeUnixNano }: OtlpSpan) =>
  [startTimeUnixNano, endTimeUnixNano].map((nanos) => Number(BigInt(nanos) / 1_000_000n) - BEGUN_MS);

describe('the trace of a call, at a real receiver', () => {
  it('is one, with a span for each turn and its stages at their times below it', async () => {
    const callId = newId('call');
    const { spans, bodies } = await traced(eventsOf(callId));
    expect(bodies[0]).toMatch(/^\/v1\/traces /);
    expect(new Set(spans.map(({ traceId }) => traceId))).toEqual(new Set([traceNamesOf(callId).traceId]));
    const root = spans.find(({ name }) => name === 'call');
    expect(root?.spanId).toBe(traceNamesOf(callId).rootSpanId);
    expect(root?.parentSpanId).toBeUndefined();
    const turns = spans.filter(({ name }) => name === 'turn');
    expect(turns.map(({ parentSpanId }) => parentSpanId)).toEqual([root?.spanId]);
    const stages = spans.filter(({ parentSpanId }) => parentSpanId === turns[0]?.spanId).map((span) => [span.name, ...msOf(span)]);
    expect(stages.toSorted(byText)).toEqual(
      [
        ['caller_speaks', 1_000, 2_000],
        ['speech_to_text', 2_050, 2_150],
        ['reply', 2_150, 2_450],
        ['language_model', 2_150, 2_250],
        ['knowledge', 2_250, 2_280],
        ['language_model', 2_280, 2_370],
        ['text_to_speech', 2_450, 2_650],
        ['agent_speaks', 2_650, 3_650],
      ].toSorted(byText),
    );
  });

  it('has no number and nothing that anybody said', async () => {
    const { bodies } = await traced(eventsOf(newId('call'), { notes: ['model_failed', 'barge_in'] }));
    expect(bodies.join('')).toContain('centralita.organization_id');
    expect(bodies.join('')).not.toContain('SECRET');
  });

  it('marks what went wrong, and is sent then whatever the ratio', async () => {
    const { spans } = await traced(eventsOf(newId('call'), { notes: ['model_failed'] }), { ratio: 0 });
    const turnSpan = spans.find(({ name }) => name === 'turn');
    expect(turnSpan?.status).toMatchObject({ code: 2, message: 'language_model failed' });
    expect(turnSpan?.events.map(({ name }) => name)).toEqual(['model_failed']);
  });

  it('of a call that went well is sent for the share that was asked for', async () => {
    expect((await traced(eventsOf(newId('call')), { ratio: 0 })).bodies).toEqual([]);
    const calls = Array.from({ length: 400 }, () => newId('call'));
    const { spans } = await traced(
      calls.flatMap((callId) => eventsOf(callId)),
      { ratio: 0.25 },
    );
    const sent = spans.filter(({ name }) => name === 'call').length;
    expect(sent).toBeGreaterThan(50);
    expect(sent).toBeLessThan(160);
  });

  it('of a call that another process goes on with is left to that one', async () => {
    const callId = newId('call');
    const [begun] = eventsOf(callId);
    if (!begun) throw new Error('the call has no beginning');
    expect((await traced([begun, { kind: 'call_let_go', callId, scope, at: at(10) }])).bodies).toEqual([]);
  });

  it('that a collector refuses is told in the log', async () => {
    const told: string[] = [];
    const log: Log = { ...silentLog, warn: (_fields, message) => void told.push(message) };
    await traced(eventsOf(newId('call')), { log, status: 400 });
    expect(told).toEqual(['traces could not be sent to the collector']);
  });
});

it('nothing of OpenTelemetry is loaded by a process that was not told of a collector: no other file imports it, and this folder comes in when asked', () => {
  const cwd = resolve(import.meta.dirname, '../..');
  const others = globSync('**/*.ts', { cwd }).filter((file) => !file.startsWith('adapters/otel/') && !file.endsWith('.test.ts'));
  const importing = (what: RegExp) => others.filter((file) => what.test(readFileSync(resolve(cwd, file), 'utf8')));
  expect(others.length).toBeGreaterThan(300);
  expect(importing(/@opentelemetry/)).toEqual([]);
  expect(importing(/from '#adapters\/otel\//)).toEqual([]);
  expect(importing(/await import\('#adapters\/otel\//)).toEqual(['main.ts']);
});
