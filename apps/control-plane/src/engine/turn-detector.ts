// Whose turn is it? A pure step over voice probabilities and time; it holds no timer, so a recorded call replays exactly.
import { ECHO_GUARD_MS, MAX_UTTERANCE_MS } from './limits.ts';

/** Length of one voice window: 512 samples at 16 kHz. */
const WINDOW_MS = 32;
/** Probability from which a window is speech (Silero's own default). */
const SPEECH_THRESHOLD = 0.5;
/** Speech goes on down to this probability (Silero: threshold - 0.15). */
const CONTINUE_THRESHOLD = 0.35;
/**
 * Speech from this probability on where the sound stands out of its line. Of a "sí" of 0.3 s over G.711 the model at 8 kHz finds two windows
 * at 0.5 in 21 of 64 places where its windows may fall, at 0.2 in 63. Of 440 noises of speech's loudness in silence (bursts, clicks, knocks,
 * breath, coughs, tones of eleven kinds) 44 have two at 0.2, all chords, hum and rising tones; 16 have them at 0.5.
 */
const STANDING_OUT_THRESHOLD = 0.2;
/** While the agent talks, its echo must not count: a higher bar. */
const AGENT_SPEAKING_THRESHOLD = 0.65;
/**
 * The last voiced window is told so long after speech ended: the mean of 96 sentences over G.711 with the bundled Silero v5 at 8 kHz
 * (`npm run bench:voice-activity`). Pauses count from the corrected end.
 */
const OFFSET_LAG_MS = 38;
/** Voice needed before sound is called speech: 2 windows. */
const ONSET_MS = 64;
/** A gap inside the beginnings of speech; longer and it was noise. */
const ONSET_GAP_MS = 120;

/** The agent's settings that matter here; see `ConversationSettings`. */
export type DetectorSettings = {
  readonly candidatePauseMs: number;
  readonly commitPauseMs: number;
  readonly bargeIn: boolean;
  readonly bargeInSpeechMs: number;
};

type Voice =
  | { readonly kind: 'quiet' }
  /** Sound that may become speech. */
  | { readonly kind: 'onset'; readonly startedAtMs: number; readonly voicedMs: number; readonly lastVoiceAtMs: number }
  | { readonly kind: 'speaking'; readonly startedAtMs: number; readonly lastVoiceAtMs: number; readonly candidateSent: boolean };

/** What the detector remembers. */
export type DetectorState = {
  readonly voice: Voice;
  /** When the agent's sound began, or null while the floor is open. */
  readonly agentSinceMs: number | null;
};

type VoiceInput = { readonly kind: 'voice'; readonly probability: number; readonly standsOut: boolean; readonly atMs: number };

/** What the detector is told. Times never go back. */
export type DetectorInput =
  /** `standsOut`: the sound of this window is far above the noise of its line. */
  | VoiceInput
  | { readonly kind: 'time'; readonly atMs: number }
  | { readonly kind: 'agent_started'; readonly atMs: number }
  | { readonly kind: 'agent_stopped'; readonly atMs: number }
  /** Forget the speech in progress: a key was pressed, the call is being transferred. */
  | { readonly kind: 'reset'; readonly atMs: number };

/** What the detector concludes. */
export type DetectorEvent =
  | { readonly kind: 'speech_started'; readonly startedAtMs: number }
  | { readonly kind: 'barge_in'; readonly startedAtMs: number; readonly atMs: number }
  /** Speech under the agent's voice that was too short to interrupt it. */
  | { readonly kind: 'backchannel'; readonly startedAtMs: number; readonly voicedMs: number }
  | { readonly kind: 'candidate'; readonly startedAtMs: number; readonly endedAtMs: number }
  | { readonly kind: 'candidate_discarded'; readonly atMs: number }
  | { readonly kind: 'turn_ended'; readonly startedAtMs: number; readonly endedAtMs: number; readonly atMs: number };

export type DetectorStep = { readonly state: DetectorState; readonly events: readonly DetectorEvent[] };

/** The state before the first sound. */
export const initialDetectorState: DetectorState = { voice: { kind: 'quiet' }, agentSinceMs: null };

/** One step. Pure: the same inputs give the same events. */
export function stepDetector(state: DetectorState, input: DetectorInput, settings: DetectorSettings): DetectorStep {
  switch (input.kind) {
    case 'voice':
      return stepVoice(state, input, settings);
    case 'time':
      return stepTime(state, input.atMs, settings);
    case 'agent_started':
      return { state: { voice: { kind: 'quiet' }, agentSinceMs: input.atMs }, events: [] };
    case 'agent_stopped':
      return { state: { ...state, agentSinceMs: null }, events: [] };
    case 'reset':
      return { state: { ...state, voice: { kind: 'quiet' } }, events: [] };
  }
}

