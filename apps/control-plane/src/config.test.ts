import { describe, expect, it } from 'vitest';
import { ConfigError, loadConfig, loadMigrationConfig } from './config.ts';

const good = {
  DATABASE_URL: 'postgres://centralita_app:secret@127.0.0.1:5432/centralita',
  ASTERISK_URL: 'http://127.0.0.1:8088',
  ASTERISK_USERNAME: 'centralita',
  ASTERISK_PASSWORD: 'a-long-password',
  RECORDINGS_DIR: '/var/recordings',
  ANNOUNCEMENTS_DIR: '/var/sounds',
  SPEECH_TO_TEXT_URL: '127.0.0.1:8001',
  TEXT_TO_SPEECH_URL: 'grpc://inference:8001',
  ADMIN_KEY_HASH_FILE: '/etc/centralita/admin-key.sha256',
  SECRET_KEYS_FILE: '/etc/centralita/secret-keys.json',
  EXPORTS_DIR: '/var/exports',
  STATE_DIR: '/var/state',
};

function messageOf(environment: Record<string, string | undefined>): string {
  try {
    loadConfig(environment);
  } catch (error) {
    return error instanceof ConfigError ? error.message : `not a ConfigError: ${String(error)}`;
  }
  return 'no error';
}

describe('configuration', () => {
  it('needs eleven variables and has a default for every other', () => {
    expect(loadConfig(good)).toMatchObject({
      asterisk: { application: 'centralita', recordingsFolder: '/var/recordings' },
      inference: { languageModel: null },
      voiceActivityModel: null,
      embedding: { modelDir: null, previousModelDir: null },
      http: { host: '127.0.0.1', port: 8080 },
      adminKeyHashFile: '/etc/centralita/admin-key.sha256',
      publicUrl: null,
      trustedProxies: [],
      httpToolAllowedNetworks: [],
      maxConcurrentCalls: 50,
      maxWaitingCallers: 100,
      maxCallMs: 3_600_000,
      log: { level: 'info', showsPersonalData: false },
      traces: null,
    });
  });

  it('takes the folder of the weights and the context of the server beside the address of the language model', () => {
    const model = { LANGUAGE_MODEL_URL: '127.0.0.1:8001', LANGUAGE_MODEL_DIR: '/models/qwen', LANGUAGE_MODEL_CONTEXT_TOKENS: '8192' };
    expect(loadConfig({ ...good, ...model }).inference.languageModel).toEqual({
      url: '127.0.0.1:8001',
      template: 'chatml',
      folder: '/models/qwen',
      contextTokens: 8_192,
    });
    const plain = loadConfig({ ...good, LANGUAGE_MODEL_URL: model.LANGUAGE_MODEL_URL }).inference.languageModel;
    expect(plain).toMatchObject({ folder: null, contextTokens: 4_096 });
  });

  it('tells nobody but the log unless it is told whom, and takes half of it for a mistake', () => {
    expect(loadConfig(good)).toMatchObject({
      safety: { stopAfterFailedCalls: 5, autoResume: false, repeatAlertAfterMs: 600_000 },
      alerts: { webhook: null, email: null },
    });
    const webhook = { ADMIN_WEBHOOK_URL: 'https://ops.example.com/alerts', ADMIN_WEBHOOK_SECRET: `whsec_${'A'.repeat(44)}` };
    const email = {
      SMTP_URL: 'smtps://user:secret@mail.example.com',
      SMTP_FROM: 'box@example.com',
      ADMIN_EMAIL: 'a@example.com,b@example.com',
    };
    expect(loadConfig({ ...good, ...webhook, ...email, GLOBAL_STOP_AUTO_RESUME: 'true' })).toMatchObject({
      safety: { autoResume: true },
      alerts: {
        webhook: { url: webhook.ADMIN_WEBHOOK_URL, secret: webhook.ADMIN_WEBHOOK_SECRET },
        email: { url: email.SMTP_URL, from: email.SMTP_FROM, to: ['a@example.com', 'b@example.com'] },
      },
    });
    expect(messageOf({ ...good, ADMIN_WEBHOOK_URL: webhook.ADMIN_WEBHOOK_URL })).toContain(
      'ADMIN_WEBHOOK_SECRET must be set together with ADMIN_WEBHOOK_URL (it is not set)',
    );
    expect(messageOf({ ...good, SMTP_URL: email.SMTP_URL, ADMIN_EMAIL: 'nobody' })).toContain('ADMIN_EMAIL must be up to 10 addresses');
  });

  it('names every missing variable at once', () => {
    const message = messageOf({});
    for (const name of Object.keys(good)) expect(message).toMatch(new RegExp(`^  ${name} must .*\\(it is not set\\)$`, 'm'));
    expect(message.split('\n')).toHaveLength(1 + Object.keys(good).length);
  });

  it('names every wrong variable at once and says what it should be, without repeating its value', () => {
    const message = messageOf({
      ...good,
      DATABASE_URL: 'mysql://root:hunter2@db',
      ADMIN_KEY_HASH_FILE: 'admin-key',
      HTTP_PORT: '99999',
      MAX_CONCURRENT_CALLS: '0',
      RECORDINGS_DIR: 'relative/path',
      LANGUAGE_MODEL_URL: 'not an address',
      LOG_LEVEL: 'loud',
    });
    expect(message.split('\n').slice(1)).toEqual([
      '  DATABASE_URL must be postgres://user:password@host:port/database',
      '  RECORDINGS_DIR must be the absolute path of a folder',
      '  LANGUAGE_MODEL_URL must be the host:port of a KServe v2 gRPC server, such as 127.0.0.1:8001',
      '  HTTP_PORT must be a whole number from 0 to 65535',
      '  ADMIN_KEY_HASH_FILE must be the absolute path of a file holding the SHA-256 of the admin key',
      '  MAX_CONCURRENT_CALLS must be a whole number from 1 to 1000',
      '  LOG_LEVEL must be one of fatal, error, warn, info, debug, trace, silent',
    ]);
    expect(message).not.toContain('hunter2');
  });

  it('takes an empty variable for a missing one', () => {
    expect(messageOf({ ...good, DATABASE_URL: '' })).toContain('DATABASE_URL');
    expect(loadConfig({ ...good, LANGUAGE_MODEL_URL: '', HTTP_PORT: '' }).http.port).toBe(8080);
  });

  it('lets tools reach networks that are not public only when it names them', () => {
    const networks = loadConfig({ ...good, HTTP_TOOL_ALLOWED_NETWORKS: '192.168.7.0/24, fd00::/8' }).httpToolAllowedNetworks;
    expect(networks).toEqual(['192.168.7.0/24', 'fd00::/8']);
    for (const wrong of ['192.168.7.0', 'lan', '10.0.0.0/40']) {
      expect(messageOf({ ...good, HTTP_TOOL_ALLOWED_NETWORKS: wrong })).toContain('HTTP_TOOL_ALLOWED_NETWORKS must be networks');
    }
  });

  it('takes the addresses of proxies apart, and none that is no address', () => {
    expect(loadConfig({ ...good, TRUSTED_PROXIES: '127.0.0.1, fd00::1,' }).trustedProxies).toEqual(['127.0.0.1', 'fd00::1']);
    for (const wrong of ['10.0.0.0/8', '10.0.0', 'fd00:::1', 'proxy'])
      expect(messageOf({ ...good, TRUSTED_PROXIES: wrong })).toContain('TRUSTED_PROXIES must be addresses');
  });

  it('makes traces only where it is told whom to send them to, and of how many of the calls without an error', () => {
    const traces = (more: object) => loadConfig({ ...good, ...more }).traces;
    expect(traces({ OTEL_TRACES_SAMPLER_ARG: '1' })).toBeNull();
    const OTEL_EXPORTER_OTLP_ENDPOINT = 'http://127.0.0.1:4318';
    expect(traces({ OTEL_EXPORTER_OTLP_ENDPOINT })).toEqual({ endpoint: OTEL_EXPORTER_OTLP_ENDPOINT, ratio: 0.1 });
    expect(traces({ OTEL_EXPORTER_OTLP_ENDPOINT, OTEL_TRACES_SAMPLER_ARG: '1' })).toMatchObject({ ratio: 1 });
    for (const wrong of ['1.5', '-1', '10%'])
      expect(messageOf({ ...good, OTEL_TRACES_SAMPLER_ARG: wrong })).toContain('OTEL_TRACES_SAMPLER_ARG must be a share from 0 to 1');
    expect(messageOf({ ...good, OTEL_EXPORTER_OTLP_ENDPOINT: '127.0.0.1:4318' })).toContain('OTEL_EXPORTER_OTLP_ENDPOINT must be');
  });

  it('cannot be changed afterwards', () => {
    const config = loadConfig(good);
    expect(() => Object.assign(config, { traces: null })).toThrow(TypeError);
    expect(() => Object.assign(config.http, { port: 1 })).toThrow(TypeError);
  });

  it('asks the migration command for the owner alone', () => {
    expect(loadMigrationConfig({ DATABASE_MIGRATION_URL: good.DATABASE_URL })).toEqual({ databaseUrl: good.DATABASE_URL });
    expect(() => loadMigrationConfig(good)).toThrow('DATABASE_MIGRATION_URL');
  });
});
