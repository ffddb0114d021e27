import { describe, expect, it } from 'vitest';
import { describeTextEmbedding } from '#ports/testing/text-embedding.contract.ts';
import { createHashedNgramEmbedding } from './hashed-ngram.ts';

describe('hashed n-grams', () => {
  describeTextEmbedding(async () => createHashedNgramEmbedding());

  const signal = new AbortController().signal;
  /** How near two texts are: 1 for the same, about 0 for unrelated ones. */
  const nearness = async (one: string, other: string) => {
    const [a, b] = await createHashedNgramEmbedding().embed([one, other], { purpose: 'passage', signal });
    return (a ?? new Float32Array()).reduce((sum, value, place) => sum + value * (b?.[place] ?? 0), 0);
  };

  it.each([
    ['habitación', 'HABITACION'],
    ['citas', 'cita'],
    ['habitacoin doble', 'habitación doble'],
    ['habitaciones', 'habitación'],
    ['cancelling', 'cancel'],
    ['blanqueamiento dental', 'blanqueamento dentál'],
    ['¿Cuánto cuesta el masaje?', 'precio del masaje relajante'],
  ])('bring "%s" near "%s"', async (one, other) => {
    expect(await nearness(one, other)).toBeGreaterThan(0.3);
  });

  it.each([
    ['aparcamiento gratuito', 'limpieza dental'],
    ['the parking is free', 'the cleaning is done by the hygienist'],
    ['casa', 'casaca'],
  ])('keep "%s" from "%s"', async (one, other) => {
    expect(await nearness(one, other)).toBeLessThan((await nearness(one, one)) - 0.4);
  });

  it('are the same on every machine and in every release of this kind', async () => {
    const [vector] = await createHashedNgramEmbedding().embed(['limpieza dental'], { purpose: 'passage', signal });
    const largest = [...(vector ?? [])].map((value, place) => [place, value] as const).toSorted((a, b) => Math.abs(b[1]) - Math.abs(a[1]));
    expect(largest.slice(0, 2).map(([place, value]) => [place, Number(value.toFixed(4))])).toMatchInlineSnapshot(`
      [
        [
          17,
          -0.5793,
        ],
        [
          29,
          -0.5793,
        ],
      ]
    `);
  });
});
