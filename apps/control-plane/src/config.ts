// The environment, read once and checked whole: one error names every variable that is wrong and what it should be.
import { isIP } from 'node:net';
import { z } from 'zod';
import { MAX_WAITING_CALLERS } from '#engine/limits.ts';
import { isNetwork } from '#shared/network.ts';

const postgresUrl = z
  .string('must be postgres://user:password@host:port/database')
  .regex(/^postgres(ql)?:\/\/[^/]+\/[^/]+$/, 'must be postgres://user:password@host:port/database');
const grpcAddress = z
  .string('must be the host:port of a KServe v2 gRPC server, such as 127.0.0.1:8001')
  .regex(/^((grpc|http):\/\/)?[A-Za-z0-9.-]+:[0-9]{1,5}$/, 'must be the host:port of a KServe v2 gRPC server, such as 127.0.0.1:8001');
const folder = z.string('must be the absolute path of a folder').regex(/^\//, 'must be the absolute path of a folder');
const file = (what: string) =>
  z.string(`must be the absolute path of a file ${what}`).regex(/^\/./, `must be the absolute path of a file ${what}`);
const word = (example: string) =>
  z.string(`must be a word, such as ${example}`).regex(/^[A-Za-z0-9_-]{1,64}$/, `must be a word, such as ${example}`);
const wholeNumber = (from: number, to: number) => {
  const expected = `must be a whole number from ${from} to ${to}`;
  return z
    .string(expected)
    .regex(/^[0-9]{1,9}$/, expected)
    .transform(Number)
    .pipe(z.number().min(from, expected).max(to, expected));
};
/** Parts with commas between them; none when left out. */
const commaList = z
  .string()
  .default('')
  .transform((text) =>
    text
      .split(',')
      .map((part) => part.trim())
      .filter((part) => part !== ''),
  );
/** Addresses as a balancer dials them: `sip:192.0.2.7:5060`, `https://centralita.example.com`. */
const addressList = commaList.refine(
  (addresses) => addresses.length <= 16 && addresses.every((address) => /^(sips?:|https?:\/\/)[^\s,"]{1,190}$/.test(address)),
  'must be up to 16 addresses with commas between them, such as sip:192.0.2.7:5060,https://centralita.example.com',
);
const levels = ['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'] as const;
const templates = ['chatml', 'llama3'] as const;

type AdmissionEnv = Readonly<Record<'ADMISSION_GAP_P95_MS' | 'ADMISSION_QUEUE_P95_MS', number>> & {
  readonly ADMISSION_BY_ESTIMATE: '0' | '1';
};
/** Beyond the two times no call is taken: silence before answers, and wait for a model, that 95 % of the last minute did not exceed. */
const admissionOf = (env: AdmissionEnv) => ({
  /** Whether the estimate limits the calls where it is less than what is configured. */
  byEstimate: env.ADMISSION_BY_ESTIMATE === '1',
  gapP95Ms: env.ADMISSION_GAP_P95_MS,
  queueP95Ms: env.ADMISSION_QUEUE_P95_MS,
});

type RegistryEnv = {
  readonly [Name in 'SUPABASE_URL' | 'SUPABASE_PUBLISHABLE_KEY' | 'SUPABASE_TOKEN_FILE' | 'SERVER_DESCRIPTION_FILE']?: string | undefined;
} & { readonly SERVER_ADDRESSES: readonly string[] };
/** Where this server is registered, and what it says of itself there. */
const registryOf = ({
  SUPABASE_URL: url,
  SUPABASE_PUBLISHABLE_KEY: publishableKey,
  SUPABASE_TOKEN_FILE: tokenFile,
  ...env
}: RegistryEnv) => ({
  /** Null: it is on its own. */
  supabase: url && publishableKey && tokenFile ? { url, publishableKey, tokenFile } : null,
  addresses: env.SERVER_ADDRESSES,
  /** Null: the registry is not told what machine this is. */
  descriptionFile: env.SERVER_DESCRIPTION_FILE ?? null,
});

type MeasuredEnv = {
  readonly [Name in 'ASTERISK_PID_FILE' | 'INFERENCE_METRICS_URL']?: string | undefined;
} & { readonly [Name in 'SPEECH_TO_TEXT_SLOTS' | 'LANGUAGE_MODEL_SLOTS' | 'TEXT_TO_SPEECH_SLOTS']?: number | undefined };
/** Where the measurements of this server come from. */
const measuredOf = (env: MeasuredEnv) => ({
  /** Null: Asterisk runs elsewhere, and what it takes is not measured. */
  asteriskPidFile: env.ASTERISK_PID_FILE ?? null,
  inferenceMetricsUrl: env.INFERENCE_METRICS_URL ?? null,
  /** Requests that each model works on at once, where its server does not say. */
  slots: {
    ...(env.SPEECH_TO_TEXT_SLOTS && { speech_to_text: env.SPEECH_TO_TEXT_SLOTS }),
    ...(env.LANGUAGE_MODEL_SLOTS && { language_model: env.LANGUAGE_MODEL_SLOTS }),
    ...(env.TEXT_TO_SPEECH_SLOTS && { text_to_speech: env.TEXT_TO_SPEECH_SLOTS }),
  },
});

const serveVariables = z.object({
  DATABASE_URL: postgresUrl,
  ASTERISK_URL: z
    .string('must be the http address of Asterisk, such as http://127.0.0.1:8088')
    .regex(/^https?:\/\/[^/]+$/, 'must be the http address of Asterisk without a path, such as http://127.0.0.1:8088'),
  ASTERISK_USERNAME: word('centralita'),
  ASTERISK_PASSWORD: z.string('must be the password of the ARI user').min(8, 'must have 8 characters or more'),
  ASTERISK_APPLICATION: word('centralita').default('centralita'),
  RECORDINGS_DIR: folder,
  ANNOUNCEMENTS_DIR: folder,
  SPEECH_TO_TEXT_URL: grpcAddress,
  TEXT_TO_SPEECH_URL: grpcAddress,
  LANGUAGE_MODEL_URL: grpcAddress.optional(),
  LANGUAGE_MODEL_TEMPLATE: z.enum(templates, `must be one of ${templates.join(', ')}`).default('chatml'),
  LANGUAGE_MODEL_DIR: folder.optional(),
  LANGUAGE_MODEL_CONTEXT_TOKENS: wholeNumber(1_024, 1_048_576).default(4_096),
  VOICE_ACTIVITY_MODEL: z
    .string()
    .regex(/^\/.*\.onnx$/, 'must be the absolute path of an .onnx file')
    .optional(),
  EMBEDDING_MODEL_DIR: folder.optional(),
  EMBEDDING_PREVIOUS_MODEL_DIR: folder.optional(),
  HTTP_HOST: z.string().min(1).default('127.0.0.1'),
  HTTP_PORT: wholeNumber(0, 65_535).default(8080),
  ADMIN_KEY_HASH_FILE: file('holding the SHA-256 of the admin key'),
  SECRET_KEYS_FILE: file('holding the secret keys'),
  EXPORTS_DIR: folder,
  STATE_DIR: folder,
  SERVER_ID: word('centralita').optional(),
  EXPORT_DAYS: wholeNumber(1, 3_650).default(30),
  PUBLIC_URL: z
    .string()
    .regex(/^https?:\/\/[^/]+$/, 'must be where the API is reached from outside, without a path, such as https://centralita.example.com')
    .optional(),
  TRUSTED_PROXIES: commaList.refine(
    (addresses) => addresses.every((address) => isIP(address) !== 0),
    'must be addresses with commas between them, such as 127.0.0.1,10.0.0.2',
  ),
  HTTP_TOOL_ALLOWED_NETWORKS: commaList.refine(
    (networks) => networks.every(isNetwork),
    'must be networks with commas between them, such as 192.168.7.0/24',
  ),
  MAX_CONCURRENT_CALLS: wholeNumber(1, 1_000).default(50),
  MAX_WAITING_CALLERS: wholeNumber(0, MAX_WAITING_CALLERS).default(MAX_WAITING_CALLERS),
  MAX_CALL_SECONDS: wholeNumber(10, 86_400).default(3_600),
  DRAIN_SECONDS: wholeNumber(0, 86_400).default(600),
  GLOBAL_STOP_AFTER_FAILED_CALLS: wholeNumber(0, 1_000).default(5),
  GLOBAL_STOP_AUTO_RESUME: z.enum(['true', 'false'], 'must be true or false').default('false'),
  ADMIN_WEBHOOK_URL: z.url({ protocol: /^https?$/, error: 'must be the http or https address that alerts are posted to' }).optional(),
  ADMIN_WEBHOOK_SECRET: z
    .string()
    .regex(/^whsec_[A-Za-z0-9+/]{32,128}={0,2}$/, 'must be whsec_ and 24 to 96 random bytes in base64: `openssl rand -base64 32`')
    .optional(),
  SMTP_URL: z
    .string()
    .regex(/^smtps?:\/\/[^/]+$/, 'must be smtp://host:port or smtps://user:password@host:port')
    .optional(),
  SMTP_FROM: z
    .string()
    .regex(/^[^\s@]+@[^\s@]+$/, 'must be the address that alerts come from')
    .optional(),
  ADMIN_EMAIL: z
    .string()
    .regex(/^[^\s@,]+@[^\s@,]+(,[^\s@,]+@[^\s@,]+){0,9}$/, 'must be up to 10 addresses with commas between them')
    .optional(),
  ALERT_REPEAT_MINUTES: wholeNumber(1, 1_440).default(10),
  BEHIND_BALANCER: z.enum(['0', '1'], 'must be 0 or 1').default('0'),
  ADMISSION_BY_ESTIMATE: z.enum(['0', '1'], 'must be 0 or 1').default('0'),
  ADMISSION_GAP_P95_MS: wholeNumber(500, 60_000).default(3_000),
  ADMISSION_QUEUE_P95_MS: wholeNumber(50, 60_000).default(500),
  ASTERISK_PID_FILE: file('holding the process number of Asterisk').optional(),
  INFERENCE_METRICS_URL: z
    .string()
    .regex(/^https?:\/\/\S+$/, 'must be the page of metrics of the inference server, such as http://127.0.0.1:8002/metrics')
    .optional(),
  SPEECH_TO_TEXT_SLOTS: wholeNumber(1, 4_096).optional(),
  LANGUAGE_MODEL_SLOTS: wholeNumber(1, 4_096).optional(),
  TEXT_TO_SPEECH_SLOTS: wholeNumber(1, 4_096).optional(),
  SUPABASE_URL: z
    .string()
    .regex(/^https?:\/\/[^/]+$/, 'must be the address of the project without a path, such as https://abcdefgh.supabase.co')
    .optional(),
  SUPABASE_PUBLISHABLE_KEY: z
    .string()
    .regex(/^[A-Za-z0-9._-]{1,2048}$/, "must be the project's publishable key, sb_publishable_…, or its anon key")
    .optional(),
  SUPABASE_TOKEN_FILE: file("holding this server's token").optional(),
  SERVER_ADDRESSES: addressList,
  SERVER_DESCRIPTION_FILE: file('describing this machine').optional(),
  LOG_LEVEL: z.enum(levels, `must be one of ${levels.join(', ')}`).default('info'),
  LOG_PERSONAL_DATA: z.enum(['true', 'false'], 'must be true or false').default('false'),
  OTEL_EXPORTER_OTLP_ENDPOINT: z
    .string()
    .regex(/^https?:\/\/[^/]+(\/.*)?$/, 'must be the http address of an OpenTelemetry collector, such as http://127.0.0.1:4318')
    .optional(),
  OTEL_TRACES_SAMPLER_ARG: z
    .string()
    .regex(/^(0(\.[0-9]{1,6})?|1(\.0{1,6})?)$/, 'must be a share from 0 to 1, such as 0.1')
    .default('0.1')
    .transform(Number),
});
const serveSchema = serveVariables
  .superRefine((env, context) => {
    // Half of it would look set up and tell nobody.
    for (const names of [
      ['ADMIN_WEBHOOK_URL', 'ADMIN_WEBHOOK_SECRET'],
      ['SMTP_URL', 'SMTP_FROM', 'ADMIN_EMAIL'],
      ['SUPABASE_URL', 'SUPABASE_PUBLISHABLE_KEY', 'SUPABASE_TOKEN_FILE'],
    ] as const) {
      if (names.every((name) => env[name] === undefined)) continue;
      for (const name of names)
        if (env[name] === undefined)
          context.addIssue({
            code: 'custom',
            path: [name],
            message: `must be set together with ${names.filter((other) => other !== name).join(' and ')}`,
          });
    }
  })
  .transform((env) => ({
    databaseUrl: env.DATABASE_URL,
    asterisk: {
      url: env.ASTERISK_URL,
      username: env.ASTERISK_USERNAME,
      password: env.ASTERISK_PASSWORD,
      application: env.ASTERISK_APPLICATION,
      recordingsFolder: env.RECORDINGS_DIR,
      /** Whether a SIP balancer stands in front, which is told 503 when there is no room. */
      behindBalancer: env.BEHIND_BALANCER === '1',
    },
    announcementsDir: env.ANNOUNCEMENTS_DIR,
    inference: {
      speechToTextUrl: env.SPEECH_TO_TEXT_URL,
      textToSpeechUrl: env.TEXT_TO_SPEECH_URL,
      languageModel: env.LANGUAGE_MODEL_URL
        ? {
            url: env.LANGUAGE_MODEL_URL,
            template: env.LANGUAGE_MODEL_TEMPLATE,
            /** Null: the weights are not on this machine, and the template is the one of that name. */
            folder: env.LANGUAGE_MODEL_DIR ?? null,
            contextTokens: env.LANGUAGE_MODEL_CONTEXT_TOKENS,
          }
        : null,
    },
    /** Null: the model that comes with the package. */
    voiceActivityModel: env.VOICE_ACTIVITY_MODEL ?? null,
    embedding: {
      /** Folder of a sentence-transformers model with ONNX weights; null: hashed n-grams. */
      modelDir: env.EMBEDDING_MODEL_DIR ?? null,
      /** The model before, which answers until every document has vectors of the new one; null without. */
      previousModelDir: env.EMBEDDING_PREVIOUS_MODEL_DIR ?? null,
    },
    http: { host: env.HTTP_HOST, port: env.HTTP_PORT },
    adminKeyHashFile: env.ADMIN_KEY_HASH_FILE,
    secretKeysFile: env.SECRET_KEYS_FILE,
    exportsDir: env.EXPORTS_DIR,
    /** Folder of what this process leaves to the next one: events that are not in the database yet, and until when it lived. */
    stateDir: env.STATE_DIR,
    /** Whose calls are whose among control planes that share a database: one name each, the same after every restart. */
    serverId: env.SERVER_ID ?? env.ASTERISK_APPLICATION,
    exportDays: env.EXPORT_DAYS,
    /** Null: as the request says. */
    publicUrl: env.PUBLIC_URL ?? null,
    trustedProxies: env.TRUSTED_PROXIES,
    /** Networks that tools of organizations reach though they are not public; empty on every box but a test's. */
    httpToolAllowedNetworks: env.HTTP_TOOL_ALLOWED_NETWORKS,
    maxConcurrentCalls: env.MAX_CONCURRENT_CALLS,
    /** Callers who are held until there is room; what Asterisk was given channels and ports for. */
    maxWaitingCallers: env.MAX_WAITING_CALLERS,
    /** The longest call of any agent; what an agent says can only be less. */
    maxCallMs: env.MAX_CALL_SECONDS * 1_000,
    admission: admissionOf(env),
    measured: measuredOf(env),
    /** How long live calls may go on after a stop signal. */
    drainMs: env.DRAIN_SECONDS * 1_000,
    safety: {
      stopAfterFailedCalls: env.GLOBAL_STOP_AFTER_FAILED_CALLS,
      autoResume: env.GLOBAL_STOP_AUTO_RESUME === 'true',
      repeatAlertAfterMs: env.ALERT_REPEAT_MINUTES * 60_000,
    },
    /** Where the administrator is told, besides the log; null: not there. */
    alerts: alertsOf(env),
    registry: registryOf(env),
    log: { level: env.LOG_LEVEL, showsPersonalData: env.LOG_PERSONAL_DATA === 'true' },
    /** Where traces of calls go; null: none are made. */
    traces: env.OTEL_EXPORTER_OTLP_ENDPOINT ? { endpoint: env.OTEL_EXPORTER_OTLP_ENDPOINT, ratio: env.OTEL_TRACES_SAMPLER_ARG } : null,
  }));

type AlertEnvironment = Partial<
  Readonly<Record<'ADMIN_WEBHOOK_URL' | 'ADMIN_WEBHOOK_SECRET' | 'SMTP_URL' | 'SMTP_FROM' | 'ADMIN_EMAIL', string | undefined>>
>;

/** What belongs together is there together: the schema saw to it. */
function alertsOf({ ADMIN_WEBHOOK_URL: url, ADMIN_WEBHOOK_SECRET: secret, SMTP_URL, SMTP_FROM, ADMIN_EMAIL }: AlertEnvironment) {
  return {
    webhook: url && secret ? { url, secret } : null,
    email: SMTP_URL && SMTP_FROM && ADMIN_EMAIL ? { url: SMTP_URL, from: SMTP_FROM, to: ADMIN_EMAIL.split(',') } : null,
  };
}

const migrationVariables = z.object({ DATABASE_MIGRATION_URL: postgresUrl });
const migrationSchema = migrationVariables.transform((env) => ({ databaseUrl: env.DATABASE_MIGRATION_URL }));

const seedVariables = z.object({
  DATABASE_URL: postgresUrl,
  DEMO_PHONE_PASSWORD: z
    .string()
    .regex(/^[A-Za-z0-9_-]{12,128}$/, 'must be 12 to 128 letters, digits, - and _')
    .optional(),
});
const seedSchema = seedVariables
  // Null: the demo's phone cannot register until its password is reset.
  .transform((env) => ({ databaseUrl: env.DATABASE_URL, phonePassword: env.DEMO_PHONE_PASSWORD ?? null }));

const recordSchema = z
  .object({ DATABASE_URL: postgresUrl, SECRET_KEYS_FILE: file('holding the secret keys') })
  .transform((env) => ({ databaseUrl: env.DATABASE_URL, secretKeysFile: env.SECRET_KEYS_FILE }));

/** Everything that the control plane is told from outside. */
export type Config = Readonly<z.output<typeof serveSchema>>;
/** When no more calls are taken. */
export type AdmissionConfig = Config['admission'];
/** Environment variables by name; empty counts as missing. */
export type Environment = Readonly<Record<string, string | undefined>>;
/** Names of all variables that the serving process reads, for whoever writes its environment. */
export const configVariables: readonly string[] = Object.keys(serveVariables.shape);
/** Every variable of the process and its commands with what it may be, for the table in the documentation. */
export const variableSchemas = { ...seedVariables.shape, ...migrationVariables.shape, ...serveVariables.shape };

/** The environment is wrong; the message has one line per variable. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError';
}

/** Configuration of the serving process. Throws `ConfigError` naming every wrong variable. */
export function loadConfig(environment: Environment): Config {
  return load(serveSchema, environment);
}

/** Configuration of the migration command: the tables' owner. */
export function loadMigrationConfig(environment: Environment): { readonly databaseUrl: string } {
  return load(migrationSchema, environment);
}

/** Configuration of the command that adds the demo. */
export function loadSeedConfig(environment: Environment): { readonly databaseUrl: string; readonly phonePassword: string | null } {
  return load(seedSchema, environment);
}

/** Configuration of the command that writes into the audit log. */
export function loadRecordConfig(environment: Environment): { readonly databaseUrl: string; readonly secretKeysFile: string } {
  return load(recordSchema, environment);
}

function load<Output extends object>(schema: z.ZodType<Output>, environment: Environment): Readonly<Output> {
  const given = Object.fromEntries(Object.entries(environment).filter(([, value]) => value !== undefined && value !== ''));
  const parsed = schema.safeParse(given);
  if (parsed.success) return frozen(parsed.data);
  const lines = parsed.error.issues.map(({ path, message }) => {
    const name = String(path[0]);
    return `  ${name} ${message}${name in given ? '' : ' (it is not set)'}`;
  });
  throw new ConfigError(`the environment is wrong:\n${lines.join('\n')}`);
}

function frozen<Value extends object>(value: Value): Readonly<Value> {
  for (const inner of Object.values(value)) if (typeof inner === 'object' && inner !== null) frozen(inner as object);
  return Object.freeze(value);
}
