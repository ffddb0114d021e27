/** Which engine of the inference server serves which role on a machine without a board: the planned models whose weights are here. Pure. */
import type { PlacedModel } from '#sizing/sizing-plan.ts';

/** One role's line in the file that the inference server reads; folders begin where the file lies. */
type Engine = Readonly<Record<string, string | number>>;
/** Text-to-speech and speech-to-text always have an engine; a language model only where its weights are. */
export type EngineList = { readonly [Role in 'speech_to_text' | 'text_to_speech' | 'language_model']?: Engine };

export type EngineListParts = {
  readonly models: readonly Pick<PlacedModel, 'role' | 'name' | 'gpuUuid' | 'settings'>[];
  /** Names of the models whose files are whole on this machine. */
  readonly installed: readonly string[];
};

/** The engine of each role. */
export function listEngines({ models, installed }: EngineListParts): EngineList {
  const planned = models.filter(({ gpuUuid, role }) => gpuUuid === null && role !== 'embedding');
  const here = (role: PlacedModel['role']) => planned.find((model) => model.role === role && installed.includes(model.name));
  const [speech, voice, text] = [here('speech_to_text'), here('text_to_speech'), here('language_model')];
  return {
    speech_to_text: speech ? weighted(speech) : { engine: 'phrases' },
    text_to_speech: voice ? weighted(voice) : { engine: 'espeak-ng' },
    ...(text ? { language_model: { ...weighted(text), ...contextOf(text) } } : {}),
  };
}

/** What the processor is planned to run and does not, because its weights are not here. */
export function listAbsent({ models, installed }: EngineListParts): readonly string[] {
  return models.filter(({ gpuUuid, name }) => gpuUuid === null && !installed.includes(name)).map(({ name }) => name);
}

/** The engine's name is the manifest's, which is the inference server's as well. */
function weighted({ name, settings }: EngineListParts['models'][number]): Engine {
  return { engine: String(settings['engine']), folder: name, ...numbers({ threads: settings['threads'] }) };
}

function contextOf({ settings }: EngineListParts['models'][number]): Engine {
  return numbers({ slots: settings['max_sequences'], contextTokens: settings['context_tokens'] });
}

function numbers(values: Readonly<Record<string, string | number | undefined>>): Engine {
  return Object.fromEntries(Object.entries(values).filter((entry): entry is [string, number] => typeof entry[1] === 'number'));
}
