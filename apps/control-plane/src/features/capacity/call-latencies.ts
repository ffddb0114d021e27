// How long calls waited for each service lately, from what happens in them: the same times that the journal keeps, in windows of some minutes.
import type { CallEvent } from '#ports/call-event.ts';
import { openLatencyWindow } from './latency-window.ts';
import type { LatencyWindow } from './latency-window.ts';

/** A window for each service that a caller waits for. */
export type CallLatencies = {
  /** Takes events in order. */
  observe(event: CallEvent, atMs: number): void;
  /** The whole silence before an answer: of the control plane, which answers for it. */
  readonly control_plane: LatencyWindow;
  readonly speech_to_text: LatencyWindow;
  readonly language_model: LatencyWindow;
  readonly text_to_speech: LatencyWindow;
  /** From the arrival of a call until it is answered. */
  readonly asterisk: LatencyWindow;
};

export function openCallLatencies(): CallLatencies {
  const windows = {
    control_plane: openLatencyWindow(),
    speech_to_text: openLatencyWindow(),
    language_model: openLatencyWindow(),
    text_to_speech: openLatencyWindow(),
    asterisk: openLatencyWindow(),
  };
  return {
    ...windows,
    observe(event, atMs) {
      if (event.kind === 'call_answered') return windows.asterisk.observe(event.setupMs, atMs);
      const latency = event.kind === 'turn_recorded' ? event.turn.latency : null;
      if (!latency) return;
      const put = (window: LatencyWindow, ms: number | null): void => (ms === null ? undefined : window.observe(ms, atMs));
      put(windows.control_plane, latency.gapMs);
      put(windows.speech_to_text, latency.speechToTextMs);
      // Of an agent that answers by rules the words come within a millisecond: no model's time.
      put(windows.language_model, latency.replyMs);
      put(windows.text_to_speech, latency.textToSpeechMs);
    },
  };
}
