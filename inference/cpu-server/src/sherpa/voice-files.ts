// Which kind of voice lies in the operator's folder, told by its files; what is missing is named.
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';

/** A complete voice on disk; every member but `kind` and those of `VoiceFacts` is a path. */
export type VoiceFiles = VoiceFacts & VoiceParts;

/** What a voice's own description says. */
export interface VoiceFacts {
  /** Null: it does not say. */
  readonly language: string | null;
  /** Names of speakers and their numbers; empty: they have numbers only. */
  readonly speakers: Readonly<Record<string, number>>;
}

type VoiceParts =
  | (Pronunciation & { readonly kind: 'vits'; readonly model: string })
  | (Pronunciation & { readonly kind: 'matcha'; readonly acousticModel: string; readonly vocoder: string })
  | (Pronunciation & { readonly kind: 'kokoro'; readonly model: string; readonly voices: string });

/** How text becomes sounds: espeak-ng's data, a list of words, or both. */
interface Pronunciation {
  readonly tokens: string;
  readonly dataDir?: string;
  readonly lexicon?: string;
}

const layouts = `Expected in it one of:
  Kokoro: model.onnx, voices.bin, tokens.txt, espeak-ng-data
  Matcha: the acoustic model (*.onnx), a vocoder (vocos*.onnx or hifigan*.onnx), tokens.txt, espeak-ng-data or lexicon.txt
  VITS or Piper: one .onnx, tokens.txt, espeak-ng-data or lexicon.txt
(.int8.onnx is taken before .onnx)`;

const VOCODER = /(vocos|hifigan)/i;

/** Piper's own description, `<model>.onnx.json`; and `speakers.json`, names and numbers, where there is none. */
const piperSchema = z.object({
  language: z.object({ code: z.string() }).optional(),
  speaker_id_map: z.record(z.string(), z.int().min(0)).default({}),
});
const speakersSchema = z.record(z.string().min(1).max(64), z.int().min(0));

/** Finds the voice in a folder. @throws with the folder, the missing files and the known layouts. */
export function findVoice(folder: string): VoiceFiles {
  const names = listed(folder);
  const weights = names.filter((name) => name.endsWith('.onnx')).toSorted((a, b) => Number(isSmall(b)) - Number(isSmall(a)));
  const model = weights.find((name) => !VOCODER.test(name));
  const vocoder = weights.find((name) => VOCODER.test(name));
  const has = (name: string) => names.includes(name);
  const missing = [
    ...(model === undefined ? ['the model (*.onnx)'] : []),
    ...(has('tokens.txt') ? [] : ['tokens.txt']),
    ...(has('espeak-ng-data') || lexicons(names).length > 0 ? [] : ['espeak-ng-data or lexicon.txt']),
  ];
  if (model === undefined || missing.length > 0) throw new Error(`${folder} lacks ${missing.join(', ')}. ${layouts}`);
  const said = {
    tokens: join(folder, 'tokens.txt'),
    ...(has('espeak-ng-data') ? { dataDir: join(folder, 'espeak-ng-data') } : {}),
    ...(lexicons(names).length === 0
      ? {}
      : {
          lexicon: lexicons(names)
            .map((name) => join(folder, name))
            .join(','),
        }),
    ...factsOf(folder, model),
  };
  if (has('voices.bin')) return { kind: 'kokoro', model: join(folder, model), voices: join(folder, 'voices.bin'), ...said };
  if (vocoder !== undefined) return { kind: 'matcha', acousticModel: join(folder, model), vocoder: join(folder, vocoder), ...said };
  return { kind: 'vits', model: join(folder, model), ...said };
}

function isSmall(name: string): boolean {
  return name.endsWith('.int8.onnx');
}

function lexicons(names: readonly string[]): readonly string[] {
  return names.filter((name) => /^lexicon.*\.txt$/.test(name));
}

function factsOf(folder: string, model: string): VoiceFacts {
  const speakers = join(folder, 'speakers.json');
  const piper = join(folder, `${model}.json`);
  const description = existsSync(piper) ? read(piper, piperSchema) : { speaker_id_map: {} };
  return {
    language: description.language?.code.replaceAll('_', '-') ?? null,
    speakers: existsSync(speakers) ? read(speakers, speakersSchema) : description.speaker_id_map,
  };
}

function read<Value>(path: string, schema: z.ZodType<Value>): Value {
  try {
    return schema.parse(JSON.parse(readFileSync(path, 'utf8')));
  } catch (cause) {
    const reason = cause instanceof z.ZodError ? z.prettifyError(cause) : cause instanceof Error ? cause.message : String(cause);
    throw new Error(`${path} does not describe a voice: ${reason}`, { cause });
  }
}

function listed(folder: string): readonly string[] {
  try {
    return readdirSync(folder).toSorted();
  } catch (cause) {
    throw new Error(`the folder of the voice ${folder} cannot be read. ${layouts}`, { cause });
  }
}
