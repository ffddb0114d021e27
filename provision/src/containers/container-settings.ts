/** The environment of the containers' processes: the operator's `.env` as it is, with what differs inside a container, and no secret. Pure. */
import { join } from 'node:path';
import { mergeEnvFile, parseEnvFile } from '#env-file.ts';
import { ARI_USER } from '#instance.ts';
import { ADMIN_KEY_HASH_FILE, SECRET_KEYS_FILE } from '#secrets.ts';
import { SERVER_DESCRIPTION_FILE } from '#server-description.ts';
import type { Settings } from '#settings.ts';
import { modelAddresses } from './container-addresses.ts';
import type { ContainerProfile } from './container-addresses.ts';

/** Where the containers see the folder of models. */
const MODELS = '/models';
const SECRETS = '/run/secrets';
/** Settings that are secrets: the file that each goes to, in the control plane's folder. */
export const SECRET_SETTINGS = { ADMIN_WEBHOOK_SECRET: 'admin-webhook-secret', SMTP_URL: 'smtp-url' } as const;
/** The server's token of the registry, copied from where the setting says: containers see no other file. */
export const SERVER_TOKEN_FILE = 'supabase-token';
/** Settings that name a file or folder of a model. */
const MODEL_SETTINGS = [
  'LANGUAGE_MODEL_DIR',
  'EMBEDDING_MODEL_DIR',
  'EMBEDDING_PREVIOUS_MODEL_DIR',
  'VOICE_ACTIVITY_MODEL',
  'SPEECH_TO_TEXT_MODEL_DIR',
  'TEXT_TO_SPEECH_MODEL_DIR',
  'CPU_SERVER_ENGINES_FILE',
] as const;
/** What the native runtime writes into the same `.env`, and what means nothing in a container. */
const NATIVE_KEYS = [
  'DATABASE_URL',
  'ASTERISK_PASSWORD',
  'ASTERISK_PID_FILE',
  'ESPEAK_COMMAND',
  'ESPEAK_DATA_PATH',
  'LLAMA_SERVER_COMMAND',
  'LLAMA_SERVER_DIR',
];

export type EnvironmentParts = {
  readonly home: string;
  readonly environmentText: string;
  readonly settings: Settings;
  readonly profile: ContainerProfile;
  readonly maxConcurrentCalls: number;
  readonly maxWaitingCallers: number;
  /** What the plan says of models on boards; the operator's own values go before. */
  readonly modelSettings: Readonly<Record<string, string>>;
};

/** Text of the control plane's environment file. */
export function renderControlPlaneEnvironment(parts: EnvironmentParts): string {
  const own = operatorsValues(parts);
  const secretFiles = Object.entries(SECRET_SETTINGS).flatMap(([key, file]) =>
    parts.settings[key as keyof typeof SECRET_SETTINGS] === '' ? [] : [[`${key}_FILE`, `${SECRETS}/${file}`]],
  );
  return mergeEnvFile('', {
    ...parts.modelSettings,
    ...own,
    ...Object.fromEntries(secretFiles),
    DATABASE_URL_FILE: `${SECRETS}/database-url`,
    ASTERISK_URL: 'http://asterisk-media:8088',
    ASTERISK_USERNAME: ARI_USER,
    ASTERISK_PASSWORD_FILE: `${SECRETS}/asterisk-password`,
    ASTERISK_APPLICATION: 'centralita',
    RECORDINGS_DIR: '/instance/recordings',
    ANNOUNCEMENTS_DIR: '/instance/sounds',
    ...modelAddresses(parts.settings, parts.profile),
    ADMIN_KEY_HASH_FILE: `${SECRETS}/${ADMIN_KEY_HASH_FILE}`,
    SECRET_KEYS_FILE: `${SECRETS}/${SECRET_KEYS_FILE}`,
    SERVER_DESCRIPTION_FILE: `${SECRETS}/${SERVER_DESCRIPTION_FILE}`,
    ...(parts.settings.SUPABASE_TOKEN_FILE === '' ? {} : { SUPABASE_TOKEN_FILE: `${SECRETS}/${SERVER_TOKEN_FILE}` }),
    EXPORTS_DIR: '/var/lib/centralita/exports',
    STATE_DIR: '/var/lib/centralita/state',
    MAX_CONCURRENT_CALLS: String(parts.maxConcurrentCalls),
    MAX_WAITING_CALLERS: String(parts.maxWaitingCallers),
    HTTP_HOST: '0.0.0.0',
    HTTP_PORT: '8080',
  });
}

/** Text of the inference server's environment file. */
export function renderCpuServerEnvironment(parts: EnvironmentParts): string {
  const own = Object.entries(operatorsValues(parts)).filter(([key]) => !/^(HTTP|ADMIN|SMTP|SECRET|DATABASE|ASTERISK)_/.test(key));
  return mergeEnvFile('', {
    ...Object.fromEntries(own),
    CPU_SERVER_HOST: '0.0.0.0',
    CPU_SERVER_PORT: '8001',
    CPU_SERVER_METRICS_PORT: '8002',
    ESPEAK_COMMAND: 'espeak-ng',
  });
}

/** Settings that name a model outside the folder that containers see, each with what to do. */
export function findForeignModels({ home, environmentText }: Pick<EnvironmentParts, 'home' | 'environmentText'>): readonly string[] {
  const values = parseEnvFile(environmentText);
  const folder = join(home, 'models');
  return MODEL_SETTINGS.filter((key) => (values.get(key) ?? '') !== '' && !(values.get(key) ?? '').startsWith(`${folder}/`));
}

function operatorsValues({ home, environmentText, settings }: EnvironmentParts): Readonly<Record<string, string>> {
  const hidden = new Set<string>([...NATIVE_KEYS, ...Object.keys(SECRET_SETTINGS)]);
  const stated = Object.entries(settings).map(([key, value]): [string, string] => [key, String(value)]);
  const all = new Map([...stated, ...parseEnvFile(environmentText)]);
  const folder = `${join(home, 'models')}/`;
  return Object.fromEntries(
    [...all]
      .filter(([key, value]) => !hidden.has(key) && value !== '')
      .map(([key, value]) => [key, value.startsWith(folder) ? `${MODELS}/${value.slice(folder.length)}` : value]),
  );
}
