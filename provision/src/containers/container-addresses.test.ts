// Which servers of models the containers ask: each other, or where the operator says; what a run wrote natively means another machine here.
import { describe, expect, it } from 'vitest';
import { parseEnvFile } from '#env-file.ts';
import { bareFacts } from '#sample-facts.ts';
import { readSettings } from '#settings.ts';
import { findLoopbackServers, listKeptInContainers, modelAddresses } from './container-addresses.ts';
import type { ContainerProfile } from './container-addresses.ts';

const factsOf = (environmentText: string) => bareFacts({ environmentText, settings: readSettings(parseEnvFile(environmentText), '.env') });
const addresses = (environmentText: string, profile: ContainerProfile = 'cpu') =>
  modelAddresses(factsOf(environmentText).settings, profile);

describe('the servers of models in containers', () => {
  it('are each other where the operator names none', () => {
    expect(addresses('')).toEqual({
      SPEECH_TO_TEXT_URL: 'cpu-server:8001',
      TEXT_TO_SPEECH_URL: 'cpu-server:8001',
      LANGUAGE_MODEL_URL: '',
      INFERENCE_METRICS_URL: 'http://cpu-server:8002/metrics',
    });
    expect(addresses('', 'gpu')).toMatchObject({ SPEECH_TO_TEXT_URL: 'triton-speech:8001', LANGUAGE_MODEL_URL: 'triton-language:8001' });
  });

  it('are those that he names, and the plan says so', () => {
    const text = 'SPEECH_TO_TEXT_URL=10.0.0.5:8001\nLANGUAGE_MODEL_URL=llm.example.com:8001\n';
    expect(addresses(text)).toMatchObject({ SPEECH_TO_TEXT_URL: '10.0.0.5:8001', LANGUAGE_MODEL_URL: 'llm.example.com:8001' });
    expect(listKeptInContainers(factsOf(text), 'cpu')).toEqual([
      { setting: 'SPEECH_TO_TEXT_URL', value: '10.0.0.5:8001', own: 'cpu-server:8001' },
      { setting: 'LANGUAGE_MODEL_URL', value: 'llm.example.com:8001', own: 'none' },
    ]);
  });

  it('follow the profile where a run wrote them, natively before a backup came here or of containers', () => {
    const native =
      'SPEECH_TO_TEXT_URL=127.0.0.1:8001\nTEXT_TO_SPEECH_URL=127.0.0.1:8001\nLANGUAGE_MODEL_URL=127.0.0.1:8001\nINFERENCE_METRICS_URL=http://127.0.0.1:8002/metrics\n';
    expect(addresses(native)).toMatchObject({
      TEXT_TO_SPEECH_URL: 'cpu-server:8001',
      LANGUAGE_MODEL_URL: 'cpu-server:8001',
      INFERENCE_METRICS_URL: 'http://cpu-server:8002/metrics',
    });
    expect(addresses(native, 'gpu').LANGUAGE_MODEL_URL).toBe('triton-language:8001');
    expect(addresses('LANGUAGE_MODEL_URL=cpu-server:8001\n', 'gpu').LANGUAGE_MODEL_URL).toBe('triton-language:8001');
    expect(listKeptInContainers(factsOf(native), 'cpu')).toEqual([]);
    expect(findLoopbackServers(factsOf(native), 'cpu')).toEqual([]);
  });

  it('on this machine’s loopback are refused: a container would look for them in itself', () => {
    expect(findLoopbackServers(factsOf('SPEECH_TO_TEXT_URL=127.0.0.1:9001\n'), 'cpu')).toMatchObject([
      { name: 'models', reason: 'SPEECH_TO_TEXT_URL=127.0.0.1:9001 is the container itself, where nothing listens' },
    ]);
  });
});
