/**
 * Measures what this machine bears: its model servers over gRPC, then real calls through Asterisk to an agent, more and more of them. Prints what it does as
 * it goes and the measurement as one line of JSON at the end.
 *
 *   TEST_CALL_SERVER=host:port TEST_CALL_USER=… TEST_CALL_PASSWORD=… (or TEST_CALL_PASSWORD_FILE=PATH) SPEECH_TO_TEXT_URL=… TEXT_TO_SPEECH_URL=…
 *     calibrate-cli.ts <number> <levels> <target ms>
 */
import { silenceBefore, soundUntil } from '@centralita/control-plane/audio/audible-sound.ts';
import { openSipCaller } from '@centralita/sip-caller/sip-caller.ts';
import { synthesize } from '@centralita/sip-caller/speech.ts';
import { z } from 'zod';
import { rampCalls } from './calibration-calls.ts';
import { measureModels } from './calibration-models.ts';
import { readTestCaller, testCallerSchema } from './test-caller.ts';

/** With everything that may take long: what whoever started this was promised, and a little more before he ends it. */
const LIMIT_MS = 88_000;
/** The models have had their time after this; the rest is the calls'. A processor alone reads the first prompt of a turn's size for ten seconds. */
const MODELS_MS = 40_000;
/** Greeting, question and answer of a call that begins with the level. */
const LEAST_LEVEL_MS = 9_000;
const MOST_LEVEL_MS = 14_000;
/** From the end of the last level to the end of the last call, and the idle machine before the first. */
const AROUND_MS = 8_000;

const environmentSchema = z.object({
  ...testCallerSchema.shape,
  SPEECH_TO_TEXT_URL: z.string().min(1),
  TEXT_TO_SPEECH_URL: z.string().min(1),
  LANGUAGE_MODEL_URL: z.string().default(''),
});
const argumentsSchema = z.tuple([
  z.string().min(1),
  z.string().transform((text) => text.split(',').map((calls) => z.coerce.number().int().min(1).max(500).parse(calls))),
  z.coerce.number().positive(),
]);

async function main(): Promise<void> {
  const environment = environmentSchema.parse(process.env);
  const [number, levels, targetMs] = argumentsSchema.parse(process.argv.slice(2));
  const startedAt = performance.now();
  const signal = AbortSignal.timeout(LIMIT_MS);
  const log = (message: string): void => console.log(message);
  const models = await measureModels({
    speechToTextUrl: environment.SPEECH_TO_TEXT_URL,
    textToSpeechUrl: environment.TEXT_TO_SPEECH_URL,
    languageModelUrl: environment.LANGUAGE_MODEL_URL,
    signal: AbortSignal.any([signal, AbortSignal.timeout(MODELS_MS)]),
    log,
  });
  const said = await synthesize({ text: 'horario de atención', voice: 'es', wordsPerMinute: 150 });
  await using caller = await openSipCaller(await readTestCaller(environment));
  const leftMs = LIMIT_MS - AROUND_MS - (performance.now() - startedAt);
  const levelMs = Math.min(MOST_LEVEL_MS, Math.max(LEAST_LEVEL_MS, leftMs / levels.length));
  const ramp = await rampCalls({
    caller,
    number,
    speech: said.slice(silenceBefore(said) ?? 0, soundUntil(said) ?? said.length),
    // Fewer levels rather than levels too short to be answered in.
    levels: levels.slice(-Math.max(1, Math.floor(leftMs / levelMs))),
    levelMs,
    targetMs,
    signal,
    log,
  });
  console.log(JSON.stringify({ ...models, ...ramp, method: 'calls' }));
}

await main();
