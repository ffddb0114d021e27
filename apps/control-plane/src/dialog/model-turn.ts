// The model's turn: it speaks, calls tools, hears what they came to and speaks on. What breaks is repaired once; then somebody else must answer.
import { InferenceError } from '#ports/inference-error.ts';
import type { LanguageModel, ModelMessage, ModelToolCall } from '#ports/language-model.ts';
import type { Responder } from '#ports/agent-profile.ts';
import type { ConversationState } from './dialog.ts';
import { askModel } from './model-answer.ts';
import type { Answer } from './model-answer.ts';
import type { ModelTexts } from './model-texts.ts';
import type { DialogNote, NextStep } from './next-step.ts';
import { runTool } from './turn-tools.ts';
import type { ToolTurn, TurnToolRun } from './turn-tools.ts';
import type { TraceRequest, TraceTool } from './turn-trace.ts';

/** Questions to the model in one turn. A booking takes three: look for hours, book, say so. */
export const STEPS_MAX = 5;
/** Calls of tools in one turn. */
const TOOL_CALLS_MAX = 8;
/** The longest wait for the model's first part. A server under load answers within half a second (H100 at 64 streams: 465 ms, p99). */
export const FIRST_PART_MS = 1_000;
/** The same for the repair: the words that cover it take 1.2 s, so that silence stays under 2 s. */
const REPAIR_FIRST_PART_MS = 1_500;
/** The longest wait between parts: what was said before is being spoken meanwhile, and a repair must still fit in. */
const NEXT_PART_MS = 1_200;

/** What a turn is made with. */
export type ModelTurnParts = {
  readonly languageModel: LanguageModel;
  readonly responder: Extract<Responder, { kind: 'language_model' }>;
  readonly messages: readonly ModelMessage[];
  /** Makes messages fit into the model's context again. */
  readonly fit: (messages: readonly ModelMessage[]) => readonly ModelMessage[];
  readonly texts: ModelTexts;
  /** Its tools; null where the agent has none. */
  readonly toolTurn: ToolTurn | null;
  readonly clock: ToolTurn['clock'];
  readonly signal: AbortSignal;
  /** Said when the model lets the caller wait; null where silence is nothing, as in a chat. */
  readonly filler: string | null;
  /** What the flow makes of a tool's outcome: where the conversation goes from here, and what the model is told about it. */
  readonly onOutcome: (ran: TurnToolRun, call: ModelToolCall) => FlowEcho;
};

/** The conversation after the flow heard of an outcome. */
export type FlowEcho = {
  readonly state: ConversationState;
  readonly advice: string;
  readonly nextStep: NextStep | null;
  readonly notes: readonly DialogNote[];
};

/** What the turn came to. `failure` is null when the model answered; then its words were the reply. */
export type ModelTurnEnd = {
  readonly state: ConversationState;
  readonly nextStep: NextStep;
  readonly notes: readonly DialogNote[];
  readonly failure: Error | null;
  /** What was said of the model's own words. */
  readonly said: string;
};

/** A model's turn under way; plain data besides, so that whoever cuts it off knows how far it came. */
export class ModelTurn {
  readonly requests: TraceRequest[] = [];
  readonly tools: TraceTool[] = [];
  readonly notes: DialogNote[] = [];
  readonly #parts: ModelTurnParts;
  readonly #messages: ModelMessage[];
  #state: ConversationState;
  #nextStep: NextStep | null = null;
  #repairs = 0;
  #said = '';
  /** Whether the caller was asked for a yes: then it is their turn. */
  #hasAsked = false;

  constructor(parts: ModelTurnParts, state: ConversationState) {
    this.#parts = parts;
    this.#messages = [...parts.messages];
    this.#state = state;
  }

  /** The conversation as far as it came. */
  get state(): ConversationState {
    return this.#state;
  }

