// The models as Prometheus series, seen from whoever asks them: three ports with every request counted and timed.
import type { Registry } from 'prom-client';
import { Counter, Gauge, Histogram } from 'prom-client';
import { InferenceError } from '#ports/inference-error.ts';
import type { InferenceRole } from '#ports/inference-error.ts';
import type { LanguageModel } from '#ports/language-model.ts';
import type { SpeechToText } from '#ports/speech-to-text.ts';
import type { TextToSpeech } from '#ports/text-to-speech.ts';
import type { Clock } from '#shared/clock.ts';

/** From a sentence of a light voice to a reply that is cut at its deadline. */
const BUCKETS_S = [0.01, 0.02, 0.05, 0.1, 0.2, 0.4, 0.8, 1.5, 3, 6, 12, 60];

type Models = { readonly speechToText: SpeechToText; readonly textToSpeech: TextToSpeech; readonly languageModel: LanguageModel | null };

/** How a request ended: `retryable` and `final` are failures of the server, `cancelled` is our own change of mind. */
type Ending = 'ok' | 'cancelled' | 'retryable' | 'final';

/** One request under way. */
type Request = { first(): void; ended(how: Ending): void };

/** Registers the series; returns the same models, counted. */
export function observedModels<Given extends Models>(given: Given, parts: { registry: Registry; clock: Pick<Clock, 'nowMs'> }): Models {
  const start = createRequestSeries(parts);
  const tokens = new Counter({
    name: 'centralita_language_model_tokens_total',
    help: 'Tokens that the language model read and wrote',
    labelNames: ['type'],
    registers: [parts.registry],
  });
  for (const type of ['input', 'output']) tokens.inc({ type }, 0);
  const { speechToText, textToSpeech, languageModel } = given;
  return {
    speechToText: observedSpeechToText(speechToText, start),
    textToSpeech: {
      synthesize: (speech, { signal }) => counted(textToSpeech.synthesize(speech, { signal }), () => start('text_to_speech'), signal),
    },
    languageModel: languageModel && {
      ...languageModel,
      async *stream(request, { signal }) {
        for await (const part of counted(languageModel.stream(request, { signal }), () => start('language_model'), signal)) {
          if (part.kind === 'finish') {
            tokens.inc({ type: 'input' }, part.inputTokens);
            tokens.inc({ type: 'output' }, part.outputTokens);
          }
          yield part;
        }
      },
    },
  };
}

function createRequestSeries({ registry, clock }: { registry: Registry; clock: Pick<Clock, 'nowMs'> }): (role: InferenceRole) => Request {
  const registers = [registry];
  const seconds = new Histogram({
    name: 'centralita_inference_request_seconds',
    help: 'From a request to a model until its last answer, by role and by how it ended',
    labelNames: ['role', 'code'],
    buckets: BUCKETS_S,
    registers,
  });
  const firstPart = new Histogram({
    name: 'centralita_inference_first_part_seconds',
    help: 'From a request to a model until the first piece of its answer, by role',
    labelNames: ['role'],
    buckets: BUCKETS_S,
    registers,
  });
  const inFlight = new Gauge({
    name: 'centralita_inference_in_flight',
    help: 'Requests that a model has not answered yet, by role',
    labelNames: ['role'],
    registers,
  });
  // Shown from the start: a share of failures is a figure also where nothing failed.
  for (const role of ['speech_to_text', 'text_to_speech', 'language_model']) {
    inFlight.set({ role }, 0);
    for (const code of ['ok', 'cancelled', 'retryable', 'final'] satisfies Ending[]) seconds.zero({ role, code });
  }
  return (role) => {
    const startedAtMs = clock.nowMs();
    inFlight.inc({ role });
    const tookSeconds = () => (clock.nowMs() - startedAtMs) / 1_000;
    return {
      first: () => firstPart.observe({ role }, tookSeconds()),
      ended(code) {
        inFlight.dec({ role });
        seconds.observe({ role, code }, tookSeconds());
      },
    };
  };
}

function observedSpeechToText(model: SpeechToText, start: (role: InferenceRole) => Request): SpeechToText {
  const observed: SpeechToText = {
    async transcribe(utterance, options) {
      const request = start('speech_to_text');
      try {
        const transcript = await model.transcribe(utterance, options);
        request.first();
        request.ended('ok');
        return transcript;
      } catch (error) {
        request.ended(endingOf(error, options.signal));
        throw error;
      }
    },
  };
  if (!model.prepare) return observed;
  return { ...observed, prepare: async (expectation, options) => await model.prepare?.(expectation, options) };
}

/** A stream that nobody reads to its end was given up by us. */
async function* counted<Part>(
  parts: AsyncIterable<Part>,
  start: () => Request,
  signal: AbortSignal,
): AsyncGenerator<Part, void, undefined> {
  const request = start();
  let isFirst = true;
  let ending: Ending = 'cancelled';
  try {
    for await (const part of parts) {
      if (isFirst) request.first();
      isFirst = false;
      yield part;
    }
    ending = 'ok';
  } catch (error) {
    ending = endingOf(error, signal);
    throw error;
  } finally {
    request.ended(ending);
  }
}

function endingOf(error: unknown, signal: AbortSignal): Ending {
  if (signal.aborted) return 'cancelled';
  return error instanceof InferenceError && error.isRetryable ? 'retryable' : 'final';
}
