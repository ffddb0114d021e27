// What the containers are given: every file for the group that may read it, no secret in a variable, and nothing that restarts without need.
import { loadConfig } from '@centralita/control-plane/config.ts';
import { withSecretFiles } from '@centralita/control-plane/secret-variables.ts';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { parseEnvFile } from '#env-file.ts';
import { finishedFacts } from '#sample-facts.ts';
import { withGrafanaPassword } from '#secrets.ts';
import { readSettings } from '#settings.ts';
import { sizeServers } from '#sizing/server-limits.ts';
import { describeContainers, givenGrafanaPassword, IMAGE_NAMES } from './container-appliance.ts';
import type { ContainerParts } from './container-appliance.ts';
import { completeSecrets } from './container-facts.ts';
import { findForeignModels } from './container-settings.ts';

const facts = finishedFacts();
const WEBHOOK_SECRET = `whsec_${'A'.repeat(32)}`;

const machine = { calls: 50, memoryBytes: 4 * 1024 ** 3, rtpFirst: 20_000, rtpCeiling: undefined };

function parts(change: Partial<ContainerParts> = {}): ContainerParts {
  const secrets = completeSecrets(facts);
  if (!secrets) throw new Error('the sample has no secrets');
  const environmentText = change.environmentText ?? '';
  const settings = readSettings(parseEnvFile(environmentText), '.env');
  return {
    home: '/srv/home',
    repository: '/srv/checkout',
    architecture: 'x64',
    settings,
    environmentText,
    secrets,
    controlPlaneFiles: [{ path: 'server-description.json', text: '{}' }],
    backupRecipient: 'age1sample',
    limits: sizeServers({ ...machine, rtpCeiling: settings.RTP_LAST_PORT, rtpFirst: settings.RTP_FIRST_PORT }),
    profile: 'cpu',
    modelSettings: {},
    modelsDigest: '',
    gpus: { speech: 'none', language: 'none' },
    machineAddress: '192.0.2.10',
    images: Object.fromEntries(IMAGE_NAMES.map((name) => [name, `sha256:${name}`])) as ContainerParts['images'],
    ...change,
  };
}

const fileOf = (given: ContainerParts, folder: string, path: string): string =>
  describeContainers(given)
    .folders.find(({ name }) => name === folder)
    ?.files.find((file) => file.path === path)?.text ?? '';
const variables = (given: ContainerParts) => parseEnvFile(describeContainers(given).composeText);

