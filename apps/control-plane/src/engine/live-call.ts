// One live call, from ring to hang-up: ALL of its control flow, and nothing else. Sound, words and rules live in their own files.
import type { TransferStep } from '#dialog/next-step.ts';
import type { LegEvent } from '#ports/call-control.ts';
import type { CallOutcome } from '#ports/call-event.ts';
import type { VoiceActivityStream, VoiceProbability } from '#ports/voice-activity.ts';
import { canReopen, isHearing, isSettled, keyTurn, nextStepOf, noteHeard, waitOf } from './call-phase.ts';
import { setUpEnd } from './call-parts.ts';
import type { LiveCallParts } from './call-parts.ts';
import type { AgentTurn, Phase } from './call-phase.ts';
import { CallSound } from './call-sound.ts';
import { transferCall } from './call-transfer.ts';
import { openFailureHandling } from './failure-handling.ts';
import { guarded } from './guarded.ts';
import { startGuess } from './guess.ts';
import type { Guess, GuessOutcome } from './guess.ts';
import { KeyPad } from './key-pad.ts';
import { endOfLeg, endOfTransfer, TAKEN_OVER } from './leg-end.ts';
import type { CallEnd } from './leg-end.ts';
import { GOODBYE_TAIL_MS, QUIET_KEPT_MS, SETUP_TIMEOUT_MS } from './limits.ts';
import { LineLoudness } from './line-loudness.ts';
import { canInterrupt, goneOnWith, needsSound } from './phase-sound.ts';
import { fixedSound } from './playable.ts';
import type { Playout, PlayoutEvent } from './playout.ts';
import type { ResumedCall } from './resumed-call.ts';
import { judgeSpeech } from './speech-verdict.ts';
import { initialDetectorState, stepDetector } from './turn-detector.ts';
import type { DetectorEvent, DetectorInput, DetectorState } from './turn-detector.ts';
import { TurnLedger } from './turn-ledger.ts';
import type { CutTurn } from './turn-ledger.ts';
import { openTurnMaking } from './turn-making.ts';
import type { TurnMaking } from './turn-making.ts';
import { UtteranceBuffer } from './utterance-buffer.ts';

/** A call in progress. `run` settles when everything built for it is gone. */
export class LiveCall {
  readonly #parts: LiveCallParts;
  readonly #aborter = new AbortController();
  readonly #over = Promise.withResolvers<{ outcome: CallOutcome; reason: string }>();
  readonly #utterances = new UtteranceBuffer();
  readonly #loudness = new LineLoudness();
  readonly #keyPad = new KeyPad();
  readonly #ledger: TurnLedger;
  readonly #failures: ReturnType<typeof openFailureHandling>;
  readonly #making: TurnMaking;
  #phase: Phase = { kind: 'setting_up' };
  #detector: DetectorState = initialDetectorState;
  #guess: Guess | null = null;
  #silences = 0;
  #answeredAtMs: number | null = null;
  readonly #sound: CallSound;
  #voice: VoiceActivityStream | null = null;
  /** Sound that came before is kept until voice activity had time to look at it. */
  #keepsSoundUntilMs = 0;

