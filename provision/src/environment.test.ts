// Two ends of one file: what the provisioner renders is what the control plane and the inference server read.
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { readAdminKeyHash, readSecretKeys } from '@centralita/control-plane/adapters/disk/secret-files.ts';
import { readServerDescription } from '@centralita/control-plane/adapters/disk/server-description.ts';
import { silentLog } from '@centralita/control-plane/shared/log.ts';
import { configVariables, loadConfig } from '@centralita/control-plane/config.ts';
import { describe, expect, it } from 'vitest';
import { describeAppliance } from './appliance.ts';
import { parseEnvFile } from './env-file.ts';
import { finishedFacts } from './sample-facts.ts';
import { readSettings } from './settings.ts';

describe('the rendered environment', () => {
  const facts = finishedFacts();
  const values = Object.fromEntries(parseEnvFile(describeAppliance(facts)?.environmentText ?? ''));

  it('is a configuration that the control plane accepts, with the values that were meant', () => {
    const config = loadConfig(values);
    expect(config.databaseUrl).toBe(
      'postgres://centralita_app:app-password@%2Fsrv%2Fhome%2Finstances%2Fappliance%2Fdatabase:5433/centralita',
    );
    expect(config.asterisk).toEqual({
      url: 'http://127.0.0.1:8088',
      username: 'centralita',
      password: 'ari-password',
      application: 'centralita',
      recordingsFolder: '/srv/home/instances/appliance/recordings',
      behindBalancer: false,
    });
    expect(config.inference.speechToTextUrl).toBe('127.0.0.1:8001');
    expect(config.maxConcurrentCalls).toBe(50);
    // As many as Asterisk's configuration of the same run has channels and ports for.
    expect(config.maxWaitingCallers).toBe(100);
    expect(config.drainMs).toBe(600_000);
  });

  it('has a line for everything that the control plane can be told, so that an operator sees it', () => {
    expect(Object.keys(values)).toEqual(expect.arrayContaining([...configVariables]));
    expect(loadConfig(values)).toMatchObject({
      inference: { languageModel: null },
      embedding: { modelDir: null, previousModelDir: null },
      voiceActivityModel: null,
      httpToolAllowedNetworks: [],
      maxCallMs: 3_600_000,
    });
  });

  it('carries models, networks and the longest call as the operator wrote them', () => {
    const environmentText = `LANGUAGE_MODEL_URL=10.0.0.5:8001
LANGUAGE_MODEL_DIR=/models/qwen
LANGUAGE_MODEL_CONTEXT_TOKENS=8192
EMBEDDING_MODEL_DIR=/models/minilm
EMBEDDING_PREVIOUS_MODEL_DIR=/models/e5
VOICE_ACTIVITY_MODEL=/models/silero.onnx
HTTP_TOOL_ALLOWED_NETWORKS=192.168.7.0/24, fd00::/8
MAX_CALL_SECONDS=900
`;
    const settings = readSettings(parseEnvFile(environmentText), '.env');
    const appliance = describeAppliance({ ...facts, settings, environmentText });
    const config = loadConfig(Object.fromEntries(parseEnvFile(appliance?.environmentText ?? '')));
    expect(config).toMatchObject({
      inference: { languageModel: { url: '10.0.0.5:8001', folder: '/models/qwen', template: 'chatml', contextTokens: 8_192 } },
      embedding: { modelDir: '/models/minilm', previousModelDir: '/models/e5' },
      voiceActivityModel: '/models/silero.onnx',
      httpToolAllowedNetworks: ['192.168.7.0/24', 'fd00::/8'],
      maxCallMs: 900_000,
    });
    expect(appliance?.asteriskFiles.find(({ path }) => path === 'extensions.conf')?.text).toContain('MAX_CALL_SECONDS = 930');
  });

  it.each([
    'EMBEDDING_MODEL_DIR=models',
    'LANGUAGE_MODEL_URL=model',
    'VOICE_ACTIVITY_MODEL=/models/silero.bin',
    'HTTP_TOOL_ALLOWED_NETWORKS=192.168.7.0/33',
    'HTTP_TOOL_ALLOWED_NETWORKS=192.168.7.1',
    'SERVER_ADDRESSES=192.0.2.7',
  ])('refuses %s, which the control plane would not start with', (line) => {
    const [name = ''] = line.split('=');
    expect(() => readSettings(parseEnvFile(line), '.env')).toThrow(`  ${name} = `);
    expect(() => loadConfig({ ...values, ...Object.fromEntries(parseEnvFile(line)) })).toThrow(name);
  });

  it('carries where the server is registered, and a description of the machine that the control plane can read', async () => {
    const environmentText = `SUPABASE_URL=https://abcdefgh.supabase.co
SUPABASE_PUBLISHABLE_KEY=sb_publishable_abc
SUPABASE_TOKEN_FILE=/srv/home/secrets/registry-token
SERVER_ADDRESSES=sip:192.0.2.7:5060, https://centralita.example.com
`;
    const settings = readSettings(parseEnvFile(environmentText), '.env');
    const appliance = describeAppliance({ ...facts, settings, environmentText });
    const { registry } = loadConfig(Object.fromEntries(parseEnvFile(appliance?.environmentText ?? '')));
    expect(registry).toEqual({
      supabase: {
        url: 'https://abcdefgh.supabase.co',
        publishableKey: 'sb_publishable_abc',
        tokenFile: '/srv/home/secrets/registry-token',
      },
      addresses: ['sip:192.0.2.7:5060', 'https://centralita.example.com'],
      descriptionFile: '/srv/home/secrets/server-description.json',
    });
    expect(loadConfig(values).registry).toMatchObject({ supabase: null, addresses: [] });
    const dir = await mkdtemp(join(tmpdir(), 'description-'));
    for (const { path, text } of appliance?.secretFiles ?? []) await writeFile(join(dir, path), text);
    const description = await readServerDescription(join(dir, 'server-description.json'), silentLog);
    expect(description).toMatchObject({ cpu: { cores: expect.any(Number) }, memoryBytes: expect.any(Number), gpus: expect.any(Array) });
    await rm(dir, { recursive: true });
  });

  it('carries the espeak-ng command as one list of words', () => {
    const words: unknown = JSON.parse(values['ESPEAK_COMMAND'] ?? '');
    expect(words).toEqual(expect.arrayContaining(['/srv/home/root/usr/bin/espeak-ng', '--library-path']));
  });

  it('tells the control plane neither the migrator nor the admin key, and of the secret keys only where they are', () => {
    const text = JSON.stringify(values);
    expect(text).not.toContain('migrator');
    expect(text).not.toContain('ab'.repeat(32));
    expect(text).not.toContain('cd'.repeat(32));
    const config = loadConfig(values);
    expect(config.adminKeyHashFile).toBe('/srv/home/secrets/admin-key.sha256');
    expect(config.secretKeysFile).toBe('/srv/home/secrets/secret-keys.json');
    expect(config.exportsDir).toBe('/srv/home/exports');
  });

  it('gives the control plane files of secrets that it can read', async () => {
    const dir = await mkdtemp(join(tmpdir(), 'secrets-'));
    for (const { path, text } of describeAppliance(facts)?.secretFiles ?? []) await writeFile(join(dir, path), text);
    expect(await readAdminKeyHash(join(dir, 'admin-key.sha256'))).toBe('ab'.repeat(32));
    expect((await readSecretKeys(join(dir, 'secret-keys.json'))).versions).toEqual([1]);
    await rm(dir, { recursive: true });
  });

  it('carries the outside address and the proxies as the operator wrote them', () => {
    const environmentText = 'PUBLIC_URL=https://calls.example.com\nTRUSTED_PROXIES=127.0.0.1, 10.0.0.2\n';
    const settings = readSettings(parseEnvFile(environmentText), '.env');
    const text = describeAppliance({ ...facts, settings, environmentText })?.environmentText ?? '';
    const config = loadConfig(Object.fromEntries(parseEnvFile(text)));
    expect(config.publicUrl).toBe('https://calls.example.com');
    expect(config.trustedProxies).toEqual(['127.0.0.1', '10.0.0.2']);
  });

  it('takes out what an earlier release wrote and nobody reads any more', () => {
    const environmentText = `${facts.environmentText}ADMIN_KEY_HASH=${'ab'.repeat(32)}\n# mine\n`;
    const text = describeAppliance({ ...facts, environmentText })?.environmentText;
    expect(text).toBe(`${facts.environmentText}# mine\n`);
  });

  it('keeps what the operator set and added', () => {
    const changed = finishedFacts();
    const environmentText = `${changed.environmentText.replace('LOG_LEVEL=info', 'LOG_LEVEL=debug')}LANGUAGE_MODEL_URL=10.0.0.5:8001\n`;
    const settings = { ...changed.settings, LOG_LEVEL: 'debug' as const };
    expect(describeAppliance({ ...changed, settings, environmentText })?.environmentText).toBe(environmentText);
  });
});
