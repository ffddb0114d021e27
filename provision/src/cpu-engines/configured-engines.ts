/** Which engines the inference server of this machine is told to use, in words for the screen and the status: from its file of engines, else from `.env`. Pure. */
import { z } from 'zod';
import { parseEnvFile } from '#env-file.ts';
import type { KeptAddress } from '#own-addresses.ts';

export type ConfiguredEngines = { readonly voice: string; readonly recognition: string; readonly languageModel: string };

const engine = z.object({ engine: z.string(), folder: z.string().optional() });
const enginesSchema = z.object({
  speech_to_text: engine.optional(),
  text_to_speech: engine.optional(),
  language_model: engine.optional(),
});

const PHRASES =
  'phrases: for demo and test voices only. For people: ./provision.sh models fetch, ./provision.sh engines, ./provision.sh; or set SPEECH_TO_TEXT_MODEL_DIR in .env and run again';
const NO_TEXT = 'none: agents follow their flows';

/** From the texts of `.env` and of the file of engines that it names; the second is empty where it names none. */
export function describeConfigured({
  environmentText,
  enginesText,
}: {
  readonly environmentText: string;
  readonly enginesText: string;
}): ConfiguredEngines {
  const settings = parseEnvFile(environmentText);
  const url = settings.get('LANGUAGE_MODEL_URL') ?? '';
  const elsewhere = url === '' ? NO_TEXT : `at ${url}`;
  if (enginesText === '') {
    const hasSpeech = (settings.get('SPEECH_TO_TEXT_MODEL_DIR') ?? '') !== '';
    return {
      voice: 'espeak-ng',
      recognition: hasSpeech ? 'sherpa-onnx, with the model of SPEECH_TO_TEXT_MODEL_DIR' : PHRASES,
      languageModel: elsewhere,
    };
  }
  const engines = readEngines(enginesText);
  if (engines === null) {
    const fault = `unknown: ${settings.get('CPU_SERVER_ENGINES_FILE')} does not say; ./provision.sh engines writes it anew`;
    return { voice: fault, recognition: fault, languageModel: fault };
  }
  const { speech_to_text: speech, text_to_speech: voice, language_model: text } = engines;
  return {
    voice: voice ? describeEngine(voice) : 'none: the file of engines names none',
    recognition: speech?.engine === 'phrases' ? PHRASES : speech ? describeEngine(speech) : 'none: the file of engines names none',
    languageModel: text ? describeEngine(text) : elsewhere,
  };
}

/** Folders that the file of engines names, below where it lies; none where it says nothing. */
export function listEngineFolders(enginesText: string): readonly string[] {
  const engines = enginesText === '' ? null : readEngines(enginesText);
  return Object.values(engines ?? {}).flatMap((one) => (one?.folder === undefined ? [] : [one.folder]));
}

/** Servers that the operator named himself go before this machine's own. */
export function withServersElsewhere(
  engines: ConfiguredEngines,
  kept: readonly Pick<KeptAddress, 'setting' | 'value'>[],
): ConfiguredEngines {
  const at = (setting: KeptAddress['setting']): string | null => {
    const found = kept.find((address) => address.setting === setting);
    return found === undefined ? null : `at ${found.value}`;
  };
  return {
    voice: at('TEXT_TO_SPEECH_URL') ?? engines.voice,
    recognition: at('SPEECH_TO_TEXT_URL') ?? engines.recognition,
    languageModel: at('LANGUAGE_MODEL_URL') ?? engines.languageModel,
  };
}

function describeEngine({ engine: name, folder }: z.infer<typeof engine>): string {
  return folder === undefined ? name : `${name}, ${folder}`;
}

function readEngines(text: string): z.infer<typeof enginesSchema> | null {
  try {
    return enginesSchema.parse(JSON.parse(text));
  } catch {
    return null;
  }
}
