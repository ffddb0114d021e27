// An address that the operator wrote into `.env` stays; one that a run of ours wrote follows the ports.
import { describe, expect, it } from 'vitest';
import { describeAppliance } from './appliance.ts';
import { parseEnvFile } from './env-file.ts';
import { areAddressesRemembered, describeKept, listKeptAddresses, ownAddresses } from './own-addresses.ts';
import { finishedFacts } from './sample-facts.ts';
import type { Facts } from './facts.ts';
import { readSettings } from './settings.ts';
import { steps } from './steps.ts';

const METRICS = 'http://127.0.0.1:8002/metrics';

/** The facts of a machine whose `.env` says so, and what a run would make of it. */
function after(lines: Readonly<Record<string, string>>, state: Partial<Facts['state']> = {}) {
  const sample = finishedFacts();
  const kept = sample.environmentText.split('\n').filter((line) => !Object.keys(lines).some((key) => line.startsWith(`${key}=`)));
  const environmentText = `${kept.join('\n')}${Object.entries(lines)
    .map(([key, value]) => `${key}=${value}\n`)
    .join('')}`;
  const facts = {
    ...sample,
    environmentText,
    settings: readSettings(parseEnvFile(environmentText), '.env'),
    state: { ...sample.state, ...state },
  };
  const values = parseEnvFile(describeAppliance(facts)?.environmentText ?? '');
  return { facts, of: (key: string) => values.get(key) };
}

describe('the addresses of models\u2019 servers', () => {
  it('that the operator wrote stay, at every run, and are told', () => {
    const { facts, of } = after({ SPEECH_TO_TEXT_URL: '10.0.0.5:8001', INFERENCE_METRICS_URL: 'http://10.0.0.5:8002/metrics' });
    expect(of('SPEECH_TO_TEXT_URL')).toBe('10.0.0.5:8001');
    expect(of('INFERENCE_METRICS_URL')).toBe('http://10.0.0.5:8002/metrics');
    expect(of('TEXT_TO_SPEECH_URL')).toBe('127.0.0.1:8001');
    expect(listKeptAddresses(facts).map(describeKept)).toEqual([
      "SPEECH_TO_TEXT_URL=10.0.0.5:8001 stays as .env says; empty it for this machine's own, 127.0.0.1:8001",
      `INFERENCE_METRICS_URL=http://10.0.0.5:8002/metrics stays as .env says; empty it for this machine's own, ${METRICS}`,
    ]);
  });

  it('that a run wrote follow the port of the inference server, the language model\u2019s too', () => {
    const { facts, of } = after({ CPU_SERVER_PORT: '8011', LANGUAGE_MODEL_URL: '127.0.0.1:8001' });
    for (const key of ['SPEECH_TO_TEXT_URL', 'TEXT_TO_SPEECH_URL', 'LANGUAGE_MODEL_URL']) expect(of(key)).toBe('127.0.0.1:8011');
    expect(listKeptAddresses(facts)).toEqual([]);
    expect(after({ LANGUAGE_MODEL_URL: '' }).of('LANGUAGE_MODEL_URL')).toBe('');
  });

  it('of a server of his own on this machine stay once a run has remembered what is ours', () => {
    expect(after({ SPEECH_TO_TEXT_URL: '127.0.0.1:9001' }).of('SPEECH_TO_TEXT_URL')).toBe('127.0.0.1:9001');
    expect(after({ SPEECH_TO_TEXT_URL: '' }).of('SPEECH_TO_TEXT_URL')).toBe('127.0.0.1:8001');
  });

  it('after a release that remembered nothing are ours where they are this machine\u2019s, and his where they are not', () => {
    const moved = {
      CPU_SERVER_PORT: '8011',
      SPEECH_TO_TEXT_URL: '127.0.0.1:8001',
      TEXT_TO_SPEECH_URL: '10.0.0.5:8001',
      LANGUAGE_MODEL_URL: '127.0.0.1:9001',
    };
    const { of } = after(moved, { addresses: undefined });
    expect(of('SPEECH_TO_TEXT_URL')).toBe('127.0.0.1:8011');
    expect(of('TEXT_TO_SPEECH_URL')).toBe('10.0.0.5:8001');
    expect(of('LANGUAGE_MODEL_URL')).toBe('127.0.0.1:9001');
  });

  it('written before the first run, or found beside a lost state, are his', () => {
    expect(
      after({ SPEECH_TO_TEXT_URL: '127.0.0.1:9001' }, { addresses: undefined, databaseSetup: undefined }).of('SPEECH_TO_TEXT_URL'),
    ).toBe('127.0.0.1:9001');
  });

  it('are written down in the step that writes .env, once', () => {
    const { facts } = after({}, { addresses: undefined });
    const environment = steps.find(({ name }) => name === 'environment');
    expect(areAddressesRemembered(facts)).toBe(false);
    expect(environment?.changes(facts)).toEqual(['write down which addresses in .env are ours']);
    expect(environment?.changes({ ...facts, state: { ...facts.state, addresses: { ...ownAddresses(facts.settings) } } })).toEqual([]);
  });

  it('that are no addresses are refused before anything is done', () => {
    expect(() => readSettings(parseEnvFile('SPEECH_TO_TEXT_URL=model'), '.env')).toThrow(
      '  SPEECH_TO_TEXT_URL = "model": must be the host:port',
    );
  });
});
