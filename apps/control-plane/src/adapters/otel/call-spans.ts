// A call's events as a tree of spans: the call, its turns, and within each the stages that the engine timed. Nothing that anybody said is in it.
import type { CallEvent, TurnRecord } from '#ports/call-event.ts';
import { plain } from './span-node.ts';
import type { SpanFields, SpanNode } from './span-node.ts';
import { errorOfNote, modelSpans, stageSpans } from './turn-spans.ts';

/** A call that is over. */
export type CallTrace = { readonly callId: string; readonly root: SpanNode; readonly hasError: boolean };

/** Calls that may be traced at once: the most that a process takes. Of one more, nothing is sent. */
const MAX_CALLS = 1_000;
/** Turns of a call that are kept: an hour of one every four seconds. Later ones are counted in `centralita.turns_left_out`. */
const MAX_TURNS = 1_000;

type Open = {
  readonly fromMs: number;
  readonly fields: SpanFields;
  readonly turns: SpanNode[];
  leftOut: number;
  answered: SpanNode | null;
  caller: TurnRecord | null;
  moments: SpanNode['moments'][number][];
  error: string | null;
};

/** Returns what takes the events of all calls and gives back a call's trace once it is over. */
export function openCallSpans(): (event: CallEvent) => CallTrace | null {
  const open = new Map<string, Open>();
  return (event) => {
    const { callId, at } = event;
    const call = open.get(callId);
    switch (event.kind) {
      case 'call_started':
      case 'call_resumed': {
        if (open.size >= MAX_CALLS) return null;
        const fields = {
          'centralita.call_id': callId,
          'centralita.organization_id': event.scope.organizationId,
          'centralita.agent_id': event.agentId,
          'centralita.resumed': event.kind === 'call_resumed',
        };
        const from = event.kind === 'call_resumed' ? event.startedAt : at;
        open.set(callId, { fromMs: from.getTime(), fields, turns: [], leftOut: 0, answered: null, caller: null, moments: [], error: null });
        return null;
      }
      case 'call_answered':
        if (call) call.answered = plain('set_up', { fromMs: at.getTime() - event.setupMs, toMs: at.getTime() });
        return null;
      case 'note':
        if (call) noteMoment(call, event);
        return null;
      case 'turn_recorded':
        if (call) addTurn(call, event);
        return null;
      case 'call_let_go':
        // The process that goes on with it sends it.
        open.delete(callId);
        return null;
      case 'call_ended':
        open.delete(callId);
        return call ? finished(call, event) : null;
      case 'call_rejected':
      case 'conversation_moved':
      case 'leg_measured':
        return null;
    }
  };
}

type Kind<Name extends CallEvent['kind']> = Extract<CallEvent, { kind: Name }>;

/** Notes belong to the turn that is recorded next. Of their fields only those that are words or figures of ours are taken. */
function noteMoment(call: Open, { name, at, fields }: Kind<'note'>): void {
  const { component, from, to, afterMs, gapMs } = fields;
  const ours = Object.entries({ component, from, to, afterMs, gapMs }).flatMap(([key, value]) =>
    value == null ? [] : [[key, value] as const],
  );
  call.moments.push({ name, atMs: at.getTime(), fields: Object.fromEntries(ours) });
  call.error ??= errorOfNote(name, component ?? null);
}

function addTurn(call: Open, { turn, conversation }: Kind<'turn_recorded'>): void {
  const isCaller = turn.role === 'caller';
  // A caller's turn is the beginning of the answer's; one that is followed by another of the caller's stands for itself.
  if (isCaller && call.caller === null) {
    call.caller = turn;
    return;
  }
  const [caller, agent] = isCaller ? [call.caller, null] : [call.caller, turn];
  call.caller = isCaller ? turn : null;
  pushTurn(call, { caller, agent, trace: isCaller ? null : (conversation?.trace ?? null) });
}

type Told = {
  readonly caller: TurnRecord | null;
  readonly agent: TurnRecord | null;
  readonly trace: Readonly<Record<string, unknown>> | null;
};

function pushTurn(call: Open, { caller, agent, trace }: Told): void {
  const first = caller ?? agent;
  const last = agent ?? caller;
  if (first === null || last === null) return;
  const { moments, error } = call;
  call.moments = [];
  call.error = null;
  if (call.turns.length >= MAX_TURNS) {
    call.leftOut += 1;
    return;
  }
  const stages = agent === null ? [] : stageSpans(agent);
  const children = [
    ...(caller === null ? [] : [plain('caller_speaks', { fromMs: caller.startedAt.getTime(), toMs: caller.endedAt.getTime() })]),
    ...stages,
    ...modelSpans(trace, stages),
    ...(agent === null ? [] : [plain('agent_speaks', { fromMs: agent.startedAt.getTime(), toMs: agent.endedAt.getTime() })]),
  ];
  const fields = {
    'centralita.turn': last.seq,
    ...(caller?.input && { 'centralita.input': caller.input }),
    ...(agent && { 'centralita.interrupted': agent.interrupted }),
    ...(agent?.latency?.gapMs != null && { 'centralita.gap_ms': agent.latency.gapMs }),
  };
  const toMs = Math.max(last.endedAt.getTime(), ...children.map((child) => child.toMs));
  const fromMs = Math.min(first.startedAt.getTime(), ...children.map((child) => child.fromMs));
  call.turns.push(plain('turn', { fromMs, toMs }, { fields, error, moments, children }));
}

function finished(call: Open, { callId, at, outcome, reason }: Kind<'call_ended'>): CallTrace {
  pushTurn(call, { caller: call.caller, agent: null, trace: null });
  const { fromMs, answered, turns, leftOut, moments } = call;
  const error = outcome === 'failed' ? reason : call.error;
  const fields = { ...call.fields, 'centralita.outcome': outcome, 'centralita.turns': turns.length + leftOut };
  const leftOutField = leftOut > 0 ? { 'centralita.turns_left_out': leftOut } : {};
  const children = [...(answered === null ? [] : [answered]), ...turns];
  const root = plain('call', { fromMs, toMs: at.getTime() }, { fields: { ...fields, ...leftOutField }, error, moments, children });
  return { callId, root, hasError: hasError(root) };
}

function hasError(span: SpanNode): boolean {
  return span.error !== null || span.children.some(hasError);
}