  /** The words, as they come. Throws nothing: a failure is in what it returns. */
  async *words(): AsyncGenerator<string, ModelTurnEnd, undefined> {
    const agreed = agreedCall(this.#state);
    if (agreed !== null) {
      const failure = yield* this.#runAll({ text: '', calls: [agreed] });
      if (failure !== null || this.#isOver()) return this.#end(failure);
    }
    for (let step = 0; step < STEPS_MAX; step++) {
      const answer = yield* this.#answer();
      if (this.#parts.signal.aborted) return this.#end(null);
      if (answer.error !== null) return this.#end(answer.error);
      if (answer.calls.length === 0) return this.#end(null);
      const failure = yield* this.#runAll(answer);
      if (failure !== null || this.#isOver()) return this.#end(failure);
    }
    return this.#end(gaveUp(`the model called tools ${STEPS_MAX} times without an answer`));
  }

  /** One answer, repaired once in the whole turn. */
  async *#answer(): AsyncGenerator<string, Answer, undefined> {
    const first = yield* this.#ask(this.#messages, FIRST_PART_MS);
    if (first.error === null || this.#parts.signal.aborted || this.#repairs > 0 || !isRepairable(first)) return first;
    this.#repairs += 1;
    const { texts, filler } = this.#parts;
    const isSilent = this.#said.trim() === '';
    if (isSilent && filler !== null) yield `${filler} `;
    const said = first.text.trim();
    const repair: readonly ModelMessage[] =
      said === ''
        ? [{ role: 'user', text: texts.answerPlainly }]
        : [
            { role: 'assistant', text: said },
            { role: 'user', text: texts.goOnAfter(said) },
          ];
    // A model that was only late is asked the same again; telling it that its answer was bad would be answered, too.
    const messages = said === '' && first.error instanceof InferenceError ? this.#messages : withTurns(this.#messages, repair);
    return yield* withoutRepeat(said, this.#ask(messages, REPAIR_FIRST_PART_MS));
  }

  async *#ask(messages: readonly ModelMessage[], firstPartMs: number): AsyncGenerator<string, Answer, undefined> {
    const { languageModel, responder, clock, signal, toolTurn, fit } = this.#parts;
    // Once it is known how the conversation goes on, only words are left to say.
    const tools = toolTurn === null || this.#nextStep !== null ? [] : toolTurn.tools.set.definitions();
    const request = {
      messages: fit(messages),
      maxOutputTokens: responder.maxOutputTokens,
      temperature: this.#repairs === 0 ? responder.temperature : 0,
      ...(tools.length === 0 ? {} : { tools }),
    };
    const words = askModel({ languageModel, request, clock, signal, firstPartMs, nextPartMs: NEXT_PART_MS });
    for (;;) {
      const { done, value } = await words.next();
      if (done === true) {
        this.requests.push(value.trace);
        return value;
      }
      this.#said += value;
      yield value;
    }
  }

  /** Runs what the model called. Returns why the turn cannot go on; null when it can. */
  async *#runAll(answer: Pick<Answer, 'text' | 'calls'>): AsyncGenerator<string, Error | null, undefined> {
    const { toolTurn, onOutcome, signal } = this.#parts;
    if (toolTurn === null) return gaveUp('the model called a tool that it was not offered');
    if (this.#said !== '' && !/\s$/.test(this.#said)) yield ' ';
    this.#messages.push({ role: 'assistant', text: answer.text.trim(), toolCalls: answer.calls });
    let isBad = false;
    for (const call of answer.calls) {
      if (this.tools.length >= TOOL_CALLS_MAX) return gaveUp(`the model called more than ${TOOL_CALLS_MAX} tools`);
      const ran = yield* runTool(toolTurn, call, this.#state);
      if (ran === null || signal.aborted) return null;
      const echo = onOutcome(ran, call);
      this.tools.push(ran.trace);
      this.notes.push(...ran.notes, ...echo.notes);
      this.#state = echo.state;
      this.#nextStep = ran.run.nextStep ?? echo.nextStep ?? this.#nextStep;
      isBad ||= ran.run.verdict === 'invalid_arguments' || ran.run.verdict === 'unknown_tool';
      const text = echo.advice === '' ? ran.run.text : `${ran.run.text}\n${echo.advice}`;
      this.#messages.push({ role: 'tool', callId: call.id, name: call.name, text });
      const { question } = ran.run;
      if (question === null) continue;
      // Whatever the model would say now, the caller is asked exactly this.
      this.#hasAsked = true;
      this.#said += question;
      yield question;
      return null;
    }
    if (!isBad) return null;
    this.#repairs += 1;
    return this.#repairs > 1 ? gaveUp('the model called tools wrongly again after it was told') : null;
  }

  #isOver(): boolean {
    return this.#hasAsked || this.#parts.signal.aborted;
  }

  #end(failure: Error | null): ModelTurnEnd {
    return { state: this.#state, nextStep: this.#nextStep ?? { kind: 'listen' }, notes: this.notes, failure, said: this.#said };
  }
}

/** The call that was read out to the caller and that they have just said yes to. */
function agreedCall({ tools }: ConversationState): ModelToolCall | null {
  const pending = tools?.pending;
  return pending?.readOut !== undefined && pending.answer === 'yes' ? pending.call : null;
}

/** A model that stalled, broke off or wrote nonsense may do better; one that refused the request, or rests, will not. */
function isRepairable({ error, text }: Answer): boolean {
  return !(error instanceof InferenceError) || error.isRetryable || text.trim() !== '';
}

/** The conversation with more turns, never two of one role in a row. */
function withTurns(messages: readonly ModelMessage[], turns: readonly ModelMessage[]): readonly ModelMessage[] {
  const out = [...messages];
  for (const turn of turns) {
    const last = out.at(-1);
    if (turn.role === 'user' && last?.role === 'user') out[out.length - 1] = { role: 'user', text: `${last.text}\n${turn.text}` };
    else out.push(turn);
  }
  return out;
}

/** Leaves out what was said before the break, when a model says it again in spite of being told. */
async function* withoutRepeat<End>(said: string, words: AsyncGenerator<string, End>): AsyncGenerator<string, End, undefined> {
  let [held, isClear] = ['', said === ''];
  for (;;) {
    const { done, value } = await words.next();
    if (done === true) {
      if (!isClear && held !== '') yield held;
      return value;
    }
    held += value;
    if (!isClear) {
      const start = held.trimStart();
      if (said.startsWith(start.trimEnd()) && start.length < said.length) continue;
      held = start.startsWith(said) ? start.slice(said.length).trimStart() : held;
      isClear = true;
    }
    if (held !== '') yield held;
    held = '';
  }
}

function gaveUp(message: string): InferenceError {
  return new InferenceError({ role: 'language_model', message, isRetryable: false });
}
