/** What the operator may decide in `.env`: ports, addresses, limits. Everything has a default; secrets of the operator's own making are the webhook's and the mail server's. */
import { isIP } from 'node:net';
import { z } from 'zod';
import { ObstacleError } from './place.ts';

/** Whether a text is addresses with commas between them; the control plane starts with no other. */
function isAddressList(text: string): boolean {
  const addresses = text.split(',').map((address) => address.trim());
  return addresses.every((address) => address === '' || isIP(address) !== 0);
}

/** The same for networks, an address and the length of its prefix. */
function isNetworkList(text: string): boolean {
  return text.split(',').every((network) => {
    const [address = '', bits = '', ...more] = network.trim().split('/');
    if (network.trim() === '') return true;
    const version = isIP(address);
    const longest = version === 4 ? 32 : version === 6 ? 128 : -1;
    return more.length === 0 && /^[0-9]{1,3}$/.test(bits) && Number(bits) <= longest;
  });
}

const folder = z
  .string()
  .regex(/^(\/.*)?$/, 'must be the absolute path of a folder')
  .default('');
const port = z.coerce.number().int().min(1).max(65_535);

const modelServer = z
  .string()
  .regex(/^(((grpc|http):\/\/)?[A-Za-z0-9.-]+:[0-9]{1,5})?$/, 'must be the host:port of a gRPC server, such as 127.0.0.1:8001')
  .default('');
const yesOrNo = z.enum(['true', 'false']).default('false');
const httpAddress = z
  .string()
  .regex(/^(https?:\/\/\S+)?$/, 'must be an http or https address')
  .default('');
const slots = z
  .string()
  .regex(/^([1-9][0-9]{0,3})?$/, 'must be a whole number from 1 to 4096')
  .default('');

/** When calls are refused or stopped, and who is told. */
const safetySettings = {
  /** Whose calls are whose where servers share a database; empty: the ARI application. */
  SERVER_ID: z
    .string()
    .regex(/^[A-Za-z0-9_-]{0,64}$/, 'must be 1 to 64 letters, digits, _ and -')
    .default(''),
  /** Whether the measured capacity limits the calls, and the silences (ms) beyond which no call is taken. */
  ADMISSION_BY_ESTIMATE: z.enum(['0', '1']).default('0'),
  ADMISSION_GAP_P95_MS: z.coerce.number().int().min(500).max(60_000).default(3_000),
  ADMISSION_QUEUE_P95_MS: z.coerce.number().int().min(50).max(60_000).default(500),
  /** Requests that a model works on at once, where its server does not say. */
  SPEECH_TO_TEXT_SLOTS: slots,
  LANGUAGE_MODEL_SLOTS: slots,
  TEXT_TO_SPEECH_SLOTS: slots,
  /** Calls that fail within ten minutes before new ones are stopped; 0: never. */
  GLOBAL_STOP_AFTER_FAILED_CALLS: z.coerce.number().int().min(0).max(1_000).default(5),
  GLOBAL_STOP_AUTO_RESUME: yesOrNo,
  /** Where the administrator is told: a webhook with its secret, or mail with server, sender and addresses; empty: the log alone. */
  ADMIN_WEBHOOK_URL: httpAddress,
  ADMIN_WEBHOOK_SECRET: z
    .string()
    .regex(/^(whsec_[A-Za-z0-9+/]{32,128}={0,2})?$/, 'must be whsec_ and 24 to 96 random bytes in base64')
    .default(''),
  SMTP_URL: z
    .string()
    .regex(/^(smtps?:\/\/[^/]+)?$/, 'must be smtp://host:port or smtps://user:password@host:port')
    .default(''),
  SMTP_FROM: z.string().default(''),
  ADMIN_EMAIL: z.string().default(''),
  ALERT_REPEAT_MINUTES: z.coerce.number().int().min(1).max(1_440).default(10),
};

/** Backups, and whose releases are believed. */
const copySettings = {
  /** Time of day (UTC) of the daily backup, such as 03:30; empty: none is made by itself. */
  BACKUP_AT: z
    .string()
    .regex(/^(([01][0-9]|2[0-3]):[0-5][0-9])?$/, 'must be a time of day such as 03:30')
    .default('03:30'),
  /** Daily backups that are kept. */
  BACKUP_KEEP: z.coerce.number().int().min(1).max(1_000).default(14),
  /** true: recordings and exports are in the daily backup too. */
  BACKUP_RECORDINGS: yesOrNo,
  /** Ed25519 key (32 bytes in base64) that releases must be signed with; empty: any release is taken. */
  RELEASE_PUBLIC_KEY: z
    .string()
    .regex(/^([A-Za-z0-9+/]{43}=)?$/, 'must be the 32 bytes of an Ed25519 key in base64')
    .default(''),
};

