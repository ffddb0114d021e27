// One live call, from ring to hang-up: ALL of its control flow, and nothing else. Sound, words and rules live in their own files.
import type { DialogInput, PreparedTurn, PrepareOptions } from '#dialog/dialog.ts';
import type { TransferStep } from '#dialog/next-step.ts';
import type { AudioTransport, AudioTransportEvent } from '#ports/audio-transport.ts';
import { LegGoneError } from '#ports/call-control.ts';
import type { LegEvent } from '#ports/call-control.ts';
import type { CallOutcome } from '#ports/call-event.ts';
import type { VoiceActivityStream } from '#ports/voice-activity.ts';
import { newId } from '#shared/id.ts';
import { canReopen, isHearing, isSettled, keyTurn, nextStepOf } from './call-phase.ts';
import type { LiveCallParts } from './call-parts.ts';
import type { AgentTurn, CallerTurn, Phase } from './call-phase.ts';
import { transferCall } from './call-transfer.ts';
import { guarded } from './guarded.ts';
import { startGuess } from './guess.ts';
import type { Guess, GuessOutcome, GuessParts } from './guess.ts';
import { KeyPad } from './key-pad.ts';
import type { KeyedAnswer } from './key-pad.ts';
import { GOODBYE_TAIL_MS, QUIET_KEPT_MS, SETUP_TIMEOUT_MS } from './limits.ts';
import { fixedSound } from './playable.ts';
import { Playout } from './playout.ts';
import type { PlayoutEvent } from './playout.ts';
import { prepareTurn } from './prepared-turn.ts';
import { Reply } from './reply.ts';
import { judgeSpeech } from './speech-verdict.ts';
import { initialDetectorState, stepDetector } from './turn-detector.ts';
import type { DetectorEvent, DetectorInput, DetectorState } from './turn-detector.ts';
import { TurnLedger } from './turn-ledger.ts';
import type { CutTurn } from './turn-ledger.ts';
import { UtteranceBuffer } from './utterance-buffer.ts';

/** A call in progress. `run` settles when everything built for it is gone. */
export class LiveCall {
  readonly #parts: LiveCallParts;
  readonly #aborter = new AbortController();
  readonly #over = Promise.withResolvers<{ outcome: CallOutcome; reason: string }>();
  readonly #utterances = new UtteranceBuffer();
  readonly #keyPad = new KeyPad();
  readonly #ledger: TurnLedger;
  #phase: Phase = { kind: 'setting_up' };
  #detector: DetectorState = initialDetectorState;
  #guess: Guess | null = null;
  #silences = 0;
  #answeredAtMs: number | null = null;
  #transport: AudioTransport | null = null;
  #playout: Playout | null = null;
  #voice: VoiceActivityStream | null = null;

  constructor(parts: LiveCallParts) {
    this.#parts = parts;
    this.#ledger = new TurnLedger(parts);
  }

  // ---- life -------------------------------------------------------------

