// A model whose file was set aside: the model before it takes its place, or none, and it comes back when it is whole again.
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { describeAppliance } from '#appliance.ts';
import { parseEnvFile } from '#env-file.ts';
import { finishedFacts } from '#sample-facts.ts';
import { readSettings } from '#settings.ts';
import { steps } from '#steps.ts';
import { readModelFolders } from './model-folders.ts';
import type { ModelFolders } from './model-folders.ts';
import { judgeNamedModels } from './named-models.ts';

const MINILM = '/srv/home/models/minilm';
const E5 = '/srv/home/models/e5';
const broken = (model: string) => ({ model, isWhole: false });
const whole = (model: string) => ({ model, isWhole: true });

function judge(environmentText: string, modelFolders: ModelFolders, setAside?: Record<string, { folder: string; instead: string }>) {
  const { state } = finishedFacts();
  return judgeNamedModels({ environmentText, enginesText: '', modelFolders, state: { ...state, setAside } });
}

describe('a setting that names a model', () => {
  it('stays as it is while the model is whole, or is a folder of the operator’s own', () => {
    const nothing = { values: {}, setAside: {}, obstacles: [], warnings: [] };
    expect(judge(`EMBEDDING_MODEL_DIR=${MINILM}\n`, { [MINILM]: whole('minilm') })).toEqual(nothing);
    expect(judge('EMBEDDING_MODEL_DIR=/mine\n', { '/mine': { model: null, isWhole: true } })).toEqual(nothing);
  });

  it('is emptied when it is not whole, with what to do, and comes back when it is', () => {
    const { values, setAside, warnings } = judge(`EMBEDDING_MODEL_DIR=${MINILM}\n`, { [MINILM]: broken('minilm') });
    expect(values).toEqual({ EMBEDDING_MODEL_DIR: '' });
    expect(setAside).toEqual({ EMBEDDING_MODEL_DIR: { folder: MINILM, instead: '' } });
    expect(warnings).toMatchObject([
      {
        reason: expect.stringMatching(/^EMBEDDING_MODEL_DIR named minilm, which is not whole here .*hashed n-grams meanwhile$/) as string,
        fix: './provision.sh models fetch minilm, then ./provision.sh takes it up again',
      },
    ]);
    const emptied = 'EMBEDDING_MODEL_DIR=\n';
    // A second run changes nothing and still says so.
    expect(judge(emptied, { [MINILM]: broken('minilm') }, setAside)).toMatchObject({ values: {}, setAside, warnings });
    expect(judge(emptied, { [MINILM]: whole('minilm') }, setAside)).toEqual({
      values: { EMBEDDING_MODEL_DIR: MINILM },
      setAside: {},
      obstacles: [],
      warnings: [],
    });
    // What the operator has written since is his.
    expect(judge(`EMBEDDING_MODEL_DIR=${E5}\n`, { [MINILM]: whole('minilm'), [E5]: whole('e5') }, setAside)).toMatchObject({
      values: {},
      setAside: {},
    });
  });

  it('gives its place to the model before it, and takes it back', () => {
    const text = `EMBEDDING_MODEL_DIR=${MINILM}\nEMBEDDING_PREVIOUS_MODEL_DIR=${E5}\n`;
    const fallen = judge(text, { [MINILM]: broken('minilm'), [E5]: whole('e5') });
    expect(fallen.values).toEqual({ EMBEDDING_MODEL_DIR: E5, EMBEDDING_PREVIOUS_MODEL_DIR: '' });
    expect(fallen.warnings).toHaveLength(1);
    expect(fallen.warnings[0]?.reason).toContain(`with the model before it, ${E5} meanwhile`);
    const now = `EMBEDDING_MODEL_DIR=${E5}\nEMBEDDING_PREVIOUS_MODEL_DIR=\n`;
    expect(judge(now, { [MINILM]: broken('minilm'), [E5]: whole('e5') }, { ...fallen.setAside }).values).toEqual({});
    expect(judge(now, { [MINILM]: whole('minilm'), [E5]: whole('e5') }, { ...fallen.setAside }).values).toEqual({
      EMBEDDING_MODEL_DIR: MINILM,
      EMBEDDING_PREVIOUS_MODEL_DIR: E5,
    });
  });

  it('is in the way where it names a folder that is not there, or speech that is not whole', () => {
    expect(judge('EMBEDDING_MODEL_DIR=/gone\n', { '/gone': { model: null, isWhole: false } }).obstacles).toMatchObject([
      { reason: 'EMBEDDING_MODEL_DIR=/gone: there is no such folder', fix: 'correct the line in .env, or empty it' },
    ]);
    const speech = '/srv/home/models/parakeet';
    expect(judge(`SPEECH_TO_TEXT_MODEL_DIR=${speech}\n`, { [speech]: broken('parakeet') }).obstacles).toMatchObject([
      { fix: './provision.sh models fetch parakeet, or correct the line in .env, or empty it' },
    ]);
  });

  it('is written so in .env by the step of it, and in the state', () => {
    const sample = finishedFacts();
    const environmentText = sample.environmentText.replace('EMBEDDING_MODEL_DIR=\n', `EMBEDDING_MODEL_DIR=${MINILM}\n`);
    const facts = {
      ...sample,
      environmentText,
      settings: readSettings(parseEnvFile(environmentText), '.env'),
      modelFolders: { [MINILM]: broken('minilm') },
    };
    expect(parseEnvFile(describeAppliance(facts)?.environmentText ?? '').get('EMBEDDING_MODEL_DIR')).toBe('');
    expect(steps.find(({ name }) => name === 'environment')?.changes(facts)).toEqual([
      'write EMBEDDING_MODEL_DIR to .env',
      'write down which models of .env are left out until they are whole',
    ]);
  });
});

describe('the folders that are named', () => {
  let home = '';
  const repository = resolve(import.meta.dirname, '../../..');
  beforeEach(async () => {
    home = await mkdtemp(join(tmpdir(), 'centralita-named-'));
  });
  afterEach(async () => await rm(home, { recursive: true }));

  it('are looked at: what the manifest knows by its files, another by being there, an engine’s beside its file', async () => {
    const models = join(home, 'models');
    const embedding = join(models, 'paraphrase-multilingual-minilm-l12-v2');
    await mkdir(join(home, 'mine'));
    await mkdir(embedding, { recursive: true });
    await writeFile(join(embedding, 'tokenizer.json'), '{}');
    const environmentText = `EMBEDDING_MODEL_DIR=${embedding}\nEMBEDDING_PREVIOUS_MODEL_DIR=${home}/mine\nLANGUAGE_MODEL_DIR=${home}/gone\nCPU_SERVER_ENGINES_FILE=${models}/engines.json\n`;
    const enginesText = JSON.stringify({ language_model: { engine: 'llama.cpp', folder: 'gone-too' } });
    expect(await readModelFolders({ home, repository, environmentText, enginesText, former: [] })).toEqual({
      [embedding]: { model: 'paraphrase-multilingual-minilm-l12-v2', isWhole: false },
      [join(home, 'mine')]: { model: null, isWhole: true },
      [join(home, 'gone')]: { model: null, isWhole: false },
      [join(models, 'gone-too')]: { model: null, isWhole: false },
    });
  });
});
