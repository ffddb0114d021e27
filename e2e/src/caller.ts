/** A person on the telephone, as a test plays one: listens until the agent has finished, checks what it said, answers. */
import type { Ear } from './heard.ts';
import type { SipCall } from '@centralita/sip-caller/sip-call.ts';
import { synthesize } from '@centralita/sip-caller/speech.ts';

/** Silence after which an agent has finished: longer than the pauses between its sentences. */
const FINISHED_MS = 900;
const SAMPLES_PER_MS = 8;
/** The recogniser finds a phrase's edges in silence around it: 100 ms (measured: less costs every third phrase). */
const MARGIN_MS = 120;

/** How this person speaks and what it may be told. */
export type CallerOptions = {
  readonly call: SipCall;
  readonly ear: Ear;
  readonly language: string;
  /** espeak-ng voice; another one than the recogniser's own. */
  readonly voice: string;
  /** Everything that the agent can say: what is heard must be one of these. */
  readonly texts: readonly string[];
};

/** What was said to the caller. */
export type HeardUtterance = { readonly text: string; readonly pcm: Int16Array; readonly startedAt: number; readonly endedAt: number };

/** A caller in a conversation. */
export type Caller = {
  readonly call: SipCall;
  /** Waits for the agent's next utterance and says which text it was. Throws when nothing is said in time. */
  hear(options?: { withinMs?: number }): Promise<HeardUtterance>;
  /** The next stretch of sound, without asking what it is. */
  hearSound(): Promise<Omit<HeardUtterance, 'text'>>;
  /** As `hear`, past sound that is no speech: ringing. */
  hearWords(): Promise<HeardUtterance>;
  /** Speaks and waits until it is said. */
  say(text: string): Promise<void>;
  /** Waits until the agent speaks, without waiting for the end. */
  hearBeginning(options?: { withinMs?: number }): Promise<number>;
  /** From now on: what was heard before is not asked about any more. */
  forget(): void;
};

/** Puts a person on an answered call. */
export function openCaller(options: CallerOptions): Caller {
  const { call, ear, language, voice, texts } = options;
  let since = 0;
  const until = async <Value>(find: () => Value | null, what: string, withinMs: number): Promise<Value> => {
    const deadline = performance.now() + withinMs;
    for (;;) {
      const found = find();
      if (found !== null) return found;
      if (performance.now() > deadline) throw new Error(`${what} within ${withinMs} ms; the call is ${call.state}`);
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  };
  const hearBeginning = ({ withinMs = 10_000 } = {}): Promise<number> =>
    until(() => call.firstAudioAt(since), 'the agent said nothing', withinMs);
  const hearSound = async (limits: { withinMs?: number } = {}): Promise<Omit<HeardUtterance, 'text'>> => {
    const startedAt = await hearBeginning(limits);
    const isOver = (): number | null => {
      const last = call.lastAudioAt(startedAt);
      return last !== null && performance.now() - last >= FINISHED_MS ? last : null;
    };
    const endedAt = await until(isOver, 'the agent did not finish', 30_000);
    since = endedAt + 20;
    const { pcm, startedAt: origin } = call.received();
    const from = Math.max(0, Math.round((startedAt - (origin ?? 0) - MARGIN_MS) * SAMPLES_PER_MS));
    const said = pcm.slice(from, Math.round((endedAt - (origin ?? 0) + MARGIN_MS) * SAMPLES_PER_MS));
    return { pcm: said, startedAt, endedAt };
  };
  const hear = async (limits: { withinMs?: number } = {}): Promise<HeardUtterance> => {
    const sound = await hearSound(limits);
    return { ...sound, text: await ear.recognise(sound.pcm, { language, among: texts }) };
  };
  return {
    call,
    hear,
    hearSound,
    hearBeginning,
    async hearWords() {
      for (let tries = 0; tries < 10; tries += 1) {
        const heard = await hear();
        if (heard.text !== '') return heard;
      }
      throw new Error('ten stretches of sound, and none of them was anything the agent says');
    },
    forget() {
      since = performance.now();
    },
    async say(text) {
      await call.say(await synthesize({ text, voice, wordsPerMinute: 150 }));
    },
  };
}