  async run(): Promise<void> {
    const { leg, record } = this.#parts;
    leg.listen(guarded((event) => this.#onLeg(event), this.#onBug));
    await this.#setUp().catch((error: unknown) => this.#endSetUp(error));
    const end = await this.#over.promise;
    await this.#tearDown().finally(() => record.ended(end.outcome, end.reason));
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
    if (this.#detector.voice.kind !== 'quiet') this.#detect({ kind: 'time', atMs });
    const { conversation } = this.#parts.route.agent;
    if (this.#answeredAtMs !== null && atMs - this.#answeredAtMs >= conversation.maxCallMs)
      this.end('max_duration', `longer than ${conversation.maxCallMs} ms`);
    if (this.#detector.voice.kind !== 'quiet') return;
    if (isSettled(this.#phase)) this.#utterances.trimBefore(atMs - QUIET_KEPT_MS);
    if (this.#phase.kind !== 'listening') return;
    const keyed = this.#keyPad.due(atMs);
    if (keyed !== null) return this.#onKeys(keyed, atMs);
    if (atMs - this.#phase.sinceMs >= conversation.noInputMs) this.#onSilence();
  }

  async #setUp(): Promise<void> {
    const { leg, clock, voiceActivity, record } = this.#parts;
    const signal = AbortSignal.any([this.#aborter.signal, AbortSignal.timeout(SETUP_TIMEOUT_MS)]);
    // The greeting is made while the telephone system builds the sound: its first frame waits for nothing.
    const greeting = this.#newReply({ kind: 'call_opened' });
    const onAudio = guarded((event: AudioTransportEvent) => this.#onAudio(event), this.#onBug);
    this.#transport = await leg.openMedia(onAudio, { signal });
    const listener = guarded((event: PlayoutEvent) => this.#onPlayout(event), this.#onBug);
    this.#playout = new Playout({ transport: this.#transport, listener, clock });
    await leg.answer({ signal });
    this.#answeredAtMs = clock.nowMs();
    record.answered(this.#answeredAtMs - leg.arrivedAtMs);
    this.#voice = voiceActivity.openStream(guarded((heard) => this.#detect({ kind: 'voice', ...heard }), this.#onBug));
    this.#takeFloor(this.#turnOf(greeting, null, this.#answeredAtMs));
  }

  #endSetUp(error: unknown): void {
    this.#parts.log.info({ err: error }, 'call set-up ended');
    // An end that came first, such as a hang-up, stays the reason.
    if (error instanceof LegGoneError) return this.end('caller_hung_up', 'hung up during set-up');
    this.end('failed', 'set_up_failed');
  }

  async #tearDown(): Promise<void> {
    this.#writeUnfinished();
    this.#phase = { kind: 'ended' };
    this.#aborter.abort();
    this.#voice?.close();
    await this.#parts.leg.hangUp();
    await this.#transport?.[Symbol.asyncDispose]();
  }

  /** What was being said when the line went dead belongs to the journal too. */
  #writeUnfinished(heardSamples = this.#playout?.stop() ?? 0): void {
    if (this.#phase.kind === 'replying') this.#ledger.writeUnfinished(this.#phase.turn, heardSamples);
    else this.#ledger.settleCut();
  }

  // ---- what arrives -------------------------------------------------------

  #onLeg(event: LegEvent): void {
    if (event.kind === 'dtmf') return this.#onDigit(event.digit, event.atMs);
    this.#lineDead(event.by === 'caller' ? 'caller_hung_up' : 'failed', `hung up by ${event.by}: ${event.cause}`);
  }

  /**
   * Nobody is there any more, or our sound is not. Once the last words are said the end of the call is known already; of a transfer only the
   * leg knows whether the two people talked, and it says so now.
   */
  #lineDead(outcome: CallOutcome, reason: string): void {
    if (this.#phase.kind === 'transferring') this.#phase.lineDead ??= { outcome, reason };
    else if (this.#phase.kind === 'closing') this.end(this.#phase.outcome, this.#phase.reason);
    else this.end(outcome, reason);
  }

  #onAudio(event: AudioTransportEvent): void {
    switch (event.kind) {
      case 'frame':
        this.#utterances.push(event.pcm, event.atMs);
        return this.#voice?.push(event.pcm, event.atMs);
      case 'mark_heard':
        return this.#playout?.markHeard(event.markId, event.atMs);
      case 'queue_length':
        return this.#playout?.queueLength(event.frames, event.atMs);
      case 'closed':
        if (event.reason !== 'lost' || this.#phase.kind === 'ended') return;
        this.#parts.record.note('media_lost');
        return this.#lineDead('failed', 'media_lost');
    }
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

  #onKeys(keyed: KeyedAnswer, atMs: number): void {
    this.#takeFloor(this.#turnOf(this.#newReply({ kind: 'dtmf', digits: keyed.digits }), keyTurn(keyed, atMs), atMs));
  }

  #onSilence(): void {
    const { conversation } = this.#parts.route.agent;
    this.#silences += 1;
    this.#parts.record.note('no_input', { count: this.#silences });
    this.#ledger.settleCut();
    const isLast = this.#silences > conversation.noInputPrompts;
    this.#takeFloor(this.#turnOf(this.#newReply({ kind: 'no_input', count: this.#silences, isLast }), null, this.#parts.clock.nowMs()));
  }

  // ---- turn taking ----------------------------------------------------------

  #detect(input: DetectorInput): void {
    const isSound = input.kind === 'voice' || input.kind === 'time';
    if (isSound && !isHearing(this.#phase, this.#detector.agentSinceMs !== null)) return;
    const { conversation } = this.#parts.route.agent;
    const canInterrupt = this.#phase.kind !== 'replying' || nextStepOf(this.#phase.turn).kind === 'listen';
    const step = stepDetector(this.#detector, input, { ...conversation, bargeIn: conversation.bargeIn && canInterrupt });
    this.#detector = step.state;
    for (const event of step.events) this.#onTurn(event);
  }

  #onTurn(event: DetectorEvent): void {
    const { record } = this.#parts;
    switch (event.kind) {
      case 'speech_started':
        return this.#onSpeech(event.startedAtMs);
      case 'barge_in':
        if (this.#phase.kind !== 'replying') return;
        record.note('barge_in', { afterMs: this.#phase.turn.startedAtMs === null ? null : event.atMs - this.#phase.turn.startedAtMs });
        this.#utterances.trimBefore(event.startedAtMs);
        return this.#cutReply(this.#phase.turn, event.atMs);
      case 'backchannel':
        return record.note('backchannel', { voicedMs: event.voicedMs });
      case 'candidate':
        this.#guess?.abort();
        this.#guess = startGuess(this.#guessParts(), {
          ...event,
          pcm: this.#utterances.cut(event.startedAtMs, event.endedAtMs),
          from: this.#ledger.state,
        });
        return;
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
    const verdict = judgeSpeech({ guess, outcome, cut: this.#ledger.cut, language, committedAtMs });
    if (verdict.kind !== 'turn') outcome.reply.abort();
    switch (verdict.kind) {
      case 'no_interruption':
        this.#parts.record.note(verdict.why, { speechMs: verdict.speechMs });
        return this.#resume(verdict.cut);
      case 'noise':
        this.#phase = { kind: 'listening', sinceMs: committedAtMs };
        return;
      case 'turn':
        this.#ledger.settleCut();
        this.#silences = 0;
        return this.#takeFloor(this.#turnOf(outcome.reply, verdict.callerTurn, committedAtMs));
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
    if (event.kind === 'queue_shed') return this.#parts.record.note('queue_shed', { frames: event.frames });
    if (this.#phase.kind === 'closing') {
      if (event.kind === 'reply_started') return this.#parts.record.note('apology_played');
      return this.#close('failed', 'a model failed, the apology was played');
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
    if (outcome.kind === 'bridged') return this.end('transferred', 'talked to a representative');
    if (phase.lineDead !== null) return this.end(phase.lineDead.outcome, phase.lineDead.reason);
    if (outcome.kind === 'caller_gone') return this.end('caller_hung_up', 'hung up while a representative was rung');
    this.#takeFloor(this.#turnOf(this.#newReply({ kind: 'transfer_failed' }), null, clock.nowMs()));
  }

  // ---- ends ---------------------------------------------------------------

  /** A model failed beyond its retries: say so in a prepared voice and close, never silence. */
  #fail(error: unknown, heardSamples?: number): void {
    const { record, log, announcements, route } = this.#parts;
    log.warn({ err: error }, 'a model failed, the call is closed with an apology');
    record.note('model_failed', { error: error instanceof Error ? error.message : String(error) });
    this.#writeUnfinished(heardSamples);
    this.#dropGuess();
    const pcm = announcements.find('apology', route.agent.language);
    if (pcm === null) return this.#close('failed', 'a model failed and no apology is recorded');
    this.#phase = { kind: 'closing', outcome: 'failed', reason: 'a model failed' };
    this.#playout?.stop();
    this.#playout?.play(fixedSound(pcm));
  }

  #close(outcome: CallOutcome, reason: string): void {
    this.#phase = { kind: 'closing', outcome, reason };
    setTimeout(() => this.end(outcome, reason), GOODBYE_TAIL_MS);
  }

  // ---- small pieces -----------------------------------------------------------

  #newReply(input: DialogInput): Reply {
    const { state } = this.#ledger;
    const prepare = (options: Required<PrepareOptions>): PreparedTurn => prepareTurn(this.#parts.dialog, { state, input, ...options });
    return new Reply({ ...this.#guessParts(), replyId: newId('reply'), prepare });
  }

  #turnOf(reply: Reply, callerTurn: CallerTurn | null, committedAtMs: number): AgentTurn {
    return { reply, from: this.#ledger.state, callerTurn, committedAtMs, startedAtMs: null };
  }

  #guessParts(): GuessParts {
    return { ...this.#parts, agent: this.#parts.route.agent, signal: this.#aborter.signal };
  }

  #dropGuess(): void {
    this.#guess?.abort();
    this.#guess = null;
    if (this.#phase.kind === 'thinking') this.#phase.guess.abort();
  }
}
