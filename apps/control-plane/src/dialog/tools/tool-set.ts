// Stands between a model that calls tools and the tools: what may run, with which arguments, how often and with whose consent.
import { createHash } from 'node:crypto';
import canonicalize from 'canonicalize';
import type { ModelTool, ModelToolCall } from '#ports/language-model.ts';
import type { Clock } from '#shared/clock.ts';
import { invariant } from '#shared/invariant.ts';
import { orAborted } from '#shared/waiting.ts';
import type { DialogNote, NextStep } from '#dialog/next-step.ts';
import { consentOf } from './consent.ts';
import { parseArguments, schemaOf } from './tool-arguments.ts';
import { toolTexts } from './tool-texts.ts';
import type { ToolTexts } from './tool-texts.ts';
import type { Tool, ToolContext, ToolOutcome } from './tool.ts';

/** A tool that takes longer is covered by `fillerFor`: a caller takes a second of silence for a lost line. */
export const FILLER_AFTER_MS = 700;
/** Effects of one conversation. The longest bookings of the examples have 6; more is a model that runs in circles. */
export const EFFECTS_MAX = 50;
/** Characters of an outcome that the model is shown: about 2,000 tokens. */
export const OUTCOME_CHARACTERS_MAX = 8_000;

/** How a call of a tool ended. Only `done` and `refused` are the tool's own words. */
export type ToolVerdict =
  | 'done'
  | 'refused'
  /** It was done before; the first outcome is answered. */
  | 'repeated'
  /** It waits for the caller's yes. */
  | 'ask_caller'
  | 'unknown_tool'
  | 'invalid_arguments'
  | 'too_many'
  | 'timed_out'
  | 'failed';

/** A guarded call that waits for the caller's answer, or has it. `isSecond`: the first answer was unclear, and this is asked for the last time. */
export type PendingCall = {
  readonly key: string;
  readonly call: ModelToolCall;
  readonly answer: 'awaited' | 'yes' | 'unclear';
  readonly isSecond: boolean;
  /** What the caller was asked, word for word: after a yes this very call runs, whatever a model makes of the answer. Absent: a model asks. */
  readonly readOut?: string;
};

/** A call that ran. `mayRunAgain`: the tool refused, so nothing happened; it is forgotten at the caller's next words. */
export type RanCall = { readonly name: string; readonly outcome: ToolOutcome; readonly mayRunAgain: boolean };

/** What a conversation must remember about its tools: plain data, saved with its state. Personal data: arguments and outcomes. */
export type ToolState = {
  /** What calls with an effect came to, by a hash of name and canonical arguments. */
  readonly ran: Readonly<Record<string, RanCall>>;
  readonly pending: PendingCall | null;
};

/** Before the first word. */
export const NO_TOOLS_RUN: ToolState = { ran: {}, pending: null };

/** What a call came to, and the state after it. */
export type ToolRun = {
  readonly verdict: ToolVerdict;
  readonly state: ToolState;
  /** For the model, as the `tool` message that answers the call. */
  readonly text: string;
  readonly facts: Readonly<Record<string, string>>;
  /** For the caller, word for word; null where only a model can make words of it. */
  readonly spoken: string | null;
  /** What the caller must be asked, word for word, before the call may run; the turn ends with it. */
  readonly question: string | null;
  readonly nextStep: NextStep | null;
  readonly notes: readonly DialogNote[];
};

/** The tools of one agent at one place of its flow. */
export type ToolSet = {
  /** What the model is offered. */
  definitions(): readonly ModelTool[];
  /**
   * Takes the caller's next words; call it once for each thing that the caller says, before the model answers. A yes confirms the guarded call
   * that waits; anything else drops it, so that a later yes to another question never runs it. After a no, or a second unclear answer, the same call
   * is refused in this turn, where the model would only ask a third time. Refusals are forgotten: the caller may ask again.
   */
  hear(state: ToolState, callerWords: string): ToolState;
  /**
   * Runs a call of the model; one at a time, each with the state of the one before. Never throws. `context.signal` must be the conversation's,
   * not the reply's: a caller who talks over the agent must not leave an effect half done.
   */
  run(call: ModelToolCall, context: ToolContext, state: ToolState): Promise<ToolRun>;
  /** What the agent says while that tool takes longer than `FILLER_AFTER_MS`. */
  fillerFor(name: string): string;
};