describe('the appliance in containers', () => {
  it('gives the control plane a configuration that it accepts, its secrets in files', () => {
    const given = parts({ environmentText: `ADMIN_WEBHOOK_URL=https://alerts.example.com/\nADMIN_WEBHOOK_SECRET=${WEBHOOK_SECRET}\n` });
    const folder = mkdtempSync(join(tmpdir(), 'containers-'));
    try {
      for (const { path, text } of describeContainers(given).folders.find(({ name }) => name === 'control-plane')?.files ?? [])
        writeFileSync(join(folder, path), text);
      const text = fileOf(given, 'environment', 'control-plane.env').replaceAll('/run/secrets', folder);
      const config = loadConfig(withSecretFiles(Object.fromEntries(parseEnvFile(text))));
      expect(config).toMatchObject({
        databaseUrl: 'postgres://centralita_app:app-password@postgres:5432/centralita',
        asterisk: { url: 'http://asterisk-media:8088', password: 'ari-password', recordingsFolder: '/instance/recordings' },
        inference: { speechToTextUrl: 'cpu-server:8001' },
        alerts: { webhook: { secret: WEBHOOK_SECRET } },
        http: { host: '0.0.0.0', port: 8080 },
        maxConcurrentCalls: 50,
        maxWaitingCallers: 100,
      });
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  it('has no secret in a variable of any container or of the compose file', () => {
    const given = parts({ environmentText: `ADMIN_WEBHOOK_URL=https://alerts.example.com/\nADMIN_WEBHOOK_SECRET=${WEBHOOK_SECRET}\n` });
    const { composeText, folders } = describeContainers(given);
    const text = [composeText, ...(folders.find(({ name }) => name === 'environment')?.files.map((file) => file.text) ?? [])].join('\n');
    for (const secret of [
      'app-password',
      'migrator-password',
      'ari-password',
      'caller-password',
      'phone-password',
      'metrics-password',
      'ab'.repeat(32),
      WEBHOOK_SECRET,
    ])
      expect(text).not.toContain(secret);
  });

  it('lets each group read what is its own: the migrator’s password lies with the migration and the database alone', () => {
    const { folders } = describeContainers(parts());
    const holders = folders.filter(({ files }) => files.some(({ text }) => text.includes('migrator-password'))).map(({ name }) => name);
    expect(holders).toEqual(['postgres', 'migrate']);
    expect(Object.fromEntries(folders.map(({ name, gid }) => [name, gid]))).toMatchObject({
      asterisk: 701,
      postgres: 702,
      prometheus: 703,
      'control-plane': 704,
    });
  });

  it('has the database open no socket in a folder that its container has not: the control plane comes over the network', () => {
    expect(fileOf(parts(), 'postgres', 'postgresql.conf')).toMatch(/^unix_socket_directories = '\/instance\/postgres\/run'$/m);
    expect(fileOf(parts(), 'postgres', 'pg_hba.conf')).not.toContain('local centralita ');
  });

  it('publishes as many ports for sound as the calls need, within the range of the settings', () => {
    expect(variables(parts()).get('RTP_LAST_PORT')).toBe('20399');
    const narrow = parts({ environmentText: 'RTP_FIRST_PORT=31610\nRTP_LAST_PORT=31649\n' });
    expect(variables(narrow).get('RTP_LAST_PORT')).toBe('31649');
    expect(fileOf(narrow, 'asterisk', 'rtp.conf')).toContain('rtpend = 31649');
    // Nobody is held for whose sound there is no port.
    expect(fileOf(narrow, 'environment', 'control-plane.env')).toMatch(/^MAX_WAITING_CALLERS=0$/m);
  });

  it('gives each server the connections, the files and the places for them that the calls need', () => {
    const many = parts({ limits: sizeServers({ ...machine, calls: 1_000 }) });
    expect(fileOf(many, 'postgres', 'postgresql.conf')).toMatch(/^max_connections = 350$/m);
    expect(fileOf(many, 'asterisk', 'asterisk.conf')).toMatch(/^maxfiles = 66624$/m);
    expect(Object.fromEntries(variables(many))).toMatchObject({
      POSTGRES_PIDS: '506',
      POSTGRES_OPEN_FILES: '66624',
      ASTERISK_OPEN_FILES: '66624',
      NODE_OPEN_FILES: '70624',
    });
  });

  it('lets the models\u2019 servers take most of the machine\u2019s memory and not all of it', () => {
    const many = variables(parts({ limits: sizeServers({ ...machine, memoryBytes: 64 * 1024 ** 3 }) }));
    expect([many.get('CPU_SERVER_MEMORY'), many.get('TRITON_MEMORY')]).toEqual(['40960m', '40960m']);
    expect(variables(parts()).get('CPU_SERVER_MEMORY')).toBe('4096m');
  });

  it('kills no control plane that still lets live calls end', () => {
    expect(variables(parts()).get('CONTROL_PLANE_STOP_SECONDS')).toBe('615');
    expect(variables(parts({ environmentText: 'DRAIN_SECONDS=3600\n' })).get('CONTROL_PLANE_STOP_SECONDS')).toBe('3615');
  });

  it('keeps as many dumps of the database as the operator wants daily backups', () => {
    expect(variables(parts()).get('BACKUP_KEEP')).toBe('14');
    expect(variables(parts({ environmentText: 'BACKUP_KEEP=30\n' })).get('BACKUP_KEEP')).toBe('30');
  });

  it('tells telephones the machine’s address, and Asterisk which network is its own', () => {
    const text = fileOf(parts({ environmentText: 'CONTAINER_NETWORK=10.9.8.0/24\n' }), 'asterisk', 'pjsip.conf');
    expect(text).toContain('external_media_address = 192.0.2.10');
    expect(text).toContain('local_net = 10.9.8.0/24');
    expect(fileOf(parts({ environmentText: 'EXTERNAL_ADDRESS=203.0.113.5\n' }), 'asterisk', 'pjsip.conf')).toContain(
      'external_media_address = 203.0.113.5',
    );
  });

  it('opens Asterisk’s interface and the database to networks of containers alone', () => {
    expect(fileOf(parts(), 'asterisk', 'http.conf')).toContain('bindaddr = asterisk-media');
    expect(fileOf(parts(), 'postgres', 'pg_hba.conf')).toMatch(/^host centralita \S+ samenet scram-sha-256$/m);
  });

  it('restarts nothing for another admin key, and the database alone for a setting of its own', () => {
    const before = variables(parts());
    const { secrets } = parts();
    expect(variables(parts({ secrets: { ...secrets, adminKeyHash: 'ff'.repeat(32) } }))).toEqual(before);
    const limits = { ...parts().limits, sharedBuffersBytes: sizeServers({ ...machine, memoryBytes: 8 * 1024 ** 3 }).sharedBuffersBytes };
    const after = variables(parts({ limits }));
    const changed = [...after].filter(([key, value]) => before.get(key) !== value).map(([key]) => key);
    expect(changed).toEqual(['POSTGRES_MEMORY', 'POSTGRES_FILES_DIGEST']);
  });

  it('gives Grafana a password of its own, and leaves one that has started the password that it knows', () => {
    const given = parts();
    expect(fileOf(given, 'grafana', 'grafana-admin')).toBe(`${given.secrets.grafana}\n`);
    const { grafana: _made, ...without } = given.secrets;
    expect(completeSecrets({ secrets: without })).toBeNull();
    const files = [{ path: 'grafana-admin', text: 'known-to-grafana\n' }];
    const started = { environmentText: `GRAFANA_DIGEST=sha256:${'0'.repeat(64)}\n` };
    expect(withGrafanaPassword(without, givenGrafanaPassword(started, files)).grafana).toBe('known-to-grafana');
    const [one, other] = [1, 2].map(() => withGrafanaPassword(without, givenGrafanaPassword({ environmentText: '' }, files)).grafana);
    expect(one).toMatch(/^[0-9a-f]{48}$/);
    expect(one).not.toBe(other);
    expect(withGrafanaPassword(given.secrets, 'another').grafana).toBe(given.secrets.grafana);
  });

  it('asks the GPU’s servers where there are some, and brings Grafana where its image is named', () => {
    const modelSettings = { LANGUAGE_MODEL_DIR: '/models/qwen3-8b-awq', SPEECH_TO_TEXT_SLOTS: '8' };
    const given = parts({ profile: 'gpu', modelSettings, environmentText: `GRAFANA_DIGEST=sha256:${'0'.repeat(64)}\n` });
    expect(fileOf(given, 'environment', 'control-plane.env')).toMatch(/^LANGUAGE_MODEL_URL=triton-language:8001$/m);
    expect(fileOf(given, 'environment', 'control-plane.env')).toMatch(/^LANGUAGE_MODEL_DIR=\/models\/qwen3-8b-awq$/m);
    const own = { ...given, environmentText: `${given.environmentText}SPEECH_TO_TEXT_SLOTS=3\n` };
    expect(fileOf(own, 'environment', 'control-plane.env')).toMatch(/^SPEECH_TO_TEXT_SLOTS=3$/m);
    expect(fileOf(given, 'prometheus', 'prometheus.yml')).toContain("targets: ['triton-speech:8002', 'triton-language:8002']");
    expect(fileOf(given, 'prometheus', 'prometheus.yml')).toContain("targets: ['dcgm-exporter:9400']");
    expect(fileOf(parts(), 'prometheus', 'prometheus.yml')).not.toContain('dcgm-exporter');
    expect(describeContainers(given).profiles).toEqual(['gpu', 'grafana']);
    expect(variables(parts({ environmentText: 'GRAFANA_PORT=3100\n' })).get('GRAFANA_PORT')).toBe('3100');
  });

  it('shows the models of the home to the containers, and names those that lie elsewhere', () => {
    const environmentText = 'EMBEDDING_MODEL_DIR=/srv/home/models/minilm\nLANGUAGE_MODEL_DIR=/opt/qwen\n';
    expect(fileOf(parts({ environmentText }), 'environment', 'control-plane.env')).toMatch(/^EMBEDDING_MODEL_DIR=\/models\/minilm$/m);
    expect(findForeignModels({ home: '/srv/home', environmentText })).toEqual(['LANGUAGE_MODEL_DIR']);
  });
});
