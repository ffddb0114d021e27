// Text-to-speech whose sound is as long as its text and tells by its samples which text it was.
import { FRAME_HZ } from '#audio/frame.ts';
import { InferenceError } from '#ports/inference-error.ts';
import type { Speech, TextToSpeech } from '#ports/text-to-speech.ts';
import { scriptedWait } from './scripted-wait.ts';

/** How the voice behaves from now on. */
export type ScriptedVoice = {
  /** Length of the sound per character. */
  msPerCharacter: number;
  /** Sound per piece. */
  chunkMs: number;
  /** Wait before the first piece, and before each piece that follows. */
  firstAfterMs: number;
  nextAfterMs: number;
  /** The failures of the next requests, in order; `afterChunks` pieces come before it. */
  failures: { isRetryable: boolean; afterChunks: number }[];
};

/** The scripted engine and what it was asked. */
export type ScriptedTextToSpeech = TextToSpeech & {
  readonly voice: ScriptedVoice;
  readonly requests: readonly Speech[];
  /** Requests that are being spoken now. */
  open(): number;
};

/** The sample that all sound of a text consists of: 1,000 to 31,000, never silence. */
export function sampleOf(speech: Pick<Speech, 'text' | 'voice'>): number {
  let hash = 7;
  for (const character of `${speech.voice}|${speech.text}`) hash = (hash * 31 + (character.codePointAt(0) ?? 0)) % 1_000_003;
  return 1_000 + (hash % 30_001);
}

/** Opens the engine: 50 ms a character in pieces of 100 ms, without delay. */
export function openScriptedTextToSpeech(voice: Partial<ScriptedVoice> = {}): ScriptedTextToSpeech {
  const behaviour: ScriptedVoice = { msPerCharacter: 50, chunkMs: 100, firstAfterMs: 0, nextAfterMs: 0, failures: [], ...voice };
  const requests: Speech[] = [];
  let open = 0;
  return {
    voice: behaviour,
    requests,
    open: () => open,
    async *synthesize(speech, { signal }) {
      requests.push(speech);
      open += 1;
      try {
        yield* speak(speech, { ...behaviour, failure: behaviour.failures.shift(), signal });
      } finally {
        open -= 1;
      }
    },
  };
}

type Speaking = ScriptedVoice & { failure: ScriptedVoice['failures'][number] | undefined; signal: AbortSignal };

async function* speak(speech: Speech, options: Speaking): AsyncGenerator<Int16Array> {
  const { failure, signal } = options;
  const chunkSamples = (options.chunkMs * FRAME_HZ) / 1_000;
  let left = Math.round((speech.text.length * options.msPerCharacter * FRAME_HZ) / 1_000 / speech.speed);
  for (let chunk = 0; left > 0; chunk++) {
    await scriptedWait(chunk === 0 ? options.firstAfterMs : options.nextAfterMs, signal).catch((cause: unknown) => {
      throw failed('the request was cancelled', false, cause);
    });
    if (failure?.afterChunks === chunk) throw failed('scripted failure', failure.isRetryable);
    yield new Int16Array(Math.min(left, chunkSamples)).fill(sampleOf(speech));
    left -= chunkSamples;
  }
}

function failed(message: string, isRetryable: boolean, cause?: unknown): InferenceError {
  return new InferenceError({ role: 'text_to_speech', message, isRetryable, cause });
}