export type ToolSetOptions = {
  /** Every tool that exists. Names are unique. */
  readonly tools: readonly Tool[];
  /** Names that this agent may use here; the others do not exist for it. */
  readonly allowed: readonly string[];
  /** BCP 47; Spanish and English have texts, every other language gets English ones. */
  readonly language: string;
  readonly clock: Clock;
  /** Faults of tools, for the log: their errors may hold what the caller said and are no business of the journal's. */
  readonly onFault?: (fault: { readonly tool: string; readonly error: unknown }) => void;
};

/** The tools that are allowed, ready to be called. */
export function createToolSet(options: ToolSetOptions): ToolSet {
  const allowed = new Set(options.allowed);
  const tools = new Map(options.tools.filter(({ name }) => allowed.has(name)).map((tool) => [tool.name, tool]));
  invariant(new Set(options.tools.map(({ name }) => name)).size === options.tools.length, 'tools have unique names');
  const texts = toolTexts(options.language);
  const definitions = [...tools.values()].map((tool): ModelTool => ({
    name: tool.name,
    description: tool.description,
    parameters: schemaOf(tool),
  }));
  return {
    definitions: () => definitions,
    hear: (state, callerWords) => heard(state, callerWords, texts),
    async run(call, context, state) {
      const tool = tools.get(call.name);
      const startedMs = options.clock.nowMs();
      const bare: BareRun =
        tool === undefined
          ? { verdict: 'unknown_tool', state, outcome: { kind: 'refused', text: texts.unknownTool(call.name, [...tools.keys()]) } }
          : await judged({ tool, tools, call, context, state, texts, onFault: options.onFault });
      const ms = Math.round(options.clock.nowMs() - startedMs);
      return asRun(bare, { tool: tool?.name ?? null, verdict: bare.verdict, ms });
    },
    fillerFor: (name) => (tools.get(name)?.effect === 'read' ? texts.fillerRead : texts.fillerWrite),
  };
}

type BareRun = { readonly verdict: ToolVerdict; readonly state: ToolState; readonly outcome: ToolOutcome; readonly question?: string };

type Judging = {
  readonly tool: Tool;
  readonly tools: ReadonlyMap<string, Tool>;
  readonly call: ModelToolCall;
  readonly context: ToolContext;
  readonly state: ToolState;
  readonly texts: ToolTexts;
  readonly onFault: ToolSetOptions['onFault'];
};

async function judged(judging: Judging): Promise<BareRun> {
  const { tool, call, state, texts } = judging;
  const parsed = parseArguments(tool, call.argumentsJson);
  if (parsed.kind === 'invalid') return refusal('invalid_arguments', state, texts.invalidArguments(tool.name, parsed.problems));
  if (tool.effect === 'read') return await ran(judging, parsed.value);
  const key = keyOf(tool.name, parsed.value);
  const first = state.ran[key];
  if (first?.outcome.kind === 'done') return { verdict: 'repeated', state, outcome: repeated(first.outcome, texts) };
  if (first !== undefined) return { verdict: 'refused', state, outcome: first.outcome };
  if (Object.keys(state.ran).length >= EFFECTS_MAX) return refusal('too_many', state, texts.tooMany);
  const own = state.pending?.key === key ? state.pending : null;
  if (tool.effect === 'guarded' && own?.answer !== 'yes') {
    if (own === null && state.pending?.answer === 'awaited') return refusal('refused', state, texts.oneAtATime);
    return askCaller(judging, { key, args: parsed.value, isSecond: own !== null && (own.isSecond || own.answer === 'unclear') });
  }
  const run = await ran(judging, parsed.value);
  const isDone = run.verdict === 'done';
  const kept = Object.entries(state.ran).filter(([, { name }]) => !isDone || tool.undoes?.includes(name) !== true);
  const entry: RanCall = { name: tool.name, outcome: run.outcome, mayRunAgain: run.verdict === 'refused' };
  const after = { ran: { ...Object.fromEntries(kept), [key]: entry }, pending: tool.effect === 'guarded' ? null : state.pending };
  return { ...run, ...asking(judging, run.outcome, after) };
}

