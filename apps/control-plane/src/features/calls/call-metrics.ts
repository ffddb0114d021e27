// Calls as Prometheus series, fed by the same events as the journal. No label carries an organization, a number or a word.
import type { Registry } from 'prom-client';
import { Counter, Gauge, Histogram } from 'prom-client';
import type { CallEvent, CallOutcome, TurnLatency } from '#ports/call-event.ts';
import { createQualityMetrics } from './leg-quality-metrics.ts';
import { createNoteMetrics } from './note-metrics.ts';
import { createTurnMetrics } from './turn-metrics.ts';

/** What the series read when they are asked. */
export type CallMetricsSources = {
  readonly registry: Registry;
  liveCalls(): number;
  journalDepth(): number;
  journalDropped(): number;
};

/** From 5 ms, the time of our own code, to 10 s, a model that hangs. */
const STAGE_BUCKETS_S = [0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.3, 0.5, 0.8, 1.2, 2, 5, 10];
const CALL_BUCKETS_S = [5, 15, 30, 60, 120, 300, 600, 1_800, 3_600];
const SETUP_BUCKETS_S = [0.02, 0.05, 0.1, 0.15, 0.25, 0.5, 1, 2, 5];

const stages = {
  endpointMs: 'endpoint',
  speechToTextMs: 'speech_to_text',
  replyMs: 'reply',
  textToSpeechMs: 'text_to_speech',
  firstFrameMs: 'first_frame',
  // The whole silence, which the others overlap in.
  gapMs: 'gap',
} as const satisfies Record<keyof TurnLatency, string>;

/** All, shown from the start: a share of failed calls is a figure also where none failed, and the first refused one is a rise. True: before an answer. */
const outcomes = {
  completed: false,
  caller_hung_up: false,
  transferred: false,
  no_input: false,
  max_duration: false,
  failed: false,
  rejected_unknown_number: true,
  rejected_at_capacity: true,
  rejected_not_ready: true,
  rejected_stopped: true,
  abandoned_waiting: true,
} as const satisfies Record<CallOutcome, boolean>;

/** Registers the series; returns what takes the events. */
export function createCallMetrics(sources: CallMetricsSources): (event: CallEvent) => void {
  const registers = [sources.registry];
  registerGauges(sources);
  const { calls, rejected, seconds } = createOutcomeSeries(registers);
  const countNote = createNoteMetrics(registers);
  const countTurn = createTurnMetrics(registers);
  const setup = new Histogram({
    name: 'centralita_call_setup_seconds',
    help: 'From the arrival of a call until it is answered',
    buckets: SETUP_BUCKETS_S,
    registers,
  });
  const stage = new Histogram({
    name: 'centralita_turn_stage_seconds',
    help: "Time that each stage of an agent's turn took",
    labelNames: ['stage'],
    buckets: STAGE_BUCKETS_S,
    registers,
  });
  const measured = createQualityMetrics(registers);
  return (event) => {
    countTurn(event);
    switch (event.kind) {
      case 'call_rejected':
        rejected.inc({ reason: reasonOf(event.outcome) });
        return calls.inc({ outcome: event.outcome });
      case 'call_ended':
        seconds.observe({ outcome: event.outcome }, event.durationMs / 1_000);
        return calls.inc({ outcome: event.outcome });
      case 'call_answered':
        return setup.observe(event.setupMs / 1_000);
      case 'note':
        return countNote(event);
      case 'turn_recorded':
        for (const [field, label] of Object.entries(stages) as [keyof typeof stages, string][]) {
          const ms = event.turn.latency?.[field];
          if (ms != null) stage.observe({ stage: label }, ms / 1_000);
        }
        return;
      case 'leg_measured':
        return measured(event.measurement);
      case 'call_started':
      case 'conversation_moved':
      case 'call_resumed':
      case 'call_let_go':
        return;
    }
  };
}

/** How calls end. */
function createOutcomeSeries(registers: Registry[]) {
  const calls = new Counter({
    name: 'centralita_calls_total',
    help: 'Calls that are over, by outcome',
    labelNames: ['outcome'],
    registers,
  });
  const seconds = new Histogram({
    name: 'centralita_call_seconds',
    help: 'From the arrival of a call until its end, by outcome; refused calls are not among them',
    labelNames: ['outcome'],
    buckets: CALL_BUCKETS_S,
    registers,
  });
  const rejected = new Counter({
    name: 'centralita_calls_rejected_total',
    help: 'Calls that were refused before they were answered, by reason',
    labelNames: ['reason'],
    registers,
  });
  for (const [outcome, isRefusal] of Object.entries(outcomes) as [CallOutcome, boolean][]) {
    calls.inc({ outcome }, 0);
    if (isRefusal) rejected.inc({ reason: reasonOf(outcome) }, 0);
  }
  return { calls, rejected, seconds };
}

function reasonOf(outcome: CallOutcome): string {
  return outcome.replace('rejected_', '');
}

function registerGauges({ registry, ...sources }: CallMetricsSources): void {
  const registers = [registry];
  const gauge = (name: string, help: string, read: () => number) =>
    new Gauge({
      name,
      help,
      registers,
      collect() {
        this.set(read());
      },
    });
  gauge('centralita_calls_live', 'Calls that hold a slot', () => sources.liveCalls());
  gauge('centralita_journal_depth', 'Call events recorded and not yet committed', () => sources.journalDepth());
  new Counter({
    name: 'centralita_journal_dropped_total',
    help: 'Call events that were lost: they did not fit, or could not be written or read',
    registers,
    collect() {
      this.reset();
      this.inc(sources.journalDropped());
    },
  });
}
