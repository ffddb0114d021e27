import { Registry } from 'prom-client';
import { describe, expect, it } from 'vitest';
import type { CallEvent } from '#ports/call-event.ts';
import { newId } from '#shared/id.ts';
import { mintOrgScope } from '#shared/org-scope.ts';
import { createCallMetrics } from './call-metrics.ts';
import { createLiveCallBoard } from './live-calls.ts';

const scope = mintOrgScope(newId('organization'));
const callId = newId('call');
const at = new Date('2026-11-21T10:00:00Z');
const started: CallEvent = {
  kind: 'call_started',
  scope,
  callId,
  at,
  agentId: 'agent_1',
  legId: 'leg-1',
  dialledNumber: '1001',
  callerNumber: '+34600000000',
  recordingPath: null,
};
const answered: CallEvent = { kind: 'call_answered', scope, callId, at, setupMs: 80 };
const turn: CallEvent = {
  kind: 'turn_recorded',
  scope,
  callId,
  at,
  turn: {
    seq: 1,
    role: 'agent',
    text: 'Palabras privadas',
    input: null,
    startedAt: at,
    endedAt: at,
    heardMs: 900,
    interrupted: false,
    latency: { endpointMs: 410, speechToTextMs: 80, replyMs: 3, textToSpeechMs: null, firstFrameMs: 4, gapMs: 425 },
  },
};
const ended: CallEvent = { kind: 'call_ended', scope, callId, at, outcome: 'completed', reason: 'goodbye', durationMs: 1_000 };

describe('call metrics', () => {
  it('count calls by outcome, time stages, and show what waits, with no word and no number in them', async () => {
    const registry = new Registry();
    const observe = createCallMetrics({ registry, liveCalls: () => 3, journalDepth: () => 7, journalDropped: () => 1 });
    const rejected: CallEvent = {
      kind: 'call_rejected',
      scope: null,
      callId,
      at,
      dialledNumber: '999',
      callerNumber: '',
      outcome: 'rejected_unknown_number',
    };
    const note: CallEvent = { kind: 'note', scope, callId, at, name: 'barge_in', fields: {} };
    for (const event of [started, answered, turn, note, ended, rejected]) observe(event);
    const text = await registry.metrics();
    expect(text.split('\n')).toEqual(
      expect.arrayContaining([
        'centralita_calls_live 3',
        'centralita_journal_depth 7',
        'centralita_journal_dropped_total 1',
        'centralita_calls_total{outcome="completed"} 1',
        'centralita_calls_total{outcome="rejected_unknown_number"} 1',
        'centralita_calls_total{outcome="rejected_stopped"} 0',
        'centralita_calls_rejected_total{reason="stopped"} 0',
        'centralita_calls_rejected_total{reason="not_ready"} 0',
        'centralita_calls_rejected_total{reason="abandoned_waiting"} 0',
        'centralita_call_notes_total{name="barge_in"} 1',
        'centralita_call_setup_seconds_sum 0.08',
        'centralita_turn_stage_seconds_sum{stage="endpoint"} 0.41',
        'centralita_turn_stage_seconds_bucket{le="0.005",stage="reply"} 1',
      ]),
    );
    expect(text).not.toContain('stage="text_to_speech"');
    expect(text).not.toMatch(/privadas|34600000000|1001|org_/);
  });
});

describe('how well a call was carried', () => {
  it('is told of each side and direction that was measured', async () => {
    const registry = new Registry();
    const observe = createCallMetrics({ registry, liveCalls: () => 0, journalDepth: () => 0, journalDropped: () => 0 });
    const measured = {
      codec: 'ulaw',
      packetsReceived: 100,
      packetsSent: 100,
      receivedLossRatio: 0.02,
      receivedJitterMs: 4,
      receivedMos: 4.2,
    };
    const reported = { sentLossRatio: 0.01, sentJitterMs: 2, roundTripMs: 40, sentMos: 4.3 };
    const silent = { sentLossRatio: null, sentJitterMs: null, roundTripMs: null, sentMos: null };
    observe({ kind: 'leg_measured', scope, callId, at, measurement: { leg: 'caller', ...measured, ...silent } });
    observe({ kind: 'leg_measured', scope, callId, at, measurement: { leg: 'representative', ...measured, ...reported } });
    const text = (await registry.metrics()).split('\n');
    expect(text).toEqual(
      expect.arrayContaining([
        'centralita_rtp_loss_ratio_sum{leg="caller_sent"} 0.02',
        'centralita_rtp_loss_ratio_sum{leg="representative_sent"} 0.02',
        'centralita_rtp_loss_ratio_sum{leg="representative_heard"} 0.01',
        'centralita_rtp_jitter_seconds_sum{leg="representative_sent"} 0.004',
        'centralita_rtp_jitter_seconds_sum{leg="representative_heard"} 0.002',
        'centralita_rtp_round_trip_seconds_sum{leg="representative"} 0.04',
        'centralita_mos_sum{leg="caller_sent"} 4.2',
        'centralita_mos_sum{leg="representative_sent"} 4.2',
        'centralita_mos_sum{leg="representative_heard"} 4.3',
      ]),
    );
    expect(text.join('\n')).not.toContain('caller_heard');
  });
});

describe('the board of live calls', () => {
  it('shows a call from its start to its end', () => {
    const board = createLiveCallBoard();
    board.observe(started);
    expect(board.list(null)).toMatchObject([{ callId, organizationId: scope.organizationId, answeredAt: null, turns: 0 }]);
    board.observe(answered);
    board.observe(turn);
    expect(board.list(null)).toMatchObject([{ answeredAt: at, turns: 1 }]);
    board.observe(ended);
    board.observe(turn);
    expect(board.list(null)).toEqual([]);
  });
});
