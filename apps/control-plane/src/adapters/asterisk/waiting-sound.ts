// The sound of a leg that nobody serves yet: the caller is asked to go on, hears no dead line, and what he says is kept for whoever comes.
import { FRAME_HZ, FRAME_MS, FRAME_SAMPLES } from '#audio/frame.ts';
import type { AudioTransportEvent } from '#ports/audio-transport.ts';
import { HAND_OVER_SLACK_MS, MAX_SEND_SAMPLES, MAX_WAITING_FRAMES, WAITING_LEAD_MS, WAITING_TICK_MS } from './limits.ts';
import type { MediaSocket } from './media-socket.ts';

/** A sound that waits for its owner. */
export type WaitingSound = {
  /** The media socket's listener from its first moment on. */
  readonly listener: (event: AudioTransportEvent) => void;
  /** Says `words` (null: nothing) and keeps the line alive. */
  begin(socket: Pick<MediaSocket, 'send' | 'mark' | 'flush'>, words: Int16Array | null): void;
  /** Lets the words end, then hands everything over: what was kept, in order, and all that comes. Called once. */
  handOver(listener: (event: AudioTransportEvent) => void): Promise<void>;
  /** Nobody came and the leg is over. */
  stop(): void;
};

const WORDS_HEARD = 'waiting-sound';
const SILENCE = new Int16Array(FRAME_SAMPLES * (WAITING_TICK_MS / FRAME_MS));

/** `nowMs` is monotonic. */
export function openWaitingSound(nowMs: () => number): WaitingSound {
  const kept: AudioTransportEvent[] = [];
  const wordsHeard = Promise.withResolvers<void>();
  let owner: ((event: AudioTransportEvent) => void) | null = null;
  let sound: Parameters<WaitingSound['begin']>[0] | null = null;
  let feeder: NodeJS.Timeout | undefined;
  let wordsMs = 0;
  /** Until when there is something to hear at the far side. */
  let queuedUntilMs = 0;

  const send = (pcm: Int16Array): void => {
    for (let start = 0; start < pcm.length; start += MAX_SEND_SAMPLES - (MAX_SEND_SAMPLES % FRAME_SAMPLES))
      sound?.send(pcm.slice(start, start + MAX_SEND_SAMPLES - (MAX_SEND_SAMPLES % FRAME_SAMPLES)));
    queuedUntilMs = Math.max(queuedUntilMs, nowMs()) + (pcm.length * 1_000) / FRAME_HZ;
  };
  // The loading of the rest of the process holds the event loop for up to a second: what is heard meanwhile was sent before.
  const feed = (): void => {
    while (queuedUntilMs - nowMs() < WAITING_LEAD_MS) send(SILENCE);
  };
  const stop = (): void => {
    clearInterval(feeder);
    wordsHeard.resolve();
  };

  return {
    listener(event) {
      if (owner !== null) return owner(event);
      if (event.kind === 'mark_heard' && event.markId === WORDS_HEARD) return wordsHeard.resolve();
      if (event.kind === 'closed') stop();
      if (event.kind === 'frame' && kept.length >= MAX_WAITING_FRAMES) kept.shift();
      if (event.kind === 'frame' || event.kind === 'closed') kept.push(event);
    },
    begin(socket, words) {
      sound = socket;
      if (words === null) wordsHeard.resolve();
      else {
        const whole = new Int16Array(Math.ceil(words.length / FRAME_SAMPLES) * FRAME_SAMPLES);
        whole.set(words);
        send(whole);
        wordsMs = (whole.length * 1_000) / FRAME_HZ;
        socket.mark(WORDS_HEARD);
      }
      feed();
      feeder = setInterval(feed, WAITING_TICK_MS);
    },
    async handOver(listener) {
      // A mark that never comes must not keep the caller from being served.
      const timer = setTimeout(wordsHeard.resolve, wordsMs + HAND_OVER_SLACK_MS);
      await wordsHeard.promise;
      clearTimeout(timer);
      stop();
      sound?.flush();
      owner = listener;
      for (const event of kept.splice(0)) listener(event);
    },
    stop,
  };
}
