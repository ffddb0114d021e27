// What a live call is doing, as one tagged value.
import { silenceBefore } from '#audio/audible-sound.ts';
import { FRAME_HZ } from '#audio/frame.ts';
import type { ConversationState } from '#dialog/dialog.ts';
import type { NextStep } from '#dialog/next-step.ts';
import type { CallOutcome, TurnLatency } from '#ports/call-event.ts';
import type { CallerWait } from './failure-policy.ts';
import type { Guess } from './guess.ts';
import type { KeyedAnswer } from './key-pad.ts';
import type { Playable } from './playable.ts';
import type { Reply } from './reply.ts';

/** The caller's turn that a reply answers. It is written down when the reply begins to be heard: until then the caller may go on. */
export type CallerTurn = {
  readonly text: string;
  readonly input: 'speech' | 'dtmf';
  readonly startedAtMs: number;
  readonly endedAtMs: number;
  /** When his last audible sample came; null for keys, and where nothing was loud enough. */
  readonly soundEndedAtMs: number | null;
  readonly committedAtMs: number;
  readonly speechToTextMs: number | null;
};

/** The caller's turn that keys are. */
export function keyTurn({ digits, startedAtMs, endedAtMs }: KeyedAnswer, committedAtMs: number): CallerTurn {
  return { text: digits, input: 'dtmf', startedAtMs, endedAtMs, soundEndedAtMs: null, committedAtMs, speechToTextMs: null };
}

/** A reply that is ours to play. */
export type AgentTurn = {
  readonly reply: Reply;
  /** The conversation before the caller's turn. */
  readonly from: ConversationState;
  readonly callerTurn: CallerTurn | null;
  readonly committedAtMs: number;
  /** When its first frame was sent. */
  startedAtMs: number | null;
  /** When its first frame went out on the line. */
  heardAtMs: number | null;
};

/** The phases of a call. */
export type Phase =
  | { readonly kind: 'setting_up' }
  /** The floor is open; `sinceMs` is when it became so. */
  | { readonly kind: 'listening'; readonly sinceMs: number }
  /** The turn is ours, the reply has no sound yet. */
  | { readonly kind: 'thinking'; readonly guess: Guess; readonly committedAtMs: number }
  | { readonly kind: 'replying'; readonly turn: AgentTurn }
  /** A representative is rung or talks. `lineDead` is the end that the call has if the two did not talk. */
  | { readonly kind: 'transferring'; lineDead: { readonly outcome: CallOutcome; readonly reason: string } | null }
  /** The last words; nothing the caller does changes the end, which is known. */
  | { readonly kind: 'closing'; readonly outcome: CallOutcome; readonly reason: string }
  | { readonly kind: 'ended' };

/** The step that follows an agent's turn; listening while its words are not complete. */
export function nextStepOf(turn: AgentTurn): NextStep {
  return turn.reply.turnResult?.nextStep ?? { kind: 'listen' };
}

/** Whether the caller may still go on with the turn that is being answered: nothing of the answer was heard, and nothing was done for it. */
export function canReopen(turn: AgentTurn): boolean {
  return turn.startedAtMs === null && turn.callerTurn?.input === 'speech' && turn.reply.acted === null;
}

/** Whether no turn of the caller can be taken back any more: his sound of before is of no use. */
export function isSettled(phase: Phase): boolean {
  return phase.kind === 'listening' || (phase.kind === 'replying' && !canReopen(phase.turn));
}

/**
 * Whether the caller's voice counts. A reply that is no answer to speech (greeting, key, silence) is not cut before its first frame: speech
 * in that moment would be answered from a conversation in which the reply was never said. `isAgentHeard` is whether the agent's sound plays.
 */
export function isHearing(phase: Phase, isAgentHeard: boolean): boolean {
  switch (phase.kind) {
    case 'listening':
    case 'thinking':
      return true;
    case 'replying':
      return isAgentHeard || canReopen(phase.turn);
    case 'setting_up':
    case 'transferring':
    case 'closing':
    case 'ended':
      return false;
  }
}

/**
 * Whether the caller waits for us and hears nothing. `starvedSinceMs`: since when a reply that began has no sound at hand. Between two
 * sentences only a voice that is late counts: words that are late may be a tool's, and the dialog has its own words for that.
 */
export function waitOf(phase: Phase, starvedSinceMs: number | null): CallerWait | null {
  if (phase.kind === 'thinking') return { sinceMs: phase.committedAtMs, component: 'speech_to_text', isFailing: phase.guess.isRetrying() };
  if (phase.kind !== 'replying') return null;
  const { reply, startedAtMs, committedAtMs } = phase.turn;
  if (startedAtMs === null) {
    const component = reply.times.firstTextAtMs === null ? 'language_model' : 'text_to_speech';
    return { sinceMs: committedAtMs, component, isFailing: reply.isRetrying };
  }
  if (starvedSinceMs === null || reply.pieces.every(({ isComplete }) => isComplete)) return null;
  return { sinceMs: starvedSinceMs, component: 'text_to_speech', isFailing: reply.isRetrying };
}

/** The conversation after an agent's turn, without the agent's own words. */
export function stateAfter(turn: AgentTurn): ConversationState {
  const { from, callerTurn, reply } = turn;
  if (reply.turnResult !== null) return reply.turnResult.state;
  const { acted } = reply;
  if (acted !== null) return acted;
  return callerTurn === null ? from : { ...from, history: [...from.history, { role: 'caller', text: callerTurn.text }] };
}

/** Stage times of the turn, for the journal. */
export function latencyOf(turn: AgentTurn): TurnLatency {
  const { callerTurn, reply, startedAtMs, committedAtMs } = turn;
  const { times } = reply;
  const isSpeech = callerTurn?.input === 'speech';
  return {
    endpointMs: isSpeech ? callerTurn.committedAtMs - callerTurn.endedAtMs : null,
    speechToTextMs: callerTurn?.speechToTextMs ?? null,
    replyMs: times.firstTextAtMs === null ? null : times.firstTextAtMs - times.startedAtMs,
    textToSpeechMs: times.firstTextAtMs === null || times.firstSoundAtMs === null ? null : times.firstSoundAtMs - times.firstTextAtMs,
    firstFrameMs: startedAtMs === null ? null : startedAtMs - committedAtMs,
    gapMs: gapOf(turn),
  };
}

/** The first frame of a reply goes out on the line. */
export function noteHeard(phase: Phase, { reply, atMs }: { readonly reply: Playable; readonly atMs: number }): void {
  if (phase.kind === 'replying' && phase.turn.reply === reply) phase.turn.heardAtMs ??= atMs;
}

/** Silence at the beginning of a reply that is looked through for its first sound. Longer is a fault of the voice. */
const MAX_LEADING_SILENCE_MS = 2_000;

/** From the caller's last audible sample to the answer's first, both at the instant at which they pass the telephone system; null when either is not known. */
function gapOf({ callerTurn, heardAtMs, reply }: AgentTurn): number | null {
  if (callerTurn === null || callerTurn.soundEndedAtMs === null || heardAtMs === null) return null;
  const beginning = new Int16Array((MAX_LEADING_SILENCE_MS * FRAME_HZ) / 1_000);
  const silence = silenceBefore(beginning.subarray(0, reply.read(0, beginning)));
  return silence === null ? null : heardAtMs + (silence * 1_000) / FRAME_HZ - callerTurn.soundEndedAtMs;
}
