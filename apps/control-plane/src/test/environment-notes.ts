// What each environment variable of the control plane is for. A variable without its line here does not type-check.
import type { variableSchemas } from '#app/config.ts';

export type VariableNote = {
  readonly about: string;
  /** Whoever has it can do harm; it belongs into no ticket and no log. */
  readonly isSecret?: true;
  /** What it is measured in, where the name does not say. */
  readonly unit?: string;
};

const secret = (about: string): VariableNote => ({ about, isSecret: true });
const plain = (about: string, unit?: string): VariableNote => ({ about, ...(unit !== undefined && { unit }) });

/** In the order of the table. */
export const environmentNotes = {
  DATABASE_URL: secret(
    'PostgreSQL, as the role that may not change tables; a folder with a Unix socket in place of the host is written with %2F for each slash',
  ),
  DATABASE_MIGRATION_URL: secret('PostgreSQL as the owner of the tables; for the command `migrate` alone'),
  DEMO_PHONE_PASSWORD: secret("SIP password of the demo's phone; for the command `seed-demo` alone. Without it the phone cannot register"),
  ASTERISK_URL: plain("where Asterisk's ARI answers"),
  ASTERISK_USERNAME: plain('its user'),
  ASTERISK_PASSWORD: secret("the user's password"),
  ASTERISK_APPLICATION: plain('name of the ARI application that the dialplan sends calls to'),
  ASTERISK_PID_FILE: plain('for measuring what Asterisk takes; without it that is not measured'),
  RECORDINGS_DIR: plain('where Asterisk writes recordings and the API reads them'),
  ANNOUNCEMENTS_DIR: plain('recorded apologies and fillers, made by the provisioner'),
  SPEECH_TO_TEXT_URL: plain('the model that hears'),
  TEXT_TO_SPEECH_URL: plain('the model that speaks'),
  LANGUAGE_MODEL_URL: plain('the language model; without it agents follow their flows'),
  LANGUAGE_MODEL_TEMPLATE: plain('how a chat is written for it, where its folder is not on this machine'),
  LANGUAGE_MODEL_DIR: plain('folder of its weights, for the template, the form of tool calls and the tokenizer'),
  LANGUAGE_MODEL_CONTEXT_TOKENS: plain('what it can read at once'),
  SPEECH_TO_TEXT_SLOTS: plain('requests that it works on at once, where its server does not say', 'requests'),
  TEXT_TO_SPEECH_SLOTS: plain('the same', 'requests'),
  LANGUAGE_MODEL_SLOTS: plain('the same', 'requests'),
  INFERENCE_METRICS_URL: plain('figures of the inference server, for its queues and memory'),
  VOICE_ACTIVITY_MODEL: plain('another Silero file than the one in the package'),
  EMBEDDING_MODEL_DIR: plain('sentence-transformers model with ONNX weights for knowledge; without it hashed n-grams'),
  EMBEDDING_PREVIOUS_MODEL_DIR: plain('the model before, which answers until every document has vectors of the new one'),
  HTTP_HOST: plain('address that the API listens on; it speaks plain HTTP, so beyond this machine it belongs behind a proxy'),
  HTTP_PORT: plain('its port; 0 is any free one'),
  PUBLIC_URL: plain('where the API is reached from outside; without it, as each request says'),
  TRUSTED_PROXIES: plain('proxies whose `X-Forwarded-For` is believed'),
  HTTP_TOOL_ALLOWED_NETWORKS: plain(
    'networks that tools of organizations may reach though they are not public; empty on almost every machine',
  ),
  ADMIN_KEY_HASH_FILE: plain('SHA-256 of the admin key; read at every request'),
  SECRET_KEYS_FILE: plain('versioned keys that tokens, audit log, signed links and passwords hang on'),
  EXPORTS_DIR: plain('exports of organizations'),
  EXPORT_DAYS: plain('how long they are kept'),
  STATE_DIR: plain('what one process leaves to the next; on a local disk, readable by its owner alone'),
  SERVER_ID: plain(
    'which calls are whose among servers that share a database, the same after every restart; without it the ARI application',
  ),
  MAX_CONCURRENT_CALLS: plain('live calls at the most', 'calls'),
  MAX_WAITING_CALLERS: plain(
    'callers held until there is room, in organizations that chose `queue`, of which one alone gets about four fifths of the places; written by provision from the ports for sound',
    'callers',
  ),
  MAX_CALL_SECONDS: plain('the longest call; an agent may say less'),
  DRAIN_SECONDS: plain('how long live calls may go on after a stop'),
  BEHIND_BALANCER: plain('1: a balancer or carrier tries another server when this one refuses a call'),
  ADMISSION_BY_ESTIMATE: plain('1: the measured capacity limits the calls where it is below `MAX_CONCURRENT_CALLS`'),
  ADMISSION_GAP_P95_MS: plain('no call is taken while the silence before answers is longer in 95 % of the last minute'),
  ADMISSION_QUEUE_P95_MS: plain(
    'none is taken either while requests wait longer before a model begins, at five looks in a row (10 s), until 95 % of a minute were shorter',
  ),
  GLOBAL_STOP_AFTER_FAILED_CALLS: plain('calls that fail within 10 minutes before new ones are stopped; 0: never', 'calls'),
  GLOBAL_STOP_AUTO_RESUME: plain('whether a stop that failures caused ends by itself once the probes pass'),
  ADMIN_WEBHOOK_URL: plain('where alerts are posted'),
  ADMIN_WEBHOOK_SECRET: secret('what they are signed with (Standard Webhooks)'),
  SMTP_URL: secret('mail server for alerts'),
  SMTP_FROM: plain('their sender'),
  ADMIN_EMAIL: plain('who gets them'),
  ALERT_REPEAT_MINUTES: plain('the same alert is sent once in this time'),
  SUPABASE_URL: plain('project in which this server is registered; without it the server is on its own'),
  SUPABASE_PUBLISHABLE_KEY: plain("the project's publishable key, which its gateway asks of everybody"),
  SUPABASE_TOKEN_FILE: plain("this server's own token, which may write its own rows alone; read at every request"),
  SERVER_ADDRESSES: plain('where this server is reached, for whoever spreads calls over servers'),
  SERVER_DESCRIPTION_FILE: plain('what the provisioner found out about this machine, for the registry'),
  LOG_LEVEL: plain('what is logged'),
  LOG_PERSONAL_DATA: plain('true: what is under `pii` is written instead of `[hidden]`'),
  OTEL_EXPORTER_OTLP_ENDPOINT: plain(
    'OpenTelemetry collector that gets a trace of each call (OTLP over HTTP); without it nothing of it is loaded',
  ),
  OTEL_TRACES_SAMPLER_ARG: plain('share of the calls without an error that are sent; those with one all are'),
} as const satisfies Readonly<Record<keyof typeof variableSchemas, VariableNote>>;
