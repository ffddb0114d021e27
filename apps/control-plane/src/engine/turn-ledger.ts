// Keeps the conversation true to what both sides heard, and writes each finished turn into the journal once.
import { FRAME_HZ } from '#audio/frame.ts';
import type { ConversationState, Dialog } from '#dialog/dialog.ts';
import { reportOf } from '#dialog/turn-report.ts';
import type { Clock } from '#shared/clock.ts';
import { latencyOf, nextStepOf, stateAfter } from './call-phase.ts';
import type { AgentTurn } from './call-phase.ts';
import type { CallRecord } from './call-record.ts';
import { heardText } from './heard-text.ts';
import type { ResumedCall } from './resumed-call.ts';

/** An interrupted agent's turn, kept until it is sure that the interruption was one. */
export type CutTurn = { readonly turn: AgentTurn; readonly heardSamples: number };

/** The conversation of one call and its turns. */
export class TurnLedger {
  readonly #dialog: Dialog;
  readonly #record: CallRecord;
  readonly #clock: Clock;
  #settled: ConversationState;
  #cut: CutTurn | null = null;

  /** A turn that is being answered: where it leads is kept as soon as it is known. */
  #underway: AgentTurn | null = null;

  constructor(parts: { dialog: Dialog; record: CallRecord; clock: Clock; resumed?: Pick<ResumedCall, 'state'> | null }) {
    this.#dialog = parts.dialog;
    this.#record = parts.record;
    this.#clock = parts.clock;
    this.#settled = parts.resumed?.state ?? parts.dialog.open();
  }

  /** The conversation as the caller knows it: an interrupted reply counts as far as it was heard. */
  get state(): ConversationState {
    if (this.#cut === null) return this.#settled;
    const { turn, heardSamples } = this.#cut;
    return this.#dialog.withHeard(stateAfter(turn), heardText(turn.reply.pieces, heardSamples));
  }

  /** The interrupted turn of which it is not yet sure that it is over. */
  get cut(): CutTurn | null {
    return this.#cut;
  }

  /**
   * The agent was interrupted after `heardSamples`; nothing is written before `settleCut` or `takeBack`. A reply that was not heard
   * at all cannot go on later: it ends here.
   */
  cutOff(turn: AgentTurn, heardSamples: number): void {
    if (turn.startedAtMs !== null) {
      this.#cut = { turn, heardSamples };
      return;
    }
    turn.reply.abort();
    this.#writeUnheard(turn);
  }

  /** The call ends in the middle of the agent's turn. */
  writeUnfinished(turn: AgentTurn, heardSamples: number): void {
    if (turn.startedAtMs === null) this.writeCaller(turn);
    else this.writeAgent(turn, { heardSamples, interrupted: true });
  }

  /** It was no interruption: the turn goes on. */
  takeBack(): void {
    this.#cut = null;
  }

  /** It was one: the turn ends with what was heard. */
  settleCut(): void {
    if (this.#cut === null) return;
    const { turn, heardSamples } = this.#cut;
    this.#cut = null;
    turn.reply.abort();
    this.writeAgent(turn, { heardSamples, interrupted: true });
  }

  /** Writes the caller's turn that `turn` answers. */
  writeCaller(turn: AgentTurn): void {
    if (turn.callerTurn === null) return;
    this.#record.turn({ role: 'caller', ...turn.callerTurn });
    this.#underway = turn;
    this.#keepStand(turn);
    // With a language model the last words, and with them the step, come while the first ones are heard.
    if (turn.reply.turnResult === null)
      turn.reply.result.then(
        () => this.#keepStand(turn),
        () => undefined,
      );
  }

  #keepStand(turn: AgentTurn): void {
    if (this.#underway === turn) this.#record.moved({ state: stateAfter(turn), trace: null, nextStep: nextStepOf(turn) });
  }

  /** Writes the agent's turn as far as it was heard and moves the conversation on. */
  writeAgent(turn: AgentTurn, heard: { heardSamples: number; interrupted: boolean }): void {
    const { reply, startedAtMs } = turn;
    const text = heardText(reply.pieces, heard.heardSamples);
    const made = reply.pieces.reduce((sum, piece) => sum + piece.samples, 0);
    const heardMs = (Math.min(heard.heardSamples, made) * 1_000) / FRAME_HZ;
    this.#settled = this.#dialog.withHeard(stateAfter(turn), text);
    this.#underway = null;
    this.#writeNotes(turn);
    const endedAtMs = this.#clock.nowMs();
    const latency = latencyOf(turn);
    const { turnResult: result } = reply;
    const trace = result === null ? null : reportOf({ from: turn.from, result, stagesMs: latency });
    this.#record.turn({
      role: 'agent',
      text,
      startedAtMs: startedAtMs ?? endedAtMs,
      endedAtMs,
      heardMs,
      interrupted: heard.interrupted,
      latency,
      conversation: { state: this.#settled, trace, ...(heard.interrupted ? {} : { nextStep: nextStepOf(turn) }) },
    });
  }

  /** The caller's turn stands, of the reply nothing was heard. */
  #writeUnheard(turn: AgentTurn): void {
    this.#settled = stateAfter(turn);
    if (turn.callerTurn !== null)
      this.#record.turn({ role: 'caller', ...turn.callerTurn, conversation: { state: this.#settled, trace: null } });
    this.#writeNotes(turn);
  }

  #writeNotes({ reply }: AgentTurn): void {
    for (const { name, fields } of reply.turnResult?.notes ?? []) this.#record.note(name, fields);
  }
}
