// A person's end of a line at the stand-in for Asterisk: a caller, or a representative's telephone.
import { FRAME_SAMPLES } from '#audio/frame.ts';
import { type FarEnd, NORMAL_CLEARING, type Switchboard } from './asterisk-stand-in-switchboard.ts';

/** What a person can do with a line. */
export type StandInLeg = {
  readonly channelId: string;
  readonly state: 'ringing' | 'answered' | 'ended';
  /** Whether Asterisk’s own music is on; it comes with no frames. */
  readonly hasMusic: boolean;
  /** Settles when answered; never, when it ends before. */
  readonly answered: Promise<void>;
  /** Settles with the Q.850 cause. */
  readonly ended: Promise<number>;
  /** Says 20 ms: 320 samples of PCM16 at 16 kHz. The pace is the caller's. */
  sendFrame(pcm: Int16Array): void;
  /** Hears each frame as it is played, 50 a second while there is sound; nothing, when nobody sends any. */
  onFrame(listener: (pcm: Int16Array) => void): void;
  sendDtmf(digit: string): void;
  /** After the end it does nothing, like everything else here. */
  hangUp(): void;
};

/** A representative's telephone that rings. */
export type StandInPhone = StandInLeg & {
  /** What was dialled, such as `PJSIP/phone-201`. */
  readonly endpoint: string;
  answer(): void;
  /** 17 busy (default), 21 declined. */
  decline(cause?: number): void;
};

/** Both: the person's view, and what Asterisk does to the far end of a channel. */
export type StandInFarEnd = { readonly leg: StandInPhone; readonly farEnd: FarEnd };

/** Opens the far end of the channel that is about to be added under this id. */
export function openFarEnd(switchboard: Switchboard, channelId: string, endpoint: string): StandInFarEnd {
  const answered = Promise.withResolvers<void>();
  const ended = Promise.withResolvers<number>();
  const listeners: ((pcm: Int16Array) => void)[] = [];
  let state: StandInLeg['state'] = 'ringing';
  const end = (cause: number): void => {
    if (state !== 'ended') switchboard.end(channelId, { q850: cause });
  };
  const farEnd: FarEnd = {
    hear: (pcm) => listeners.forEach((listener) => listener(pcm)),
    answered() {
      state = 'answered';
      answered.resolve();
    },
    ended(cause) {
      state = 'ended';
      ended.resolve(cause);
    },
  };
  const leg: StandInPhone = {
    channelId,
    endpoint,
    get state() {
      return state;
    },
    get hasMusic() {
      return state !== 'ended' && switchboard.channel(channelId).hasMusic === true;
    },
    answered: answered.promise,
    ended: ended.promise,
    sendFrame(pcm) {
      if (pcm.length !== FRAME_SAMPLES) throw new RangeError(`a frame has ${FRAME_SAMPLES} samples, not ${pcm.length}`);
      if (state === 'answered') switchboard.speak(channelId, pcm);
    },
    onFrame: (listener) => void listeners.push(listener),
    sendDtmf(digit) {
      if (state !== 'ended') switchboard.pressKey(channelId, digit);
    },
    hangUp: () => end(NORMAL_CLEARING),
    answer() {
      if (state === 'ringing') switchboard.setState(channelId, 'Up');
    },
    decline: (cause = 17) => end(cause),
  };
  return { leg, farEnd };
}