/** What the outcome itself asks, where the tool that a yes would run is there: it waits from now on. */
function asking({ tools, call }: Judging, outcome: ToolOutcome, state: ToolState): Pick<BareRun, 'state' | 'question'> {
  const ask = outcome.kind === 'done' ? outcome.ask : undefined;
  if (ask === undefined || !tools.has(ask.tool)) return { state };
  const asked = { id: call.id, name: ask.tool, argumentsJson: JSON.stringify(ask.args) };
  const pending = { key: keyOf(ask.tool, ask.args), call: asked, answer: 'awaited', isSecond: false, readOut: ask.question } as const;
  return { state: { ...state, pending }, question: ask.question };
}

function askCaller(
  { tool, call, context, state, texts }: Judging,
  { key, args, isSecond }: { key: string; args: unknown; isSecond: boolean },
): BareRun {
  const asked = { key, call, answer: 'awaited', isSecond } as const;
  const text = texts.askCaller(tool.name, call.argumentsJson);
  if (tool.question === undefined) return refusal('ask_caller', { ...state, pending: asked }, text);
  const question = tool.question(args, context.language);
  return { ...refusal('ask_caller', { ...state, pending: { ...asked, readOut: question } }, text), question };
}

/** Runs the tool within its budget. A tool that does not listen to its signal is left behind. */
async function ran({ tool, context, state, texts, onFault }: Judging, args: unknown): Promise<BareRun> {
  const budget = AbortSignal.timeout(tool.budgetMs);
  const signal = AbortSignal.any([context.signal, budget]);
  try {
    signal.throwIfAborted();
    const outcome = await orAborted(tool.run(args, { ...context, signal }), signal);
    return { verdict: outcome.kind, state, outcome };
  } catch (error) {
    onFault?.({ tool: tool.name, error });
    const timedOut = budget.aborted && !context.signal.aborted;
    const text = tool.effect === 'read' ? texts.readFailed : texts.effectUnknown;
    // Whether it took effect is not known: the refusal stays, so that it is not done twice.
    return refusal(timedOut ? 'timed_out' : 'failed', state, text);
  }
}

function refusal(verdict: ToolVerdict, state: ToolState, text: string): BareRun {
  return { verdict, state, outcome: { kind: 'refused', text } };
}

function repeated(outcome: Extract<ToolOutcome, { kind: 'done' }>, texts: ToolTexts): ToolOutcome {
  return { ...outcome, text: texts.alreadyDone(outcome.text) };
}

/** Neither the state nor a log line should carry arguments as a name: a hash says as well whether two calls are the same. */
function keyOf(name: string, args: unknown): string {
  return createHash('sha256')
    .update(canonicalize([name, args]) ?? '')
    .digest('hex');
}

function heard(state: ToolState, callerWords: string, texts: ToolTexts): ToolState {
  const { pending } = state;
  const ran = Object.fromEntries(Object.entries(state.ran).filter(([, { mayRunAgain }]) => !mayRunAgain));
  // A yes is good for the turn that it opens: at the words after it the call is gone, run or not.
  if (pending?.answer !== 'awaited') return { ran, pending: null };
  const consent = consentOf(callerWords);
  if (consent === 'yes' || (consent === 'unclear' && !pending.isSecond)) return { ran, pending: { ...pending, answer: consent } };
  const declined: RanCall = { name: pending.call.name, outcome: { kind: 'refused', text: texts.declined }, mayRunAgain: true };
  return { ran: { ...ran, [pending.key]: declined }, pending: null };
}

function asRun(bare: BareRun, fields: { tool: string | null; verdict: ToolVerdict; ms: number }): ToolRun {
  const { verdict, state, outcome } = bare;
  const done = outcome.kind === 'done' ? outcome : null;
  return {
    verdict,
    state,
    text: outcome.text.slice(0, OUTCOME_CHARACTERS_MAX),
    facts: done?.facts ?? {},
    spoken: done?.spoken ?? null,
    question: bare.question ?? null,
    nextStep: done?.nextStep ?? null,
    notes: [{ name: 'tool_called', fields }],
  };
}
