import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { describeTextEmbedding } from '#ports/testing/text-embedding.contract.ts';
import { silentLog } from '#shared/log.ts';
import type { SentenceEmbedding } from './sentence-transformers.ts';
import { openSentenceTransformers } from './sentence-transformers.ts';
import { writeTinySentenceModel } from './testing/tiny-sentence-model.ts';

describe('a sentence-transformers model from a folder', () => {
  const signal = new AbortController().signal;
  let home: string;
  let embedding: SentenceEmbedding;
  beforeAll(async () => {
    home = await mkdtemp(join(tmpdir(), 'centralita-embedding-'));
    await writeTinySentenceModel(join(home, 'tiny model'));
    embedding = await openSentenceTransformers({ folder: join(home, 'tiny model'), log: silentLog });
  });
  afterAll(async () => {
    await embedding[Symbol.asyncDispose]();
    await rm(home, { recursive: true });
  });

  describeTextEmbedding(async () => embedding);

  it('is of a kind that names the folder and the revision of the weights', async () => {
    await writeTinySentenceModel(join(home, 'other', 'tiny model'), 2);
    await using other = await openSentenceTransformers({ folder: join(home, 'other', 'tiny model'), log: silentLog });
    expect(embedding.kind).toMatch(/^tiny-model@[0-9a-f]{12}$/);
    expect(other.kind).toMatch(/^tiny-model@[0-9a-f]{12}$/);
    expect(other.kind).not.toBe(embedding.kind);
    expect([embedding.dimensions, other.dimensions]).toEqual([8, 8]);
  });

  it('pools over the words of a text and not over what fills a batch up', async () => {
    const texts = ['limpieza', 'precio de la limpieza dental de la clínica'];
    const [short] = await embedding.embed(texts, { purpose: 'passage', signal });
    const [alone] = await embedding.embed(['limpieza'], { purpose: 'passage', signal });
    for (const [place, value] of (alone ?? new Float32Array()).entries()) expect(short?.[place]).toBeCloseTo(value, 5);
  });

  it('puts the prompt of the model before a question', async () => {
    const [asked] = await embedding.embed(['limpieza'], { purpose: 'question', signal });
    const [written] = await embedding.embed(['precio limpieza'], { purpose: 'passage', signal });
    expect(asked).toEqual(written);
  });

  it('answers a question before the passages that wait', async () => {
    const order: string[] = [];
    const passages = embedding.embed(
      Array.from({ length: 64 }, () => 'limpieza dental de la clínica'),
      { purpose: 'passage', signal },
    );
    const question = embedding.embed(['horario'], { purpose: 'question', signal });
    await Promise.all([passages.then(() => order.push('passages')), question.then(() => order.push('question'))]);
    expect(order).toEqual(['question', 'passages']);
  });

  it.each([
    ['onnx/model.onnx', /it has no onnx\/model\.onnx or onnx\/model_quantized\.onnx/],
    ['tokenizer.json', /it has no tokenizer\.json/],
    ['config.json', /it has no config\.json/],
  ])('is refused by name when %s is missing', async (file, reason) => {
    const folder = await mkdtemp(join(home, 'broken-'));
    await writeTinySentenceModel(folder);
    await rm(join(folder, file));
    await expect(openSentenceTransformers({ folder, log: silentLog })).rejects.toThrow(reason);
  });

  it('is refused with its folder when the weights are none', async () => {
    const folder = await mkdtemp(join(home, 'broken-'));
    await writeTinySentenceModel(folder);
    await writeFile(join(folder, 'onnx', 'model.onnx'), 'no weights');
    await expect(openSentenceTransformers({ folder, log: silentLog })).rejects.toThrow(`the model of ${folder} could not be loaded`);
  });
});
