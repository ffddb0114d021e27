// Which engine serves which role, from one JSON file, or from the environment when there is none.
import { readFileSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { z } from 'zod';
import type { Config } from '#server/config.ts';

/** Requests at once and requests waiting, which every engine may be given; absent: what its kind can bear. */
const limits = { slots: z.int().min(1).max(64).optional(), queue: z.int().min(0).max(1_024).optional() };
const folder = z.string().min(1);
/** Never more than the processors that are free, whatever is asked. */
const threads = z.int().min(1).max(256).optional();

const manifestSchema = z
  .strictObject({
    speech_to_text: z
      .discriminatedUnion('engine', [
        z.strictObject({ engine: z.literal('phrases'), phrasesFile: z.string().min(1).optional(), ...limits }),
        z.strictObject({ engine: z.literal('sherpa-onnx'), folder, threads, ...limits }),
      ])
      .optional(),
    text_to_speech: z
      .discriminatedUnion('engine', [
        z.strictObject({ engine: z.literal('espeak-ng'), ...limits }),
        z.strictObject({
          engine: z.literal('sherpa-onnx'),
          folder,
          threads,
          /** Language of a voice whose files do not say it, such as es; requests in another one are refused. */
          language: z.string().min(2).max(35).optional(),
          ...limits,
        }),
      ])
      .optional(),
    language_model: z
      .discriminatedUnion('engine', [
        z.strictObject({
          engine: z.literal('llama.cpp'),
          folder,
          threads,
          /** Prompt and answer of one request together. */
          contextTokens: z.int().min(256).max(1_048_576).optional(),
          /** Prompts kept besides those of the slots, so that a conversation that lost its slot is not read again whole. */
          cacheMebibytes: z.int().min(0).max(65_536).optional(),
          ...limits,
        }),
      ])
      .optional(),
  })
  .refine((roles) => Object.values(roles).some((role) => role !== undefined), 'names no role');

/** Role by role what serves it; a role that is not named is not served. Folders are absolute. */
export type EngineManifest = z.infer<typeof manifestSchema>;
/** What the file says of one role. */
export type EngineOf<Role extends keyof EngineManifest> = NonNullable<EngineManifest[Role]>;

/** What the configuration names: the file's roles, or those of the environment. @throws naming the file and what is wrong in it. */
export function engineManifest(config: Config): EngineManifest {
  if (config.enginesFile !== null) return readEngineManifest(config.enginesFile);
  const { speechToTextModelDir, speechToTextPhrasesFile } = config;
  const phrases = { engine: 'phrases', ...(speechToTextPhrasesFile === null ? {} : { phrasesFile: speechToTextPhrasesFile }) } as const;
  return {
    text_to_speech: { engine: 'espeak-ng' },
    speech_to_text: speechToTextModelDir === null ? phrases : { engine: 'sherpa-onnx', folder: speechToTextModelDir },
  };
}

/** Reads the file. Folders in it are absolute or begin where the file lies. @throws naming the file and what is wrong in it. */
export function readEngineManifest(path: string): EngineManifest {
  try {
    const manifest = manifestSchema.parse(JSON.parse(readFileSync(path, 'utf8')));
    const base = dirname(resolve(path));
    const placed = Object.entries(manifest).map(([role, engine]) => [role, engine && withPaths(engine, base)] as const);
    return Object.fromEntries(placed) as EngineManifest;
  } catch (cause) {
    const reason = cause instanceof z.ZodError ? z.prettifyError(cause) : cause instanceof Error ? cause.message : String(cause);
    throw new Error(`CPU_SERVER_ENGINES_FILE ${path} does not say which engine serves which role: ${reason}`, { cause });
  }
}

function withPaths(engine: object, base: string): object {
  const paths = Object.entries(engine).filter(([key]) => key === 'folder' || key === 'phrasesFile');
  return { ...engine, ...Object.fromEntries(paths.map(([key, path]) => [key, resolve(base, String(path))])) };
}
