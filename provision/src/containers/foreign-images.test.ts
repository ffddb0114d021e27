// Images of others: which ones the compose file names, and what is done where one is missing. The engine is a program in PATH.
import { chmod, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { ObstacleError } from '#place.ts';
import { countLayers, findUnfetchable, listForeignImages, listMissingForeign, pullImage } from './foreign-images.ts';

const tree = resolve(import.meta.dirname, '../../..');
const digest = (of: string): string => `sha256:${of.repeat(64)}`;
const environmentText = [
  `TRITON_SPEECH_IMAGE=${digest('1')}`,
  `TRITON_LANGUAGE_DIGEST=${digest('2')}`,
  `DCGM_EXPORTER_DIGEST=${digest('3')}`,
  `GRAFANA_DIGEST=${digest('4')}`,
  'TRITON_REGISTRY=registry.example.com',
  '',
].join('\n');
const signal = new AbortController().signal;

describe('the images of others', () => {
  it('are those of the profiles that are brought up, as .env completes them', async () => {
    expect(await listForeignImages({ tree, profiles: ['cpu'], environmentText })).toEqual([]);
    expect(await listForeignImages({ tree, profiles: ['gpu', 'grafana'], environmentText })).toEqual([
      digest('1'),
      expect.stringMatching(new RegExp(`^registry\\.example\\.com/nvidia/tritonserver:\\S+-vllm-python-py3@${digest('2')}$`)),
      `registry.example.com/nvidia/k8s/dcgm-exporter@${digest('3')}`,
      `grafana/grafana@${digest('4')}`,
    ]);
  });

  it('that an id alone names cannot be fetched: they are in the way before anything is done', () => {
    expect(findUnfetchable([digest('1'), `grafana/grafana@${digest('4')}`])).toMatchObject([
      { name: 'images', reason: expect.stringContaining(digest('1')) as string, fix: expect.stringContaining('docker load') as string },
    ]);
  });

  it('are told of by their layers while they come', () => {
    const said = 'a1: Pulling fs layer\nb2: Already exists\nc3: Pulling fs layer\na1: Download complete\na1: Pull complete\n';
    expect(countLayers(said)).toBe('2 of 3 layers');
  });
});

describe('an image that is missing', () => {
  let folder = '';
  const reference = `grafana/grafana@${digest('4')}`;

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'centralita-images-'));
    vi.stubEnv('PATH', `${folder}:${process.env['PATH'] ?? ''}`);
  });
  afterEach(async () => {
    vi.unstubAllEnvs();
    await rm(folder, { recursive: true });
  });

  const putEngine = async (pull: string): Promise<void> => {
    const script = `#!/bin/sh
case "$1" in
  image) test -e ${folder}/here ;;
  pull) echo "$*" >>${folder}/asked; ${pull} ;;
esac
`;
    await writeFile(join(folder, 'docker'), script);
    await chmod(join(folder, 'docker'), 0o755);
  };

  it('is fetched by its digest, and then there', async () => {
    await putEngine(`touch ${folder}/here`);
    expect(await listMissingForeign([reference], signal)).toEqual([reference]);
    const told: string[] = [];
    await pullImage(reference, { log: (message) => told.push(message), signal });
    expect(told).toEqual([`image ${reference}: fetching it`]);
    expect(await readFile(join(folder, 'asked'), 'utf8')).toBe(`pull ${reference}\n`);
    expect(await listMissingForeign([reference], signal)).toEqual([]);
  });

  it('is an obstacle with the command that would bring it where the registry does not answer', async () => {
    await putEngine('echo "dial tcp: lookup registry-1.docker.io: no such host" >&2; exit 1');
    const error = await pullImage(reference, { log: () => undefined, signal }).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(ObstacleError);
    expect((error as ObstacleError).findings).toMatchObject([
      {
        reason: expect.stringContaining('no such host') as string,
        fix: expect.stringContaining(`docker pull ${reference}`) as string,
      },
    ]);
  });
});