function stepVoice(state: DetectorState, input: VoiceInput, settings: DetectorSettings): DetectorStep {
  if (!isVoiced(state, input, settings)) return stepTime(state, input.atMs, settings);
  const { voice } = state;
  switch (voice.kind) {
    case 'quiet':
      return {
        state: { ...state, voice: { kind: 'onset', startedAtMs: input.atMs - WINDOW_MS, voicedMs: WINDOW_MS, lastVoiceAtMs: input.atMs } },
        events: [],
      };
    case 'onset':
      return stepOnset(state, { ...voice, voicedMs: voice.voicedMs + WINDOW_MS, lastVoiceAtMs: input.atMs }, settings);
    case 'speaking': {
      const events: DetectorEvent[] = voice.candidateSent ? [{ kind: 'candidate_discarded', atMs: input.atMs }] : [];
      const next: Voice = { ...voice, lastVoiceAtMs: input.atMs, candidateSent: false };
      if (input.atMs - voice.startedAtMs < MAX_UTTERANCE_MS) return { state: { ...state, voice: next }, events };
      return endTurn({ ...state, voice: next }, { voice: next, atMs: input.atMs, before: events });
    }
  }
}

function isVoiced(state: DetectorState, input: VoiceInput, settings: DetectorSettings): boolean {
  if (state.agentSinceMs !== null) {
    if (!settings.bargeIn || input.atMs - state.agentSinceMs < ECHO_GUARD_MS) return false;
    return input.probability >= (state.voice.kind === 'quiet' ? AGENT_SPEAKING_THRESHOLD : SPEECH_THRESHOLD);
  }
  if (input.standsOut) return input.probability >= STANDING_OUT_THRESHOLD;
  return input.probability >= (state.voice.kind === 'speaking' ? CONTINUE_THRESHOLD : SPEECH_THRESHOLD);
}

function stepOnset(state: DetectorState, onset: Extract<Voice, { kind: 'onset' }>, settings: DetectorSettings): DetectorStep {
  const agentSpeaks = state.agentSinceMs !== null;
  const needMs = agentSpeaks ? settings.bargeInSpeechMs : ONSET_MS;
  if (onset.voicedMs < needMs) return { state: { ...state, voice: onset }, events: [] };
  const { startedAtMs, lastVoiceAtMs } = onset;
  const events: DetectorEvent[] = agentSpeaks
    ? [{ kind: 'barge_in', startedAtMs, atMs: lastVoiceAtMs }]
    : [{ kind: 'speech_started', startedAtMs }];
  return { state: { agentSinceMs: null, voice: { kind: 'speaking', startedAtMs, lastVoiceAtMs, candidateSent: false } }, events };
}

function stepTime(state: DetectorState, atMs: number, settings: DetectorSettings): DetectorStep {
  const { voice } = state;
  if (voice.kind === 'quiet') return { state, events: [] };
  if (voice.kind === 'onset') {
    if (atMs - voice.lastVoiceAtMs < ONSET_GAP_MS) return { state, events: [] };
    const wasUnderAgent = state.agentSinceMs !== null && voice.voicedMs >= ONSET_MS;
    const events: DetectorEvent[] = wasUnderAgent
      ? [{ kind: 'backchannel', startedAtMs: voice.startedAtMs, voicedMs: voice.voicedMs }]
      : [];
    return { state: { ...state, voice: { kind: 'quiet' } }, events };
  }
  const pauseMs = atMs - speechEnd(voice);
  if (pauseMs >= settings.commitPauseMs) {
    const missed: DetectorEvent[] = voice.candidateSent ? [] : [candidateOf(voice)];
    return endTurn(state, { voice, atMs, before: missed });
  }
  if (pauseMs >= settings.candidatePauseMs && !voice.candidateSent) {
    return { state: { ...state, voice: { ...voice, candidateSent: true } }, events: [candidateOf(voice)] };
  }
  return { state, events: [] };
}

type Speaking = Extract<Voice, { kind: 'speaking' }>;

/** Never before the beginning: after a stall two windows may arrive at the same moment. */
function speechEnd(voice: Speaking): number {
  return Math.max(voice.startedAtMs, voice.lastVoiceAtMs - OFFSET_LAG_MS);
}

function candidateOf(voice: Speaking): DetectorEvent {
  return { kind: 'candidate', startedAtMs: voice.startedAtMs, endedAtMs: speechEnd(voice) };
}

function endTurn(state: DetectorState, end: { voice: Speaking; atMs: number; before: readonly DetectorEvent[] }): DetectorStep {
  const { voice, atMs, before } = end;
  const ended: DetectorEvent = { kind: 'turn_ended', startedAtMs: voice.startedAtMs, endedAtMs: speechEnd(voice), atMs };
  // A turn cut at the longest utterance never paused, so no candidate was named: name it now, the reply hangs on it.
  const candidate = before.some((event) => event.kind === 'candidate') || voice.candidateSent ? [] : [candidateOf(voice)];
  return { state: { ...state, voice: { kind: 'quiet' } }, events: [...before, ...candidate, ended] };
}