/** Whether a text is addresses that a balancer can dial. */
function isServerAddressList(text: string): boolean {
  const addresses = text
    .split(',')
    .map((address) => address.trim())
    .filter((address) => address !== '');
  return addresses.length <= 16 && addresses.every((address) => /^(sips?:|https?:\/\/)[^\s,"]{1,190}$/.test(address));
}

/** Where this server is registered, so that others know of it; all empty: it is on its own. */
const registrySettings = {
  /** The Supabase project, its publishable key, and the file with this server's own token, readable by the service user. */
  SUPABASE_URL: z
    .string()
    .regex(/^(https?:\/\/[^/]+)?$/, 'must be the address of the project without a path, such as https://abcdefgh.supabase.co')
    .default(''),
  SUPABASE_PUBLISHABLE_KEY: z
    .string()
    .regex(/^[A-Za-z0-9._-]{0,2048}$/, "must be the project's publishable key, sb_publishable_…, or its anon key")
    .default(''),
  SUPABASE_TOKEN_FILE: z
    .string()
    .regex(/^(\/.*)?$/, "must be the absolute path of the file holding this server's token")
    .default(''),
  /** Where this server is reached, such as sip:192.0.2.7:5060,https://centralita.example.com. */
  SERVER_ADDRESSES: z
    .string()
    .refine(isServerAddressList, 'must be up to 16 addresses with commas between them, such as sip:192.0.2.7:5060')
    .default(''),
};

/** What `--profile` takes. */
export const PROFILES = ['auto', 'cpu'] as const;
export type Profile = (typeof PROFILES)[number];

const settingsSchema = z.object({
  /** Address that SIP and RTP listen on. */
  BIND_ADDRESS: z.string().min(1).default('0.0.0.0'),
  SIP_PORT: port.default(5060),
  RTP_FIRST_PORT: port.default(20_000),
  /** The last port for sound that a firewall lets through; left out or empty, as many as the calls need. */
  RTP_LAST_PORT: port.optional(),
  ARI_PORT: port.default(8088),
  /** Not 5432: a machine's own PostgreSQL may sit there. */
  POSTGRES_PORT: port.default(5433),
  /** The API speaks plain HTTP: beyond this machine it belongs behind a proxy with TLS. */
  HTTP_HOST: z.string().min(1).default('127.0.0.1'),
  HTTP_PORT: port.default(8080),
  /** Where the API is reached from outside, such as https://centralita.example.com; empty: as each request says. */
  PUBLIC_URL: z
    .string()
    .regex(/^(https?:\/\/[^/]+)?$/, 'must be an http or https address without a path, such as https://centralita.example.com')
    .default(''),
  /** Addresses of proxies whose X-Forwarded-For is believed, comma-separated. */
  TRUSTED_PROXIES: z.string().refine(isAddressList, 'must be addresses with commas between them, such as 127.0.0.1,10.0.0.2').default(''),
  /** Servers of speech elsewhere, such as Tritons of the operator's own, and the page of their figures; empty: this machine's inference server. */
  SPEECH_TO_TEXT_URL: modelServer,
  TEXT_TO_SPEECH_URL: modelServer,
  INFERENCE_METRICS_URL: httpAddress,
  /** The language model's server (Triton with vLLM), such as 127.0.0.1:8001; empty: agents follow their flows. */
  LANGUAGE_MODEL_URL: modelServer,
  /** Folder of its weights, for the chat template, the tool calls' form and the tokenizer; empty: the template of that name. */
  LANGUAGE_MODEL_DIR: folder,
  LANGUAGE_MODEL_TEMPLATE: z.enum(['chatml', 'llama3']).default('chatml'),
  LANGUAGE_MODEL_CONTEXT_TOKENS: z.coerce.number().int().min(1_024).max(1_048_576).default(4_096),
  /** Folder of a sentence-transformers model with ONNX weights, for knowledge; empty: hashed n-grams, which need none. */
  EMBEDDING_MODEL_DIR: folder,
  /** The model before it, which answers until every document has vectors of the new one. */
  EMBEDDING_PREVIOUS_MODEL_DIR: folder,
  /** Another Silero file than the one that comes with the package. */
  VOICE_ACTIVITY_MODEL: z
    .string()
    .regex(/^(\/.*\.onnx)?$/, 'must be the absolute path of an .onnx file')
    .default(''),
  /** Networks that organizations' own tools may reach though they are not public, comma-separated; empty on almost every machine. */
  HTTP_TOOL_ALLOWED_NETWORKS: z
    .string()
    .refine(isNetworkList, 'must be networks with commas between them, such as 192.168.7.0/24')
    .default(''),
  CPU_SERVER_PORT: port.default(8001),
  CPU_SERVER_METRICS_PORT: port.default(8002),
  PROMETHEUS_PORT: port.default(9090),
  NODE_EXPORTER_PORT: port.default(9100),
  POSTGRES_EXPORTER_PORT: port.default(9187),
  /** `cpu`: GPUs are left alone, whether they work or not. */
  PROFILE: z.enum(PROFILES).default('auto'),
  /** How this server is called where several send to one Prometheus. */
  SERVER_NAME: z
    .string()
    .regex(/^[A-Za-z0-9._-]{1,64}$/, 'must be 1 to 64 letters, digits, ., _ and -')
    .default('centralita'),
  /** Series are kept for this many days, and not more of them than these gigabytes. */
  PROMETHEUS_RETENTION_DAYS: z.coerce.number().int().min(1).max(3650).default(15),
  PROMETHEUS_RETENTION_GIGABYTES: z.coerce.number().int().min(1).max(10_000).default(5),
  /** Live calls admitted; left out, the sizing decides, and calibrate after it. */
  MAX_CONCURRENT_CALLS: z.coerce.number().int().min(1).max(1000).optional(),
  /** What the sizing last put there: not for the operator to change, it tells his figure from ours. */
  SIZED_CONCURRENT_CALLS: z.coerce.number().int().min(1).max(1000).optional(),
  /** 0: weights whose licence forbids commercial use (F5-TTS's) may be planned with. */
  MODELS_COMMERCIAL_ONLY: z.enum(['0', '1']).default('1'),
  /** Stands for the scheme and host that models are fetched from, such as https://mirror.example.com; empty: each model's own. */
  MODELS_MIRROR_URL: httpAddress,
  /** The longest call: agents may say less and no more; the dialplan cuts off what the control plane did not end half a minute later. */
  MAX_CALL_SECONDS: z.coerce.number().int().min(10).max(86_400).default(3600),
  BEHIND_BALANCER: z.enum(['0', '1']).default('0'),
  FALLBACK_DESTINATION: z.string().default(''),
  /** Public address of a machine behind network address translation, and its private networks, comma-separated. */
  EXTERNAL_ADDRESS: z.string().default(''),
  LOCAL_NETWORKS: z.string().default(''),
  /** Days that the export of an organization is kept, from its making or from the organization's deletion, whichever is later. */
  EXPORT_DAYS: z.coerce.number().int().min(1).max(3650).default(30),
  /** How long live calls may go on after a stop. */
  DRAIN_SECONDS: z.coerce.number().int().min(0).max(3600).default(600),
  ...safetySettings,
  ...registrySettings,
  ...copySettings,
  LOG_LEVEL: z.enum(['fatal', 'error', 'warn', 'info', 'debug', 'trace']).default('info'),
  /** true: numbers and what was said are logged, for the time of a search for a fault. */
  LOG_PERSONAL_DATA: yesOrNo,
  /** Collector that gets a trace of each call, such as http://127.0.0.1:4318; empty: none are made. Of calls without an error this share is sent. */
  OTEL_EXPORTER_OTLP_ENDPOINT: httpAddress,
  OTEL_TRACES_SAMPLER_ARG: z.coerce.number().min(0).max(1).default(0.1),
});

export type Settings = z.infer<typeof settingsSchema>;

/** Checks what `.env` says. Throws one error naming every wrong variable and the file. */
export function readSettings(values: ReadonlyMap<string, string>, path: string): Settings {
  const given = Object.fromEntries([...values].filter(([, value]) => value !== ''));
  const parsed = settingsSchema.safeParse(given);
  if (parsed.success) return parsed.data;
  const faults = parsed.error.issues.map(
    (issue) => `  ${issue.path.join('.')} = ${JSON.stringify(given[String(issue.path[0])])}: ${issue.message}`,
  );
  throw new ObstacleError(`${path}: wrong settings. Correct them and run again:\n${faults.join('\n')}`);
}

/** The ports that must be free or ours, with the setting that moves each. */
export function listPorts(
  settings: Settings,
): readonly { readonly setting: string; readonly port: number; readonly kind: 'udp' | 'tcp' }[] {
  return [
    { setting: 'SIP_PORT', port: settings.SIP_PORT, kind: 'udp' },
    { setting: 'ARI_PORT', port: settings.ARI_PORT, kind: 'tcp' },
    { setting: 'POSTGRES_PORT', port: settings.POSTGRES_PORT, kind: 'tcp' },
    { setting: 'HTTP_PORT', port: settings.HTTP_PORT, kind: 'tcp' },
    { setting: 'CPU_SERVER_PORT', port: settings.CPU_SERVER_PORT, kind: 'tcp' },
    { setting: 'CPU_SERVER_METRICS_PORT', port: settings.CPU_SERVER_METRICS_PORT, kind: 'tcp' },
    { setting: 'PROMETHEUS_PORT', port: settings.PROMETHEUS_PORT, kind: 'tcp' },
    { setting: 'NODE_EXPORTER_PORT', port: settings.NODE_EXPORTER_PORT, kind: 'tcp' },
    { setting: 'POSTGRES_EXPORTER_PORT', port: settings.POSTGRES_EXPORTER_PORT, kind: 'tcp' },
  ];
}
