// What every embedding must do, whatever makes its vectors.
import { expect, it } from 'vitest';
import type { TextEmbedding } from '#ports/text-embedding.ts';

/** Runs the contract on embeddings that `open` makes. */
export function describeTextEmbedding(open: () => Promise<TextEmbedding>): void {
  const signal = new AbortController().signal;

  it('gives one vector of length 1 for each text, in their order', async () => {
    const embedding = await open();
    const texts = ['limpieza dental', 'horario de la clínica', 'limpieza dental'];
    const vectors = await embedding.embed(texts, { purpose: 'passage', signal });
    expect(vectors.map((vector) => vector.length)).toEqual(texts.map(() => embedding.dimensions));
    for (const vector of vectors) expect(Math.hypot(...vector)).toBeCloseTo(1, 4);
    expect(vectors[2]).toEqual(vectors[0]);
    expect(vectors[1]).not.toEqual(vectors[0]);
  });

  it('gives the same text the same vector, alone or among others', async () => {
    const embedding = await open();
    const [alone] = await embedding.embed(['limpieza dental'], { purpose: 'passage', signal });
    const [, among] = await embedding.embed(['horario', 'limpieza dental', 'precio de una limpieza'], { purpose: 'passage', signal });
    expect(alone).toBeDefined();
    for (const [place, value] of (alone ?? new Float32Array()).entries()) expect(among?.[place]).toBeCloseTo(value, 4);
  });

  it('takes a text without words, and no text at all', async () => {
    const embedding = await open();
    expect(await embedding.embed([], { purpose: 'question', signal })).toEqual([]);
    const [vector] = await embedding.embed(['  …  '], { purpose: 'question', signal });
    expect(Math.hypot(...(vector ?? []))).toBeCloseTo(1, 4);
  });

  it('stops when it is told to', async () => {
    const embedding = await open();
    await expect(embedding.embed(['limpieza'], { purpose: 'passage', signal: AbortSignal.abort() })).rejects.toThrow(/abort/i);
  });

  it('says of which kind its vectors are', async () => {
    expect((await open()).kind).toMatch(/^[^\s]{1,200}$/);
  });
}
