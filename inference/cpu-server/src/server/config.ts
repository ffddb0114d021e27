// The environment, parsed once into frozen values; a wrong one is told in full, every variable by name.
import { z } from 'zod';

const port = (fallback: number) => z.coerce.number().int().min(0).max(65_535).default(fallback);

// A root other than the machine's own is entered through its dynamic loader, so the command may be several words.
const argv = (fallback: string) =>
  z
    .string()
    .default(fallback)
    .transform((text, context): readonly [string, ...string[]] => {
      const [program, ...rest] = text.trimStart().startsWith('[') ? jsonWords(text) : text.trim().split(/\s+/);
      if (program !== undefined && program !== '') return [program, ...rest];
      context.addIssue('must be a program with its arguments, separated by spaces or as a JSON array of texts');
      return z.NEVER;
    });

const environment = z.object({
  CPU_SERVER_HOST: z.string().min(1).default('127.0.0.1'),
  CPU_SERVER_PORT: port(8001),
  CPU_SERVER_METRICS_PORT: port(8002),
  ESPEAK_COMMAND: argv('espeak-ng'),
  ESPEAK_DATA_PATH: z.string().min(1).optional(),
  LLAMA_SERVER_COMMAND: argv('llama-server'),
  LLAMA_SERVER_DIR: z.string().min(1).optional(),
  CPU_SERVER_ENGINES_FILE: z.string().min(1).optional(),
  CPU_SERVER_WATCH_MS: z.coerce.number().int().min(0).max(3_600_000).default(5_000),
  SPEECH_TO_TEXT_MODEL_DIR: z.string().min(1).optional(),
  SPEECH_TO_TEXT_PHRASES_FILE: z.string().min(1).optional(),
  LOG_LEVEL: z.enum(['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent']).default('info'),
  PATH: z.string().default('/usr/local/bin:/usr/bin:/bin'),
});

/** Everything the server is told from outside. Port 0 means any free one. */
export interface Config {
  readonly host: string;
  readonly grpcPort: number;
  readonly metricsPort: number;
  readonly espeak: { readonly argv: readonly [string, ...string[]]; readonly env: Readonly<Record<string, string>> };
  /** How llama-server is started. `folder` is where: it finds its processor backends there when they are not in their own place. */
  readonly llamaServer: {
    readonly argv: readonly [string, ...string[]];
    readonly env: Readonly<Record<string, string>>;
    readonly folder: string | null;
  };
  /** Which engine serves which role; null: as the variables below say. */
  readonly enginesFile: string | null;
  /** How often the folders of models are looked at for new weights; 0: never. */
  readonly watchMs: number;
  /** Folder of a sherpa-onnx model; null: the phrases engine. */
  readonly speechToTextModelDir: string | null;
  /** Phrases that the phrases engine knows besides those of each request; null: none. */
  readonly speechToTextPhrasesFile: string | null;
  readonly logLevel: string;
}

/** @throws one error that names every wrong variable. */
export function loadConfig(variables: Readonly<Record<string, string | undefined>>): Config {
  // A variable set to nothing is a variable not set: that is how unit files leave one out.
  const given = Object.fromEntries(Object.entries(variables).filter(([, value]) => value !== undefined && value !== ''));
  const parsed = environment.safeParse(given);
  if (!parsed.success) {
    const faults = parsed.error.issues.map(
      (issue) => `${issue.path.join('.')} = ${JSON.stringify(given[String(issue.path[0])])}: ${issue.message}`,
    );
    throw new Error(`wrong environment:\n  ${faults.join('\n  ')}`);
  }
  const values = parsed.data;
  const dataPath = values.ESPEAK_DATA_PATH;
  return Object.freeze({
    host: values.CPU_SERVER_HOST,
    grpcPort: values.CPU_SERVER_PORT,
    metricsPort: values.CPU_SERVER_METRICS_PORT,
    espeak: Object.freeze({
      argv: values.ESPEAK_COMMAND,
      env: { PATH: values.PATH, ...(dataPath === undefined ? {} : { ESPEAK_DATA_PATH: dataPath }) },
    }),
    llamaServer: Object.freeze({
      argv: values.LLAMA_SERVER_COMMAND,
      env: { PATH: values.PATH },
      folder: values.LLAMA_SERVER_DIR ?? null,
    }),
    enginesFile: values.CPU_SERVER_ENGINES_FILE ?? null,
    watchMs: values.CPU_SERVER_WATCH_MS,
    speechToTextModelDir: values.SPEECH_TO_TEXT_MODEL_DIR ?? null,
    speechToTextPhrasesFile: values.SPEECH_TO_TEXT_PHRASES_FILE ?? null,
    logLevel: values.LOG_LEVEL,
  });
}

function jsonWords(text: string): string[] {
  try {
    const words: unknown = JSON.parse(text);
    return Array.isArray(words) && words.every((word) => typeof word === 'string') ? words : [];
  } catch {
    return [];
  }
}