  constructor(parts: LiveCallParts) {
    this.#parts = parts;
    this.#ledger = new TurnLedger(parts);
    this.#failures = openFailureHandling(parts, {
      // Its echo must not count as the caller's speech, as little as that of a reply.
      fill: (pcm) => (this.#playout?.interject(pcm), this.#detect({ kind: 'agent_started', atMs: parts.clock.nowMs() })),
      giveUp: (error) => this.#fail(error),
      apologise: (pcm) => this.#playout?.play(fixedSound(pcm)),
      handOver: (step) => void this.#transfer(step).catch(this.#onBug),
      close: () => this.#close('failed', 'a model failed'),
    });
    const onTryFailed = (error: unknown): void => this.#failures.tryFailed(error);
    this.#making = openTurnMaking(parts, { ledger: this.#ledger, signal: this.#aborter.signal, onTryFailed });
    this.#sound = new CallSound(parts, {
      frame: (pcm, atMs) => (this.#utterances.push(pcm, atMs), this.#loudness.push(pcm, atMs), this.#voice?.push(pcm, atMs)),
      playout: (event) => this.#onPlayout(event),
      mayRepair: () => needsSound(this.#phase),
      repaired: (heardSamples) => this.#phase.kind === 'replying' && this.#playout?.play(...goneOnWith(this.#phase.turn, heardSamples)),
      lost: () => this.#phase.kind !== 'ended' && this.#lineDead({ outcome: 'failed', reason: 'media_lost' }),
      bug: this.#onBug,
    });
  }

  get #playout(): Playout | null {
    return this.#sound.playout;
  }

  async run(): Promise<void> {
    const { leg, record, resumed = null } = this.#parts;
    const listen = (): void => leg.listen(guarded((event) => this.#onLeg(event), this.#onBug));
    if (resumed === null) listen();
    await this.#setUp().catch((error: unknown) => this.end(...setUpEnd(error, this.#parts.log)));
    // What was pressed while a call was found again waited for somebody who can do something with it.
    if (resumed !== null) listen();
    const { outcome, reason } = await this.#over.promise;
    await this.#tearDown(reason).finally(() => record.ended(outcome, reason));
  }

  /** Ends the call from outside, e.g. at shutdown. */
  end(outcome: CallOutcome, reason: string): void {
    this.#over.resolve({ outcome, reason });
    if (this.#phase.kind === 'setting_up') this.#aborter.abort();
  }

  /** One call's bug ends that call: thrown into a socket's callback it would end the process and all calls with it. */
  readonly #onBug = (error: unknown): void => {
    this.#parts.log.error({ err: error }, 'a call broke');
    this.end('failed', 'internal_error');
  };

  /** Called every few milliseconds by the engine's ticker. */
  tick(atMs: number): void {
    if (this.#playout === null || this.#phase.kind === 'ended') return;
    this.#playout.tick(atMs);
    this.#failures.tick(waitOf(this.#phase, this.#playout.starvedSinceMs), atMs);
    if (this.#detector.voice.kind !== 'quiet') this.#detect({ kind: 'time', atMs });
    const { conversation } = this.#parts.route.agent;
    if (this.#answeredAtMs !== null && atMs - this.#answeredAtMs >= conversation.maxCallMs)
      this.end('max_duration', `longer than ${conversation.maxCallMs} ms`);
    if (this.#detector.voice.kind !== 'quiet') return;
    if (isSettled(this.#phase) && atMs >= this.#keepsSoundUntilMs) this.#utterances.trimBefore(atMs - QUIET_KEPT_MS);
    if (this.#phase.kind !== 'listening') return;
    const keyed = this.#keyPad.due(atMs);
    const keys = keyed && { callerTurn: keyTurn(keyed, atMs), committedAtMs: atMs };
    if (keys !== null) return this.#takeFloor(this.#making.turn({ kind: 'dtmf', digits: keys.callerTurn.text }, keys));
    if (atMs - this.#phase.sinceMs >= conversation.noInputMs) this.#onSilence();
  }

  async #setUp(): Promise<void> {
    const { leg, clock, voiceActivity, record, resumed = null } = this.#parts;
    const signal = AbortSignal.any([this.#aborter.signal, AbortSignal.timeout(SETUP_TIMEOUT_MS)]);
    // The greeting is made while the telephone system builds the sound: its first frame waits for nothing.
    const greeting = resumed?.state ? null : this.#making.reply({ kind: 'call_opened' });
    const onVoice = (heard: VoiceProbability): void =>
      this.#detect({ kind: 'voice', ...heard, standsOut: this.#loudness.stoodOut(heard.atMs) });
    this.#voice = voiceActivity.openStream(guarded(onVoice, this.#onBug));
    await this.#sound.open(signal);
    if (resumed?.isAnswered !== true) {
      await leg.answer({ signal });
      record.answered(clock.nowMs() - leg.arrivedAtMs);
    }
    const atMs = clock.nowMs();
    this.#answeredAtMs = atMs - (resumed?.answeredForMs ?? 0);
    if (greeting !== null) this.#takeFloor(this.#making.turnOf(greeting, { callerTurn: null, committedAtMs: atMs }));
    else if (resumed !== null) this.#goOn(resumed, atMs);
  }

  /** On from where the process that died left the conversation. */
  #goOn({ nextStep, words }: ResumedCall, atMs: number): void {
    this.#phase = { kind: 'listening', sinceMs: atMs };
    this.#keepsSoundUntilMs = atMs + QUIET_KEPT_MS;
    if (nextStep.kind === 'transfer') return void this.#transfer(nextStep).catch(this.#onBug);
    if (nextStep.kind === 'end_call') return this.#close('completed', 'the agent said goodbye');
    if (words !== null) this.#playout?.play(fixedSound(words));
  }

  async #tearDown(reason: string): Promise<void> {
    if (reason !== TAKEN_OVER) this.#writeUnfinished();
    this.#phase = { kind: 'ended' };
    this.#aborter.abort();
    this.#voice?.close();
    await this.#parts.leg.hangUp();
    await this.#sound[Symbol.asyncDispose]();
  }

  /** What was being said when the line went dead belongs to the journal too. */
  #writeUnfinished(heardSamples = this.#playout?.stop() ?? 0): void {
    if (this.#phase.kind === 'replying') this.#ledger.writeUnfinished(this.#phase.turn, heardSamples);
    else this.#ledger.settleCut();
  }

  // ---- what arrives -------------------------------------------------------

  #onLeg(event: LegEvent): void {
    if (event.kind === 'dtmf') return this.#onDigit(event.digit, event.atMs);
    this.#lineDead(endOfLeg(event));
  }

  /**
   * Nobody is there any more, or our sound is not. Once the last words are said the end of the call is known already; of a transfer only the
   * leg knows whether the two people talked, and it says so now.
   */
  #lineDead(end: CallEnd): void {
    if (this.#phase.kind === 'transferring') this.#phase.lineDead ??= end;
    else if (this.#phase.kind === 'closing') this.end(this.#phase.outcome, this.#phase.reason);
    else this.end(end.outcome, end.reason);
  }

  #onDigit(digit: string, atMs: number): void {
    const { kind } = this.#phase;
    if (kind === 'setting_up' || kind === 'closing' || kind === 'transferring' || kind === 'ended') return;
    this.#parts.record.note('dtmf', { digit });
    this.#dropGuess();
    if (this.#phase.kind === 'replying') this.#cutReply(this.#phase.turn, atMs);
    this.#ledger.settleCut();
    this.#detect({ kind: 'agent_stopped', atMs });
    this.#detect({ kind: 'reset', atMs });
    this.#silences = 0;
    this.#phase = { kind: 'listening', sinceMs: atMs };
    this.#keyPad.press(digit, atMs, (digits) => this.#parts.dialog.isCodeOpen(this.#ledger.state, digits));
  }

  #onSilence(): void {
    const { conversation } = this.#parts.route.agent;
    this.#silences += 1;
    this.#parts.record.note('no_input', { count: this.#silences });
    this.#ledger.settleCut();
    const isLast = this.#silences > conversation.noInputPrompts;
    const now = { callerTurn: null, committedAtMs: this.#parts.clock.nowMs() };
    this.#takeFloor(this.#making.turn({ kind: 'no_input', count: this.#silences, isLast }, now));
  }

  // ---- turn taking ----------------------------------------------------------

  #detect(input: DetectorInput): void {
    const isSound = input.kind === 'voice' || input.kind === 'time';
    if (isSound && !isHearing(this.#phase, this.#detector.agentSinceMs !== null)) return;
    const { conversation } = this.#parts.route.agent;
    const step = stepDetector(this.#detector, input, { ...conversation, bargeIn: conversation.bargeIn && canInterrupt(this.#phase) });
    this.#detector = step.state;
    for (const event of step.events) this.#onTurn(event);
  }

  #onTurn(event: DetectorEvent): void {
    const { record } = this.#parts;
    switch (event.kind) {
      case 'speech_started':
        return this.#onSpeech(event.startedAtMs);
      case 'barge_in':
        if (this.#phase.kind === 'thinking') return this.#onSpeech(event.startedAtMs);
        if (this.#phase.kind !== 'replying') return;
        record.note('barge_in', { afterMs: this.#phase.turn.startedAtMs === null ? null : event.atMs - this.#phase.turn.startedAtMs });
        this.#utterances.trimBefore(event.startedAtMs);
        return this.#cutReply(this.#phase.turn, event.atMs);
      case 'backchannel':
        return record.note('backchannel', { voicedMs: event.voicedMs });
      case 'candidate': {
        const pcm = this.#utterances.cut(event.startedAtMs, event.endedAtMs);
        this.#guess?.abort();
        this.#guess = startGuess(this.#making.guessParts, { ...event, pcm, from: this.#ledger.state });
        return;
      }
      case 'candidate_discarded':
        record.note('candidate_discarded');
        return this.#dropGuess();
      case 'turn_ended':
        return this.#commit(event.atMs);
    }
  }

  /** The caller speaks again before the reply was heard: the turn was not over. Its beginning is kept, the reply is thrown away. */
  #onSpeech(startedAtMs: number): void {
    this.#keyPad.forget();
    const from = this.#reopen();
    if (from === null) return this.#utterances.trimBefore(startedAtMs);
    this.#parts.record.note('candidate_discarded');
    this.#phase = { kind: 'listening', sinceMs: startedAtMs };
    const { voice } = this.#detector;
    if (voice.kind === 'speaking') this.#detector = { ...this.#detector, voice: { ...voice, startedAtMs: from } };
  }

  /** Takes back a committed turn whose reply was not heard yet. Returns when its speech began, or null when there is none. */
  #reopen(): number | null {
    const phase = this.#phase;
    if (phase.kind === 'thinking') {
      phase.guess.abort();
      this.#playout?.stop();
      return phase.guess.startedAtMs;
    }
    if (phase.kind !== 'replying' || !canReopen(phase.turn)) return null;
    phase.turn.reply.abort();
    this.#playout?.stop();
    return phase.turn.callerTurn?.startedAtMs ?? null;
  }

  #commit(committedAtMs: number): void {
    const guess = this.#guess;
    if (guess === null) return;
    this.#guess = null;
    this.#phase = { kind: 'thinking', guess, committedAtMs };
    const isCurrent = (): boolean => this.#phase.kind === 'thinking' && this.#phase.guess === guess;
    guess.ready.then(
      guarded((outcome) => void (isCurrent() && this.#adopt(guess, outcome, committedAtMs)), this.#onBug),
      guarded((error: unknown) => void (isCurrent() && this.#fail(error)), this.#onBug),
    );
  }

  #adopt(guess: Guess, outcome: GuessOutcome, committedAtMs: number): void {
    const { language } = this.#parts.route.agent;
    const verdict = judgeSpeech({ guess, outcome, cut: this.#ledger.cut, language, heard: this.#utterances, committedAtMs });
    if (verdict.kind !== 'turn') outcome.reply.abort();
    switch (verdict.kind) {
      case 'no_interruption':
        this.#parts.record.note(verdict.why, { speechMs: verdict.speechMs });
        return this.#resume(verdict.cut);
      case 'noise':
        this.#detect({ kind: 'agent_stopped', atMs: committedAtMs });
        this.#phase = { kind: 'listening', sinceMs: committedAtMs };
        return;
      case 'turn':
        this.#ledger.settleCut();
        this.#silences = 0;
        return this.#takeFloor(this.#making.turnOf(outcome.reply, { callerTurn: verdict.callerTurn, committedAtMs }));
    }
  }

  // ---- the agent's turn -------------------------------------------------------

  #takeFloor(turn: AgentTurn): void {
    this.#phase = { kind: 'replying', turn };
    this.#keyPad.forget();
    turn.reply.release();
    this.#playout?.play(turn.reply);
  }

  #resume(cut: CutTurn): void {
    this.#ledger.takeBack();
    this.#phase = { kind: 'replying', turn: cut.turn };
    this.#playout?.play(cut.turn.reply, cut.heardSamples);
  }

  #onPlayout(event: PlayoutEvent): void {
    if (event.kind === 'reply_heard') return noteHeard(this.#phase, event);
    if (event.kind === 'queue_shed' || event.kind === 'underrun')
      return this.#parts.record.note(event.kind, 'frames' in event ? { frames: event.frames } : {});
    if (this.#phase.kind === 'closing') {
      if (event.kind === 'reply_started') this.#parts.record.note('apology_played');
      return event.kind === 'reply_finished' ? this.#failures.apologyOver() : undefined;
    }
    if (this.#phase.kind !== 'replying' || this.#phase.turn.reply !== event.reply) return;
    const { turn } = this.#phase;
    if (event.kind === 'reply_started') {
      this.#detect({ kind: 'agent_started', atMs: event.atMs });
      this.#dropGuess();
      if (turn.startedAtMs !== null) return;
      turn.startedAtMs = event.atMs;
      return this.#ledger.writeCaller(turn);
    }
    if (turn.reply.state.kind === 'failed') return this.#fail(turn.reply.state.error, Number.POSITIVE_INFINITY);
    this.#finishTurn(turn, event.atMs);
  }

  #finishTurn(turn: AgentTurn, atMs: number): void {
    this.#detect({ kind: 'agent_stopped', atMs });
    if (turn.startedAtMs === null) this.#ledger.writeCaller(turn);
    this.#ledger.writeAgent(turn, { heardSamples: Number.POSITIVE_INFINITY, interrupted: false });
    const step = nextStepOf(turn);
    switch (step.kind) {
      case 'listen':
        this.#phase = { kind: 'listening', sinceMs: atMs };
        return;
      case 'transfer':
        this.#transfer(step).catch(this.#onBug);
        return;
      case 'end_call':
        return this.#close(this.#silences > 0 ? 'no_input' : 'completed', 'the agent said goodbye');
    }
  }

  #cutReply(turn: AgentTurn, atMs: number): void {
    this.#ledger.cutOff(turn, this.#playout?.stop() ?? 0);
    this.#phase = { kind: 'listening', sinceMs: atMs };
  }

  async #transfer(step: TransferStep): Promise<void> {
    const { record, clock } = this.#parts;
    const phase: Phase = { kind: 'transferring', lineDead: null };
    this.#phase = phase;
    this.#detect({ kind: 'reset', atMs: clock.nowMs() });
    const outcome = await transferCall(this.#parts, step, this.#aborter.signal);
    if (this.#phase !== phase) return;
    record.note('transfer_ended', { outcome: outcome.kind });
    const end = endOfTransfer(outcome, phase.lineDead);
    if (end !== null) return this.end(end.outcome, end.reason);
    if (this.#failures.handOverFailed()) return;
    this.#takeFloor(this.#making.turn({ kind: 'transfer_failed' }, { callerTurn: null, committedAtMs: clock.nowMs() }));
  }

  // ---- ends ---------------------------------------------------------------

  /** A model failed beyond its retries: what was under way ends here, the failure policy goes on. */
  #fail(error: unknown, heardSamples?: number): void {
    this.#writeUnfinished(heardSamples);
    this.#dropGuess();
    this.#playout?.stop();
    this.#phase = { kind: 'closing', outcome: 'failed', reason: 'a model failed' };
    this.#failures.gaveUp(error);
  }

  #close(outcome: CallOutcome, reason: string): void {
    this.#phase = { kind: 'closing', outcome, reason };
    setTimeout(() => this.end(outcome, reason), GOODBYE_TAIL_MS);
  }

  #dropGuess(): void {
    this.#guess?.abort();
    this.#guess = null;
    if (this.#phase.kind === 'thinking') this.#phase.guess.abort();
  }
}
