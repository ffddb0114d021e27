// What the manifest promises of every model, and what is refused in one.
import { readFile } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import { readManifest } from './manifest.ts';

const text = await readFile(new URL('../../models.json', import.meta.url), 'utf8');
const manifest = readManifest(text);

describe('models.json', () => {
  it('has a Spanish model of every role that needs no GPU, and of the three of a call that need one', () => {
    const spanish = manifest.models.filter(({ languages }) => languages.some((language) => language.startsWith('es')));
    const roles = (runsOn: string): Set<string> => new Set(spanish.filter((model) => model.runsOn === runsOn).map(({ role }) => role));
    expect([...roles('cpu')].toSorted()).toEqual(['embedding', 'language_model', 'speech_to_text', 'text_to_speech']);
    expect([...roles('gpu')].toSorted()).toEqual(['language_model', 'speech_to_text', 'text_to_speech']);
  });

  it('lists Spanish first where a model speaks several languages', () => {
    const others = manifest.models.filter(({ languages }) => languages.length > 1).map(({ languages }) => languages[0]);
    expect(new Set(others)).toEqual(new Set(['es']));
  });

  it('allows no commercial use of F5-TTS, whose weights forbid it', () => {
    const f5 = manifest.models.filter(({ engine }) => engine === 'f5-tts');
    expect(f5.length).toBeGreaterThan(0);
    expect(f5.map(({ licence }) => licence.allowsCommercialUse)).not.toContain(true);
  });

  it('says of every size and checksum that it has where they were read', () => {
    const pinned = manifest.models.filter(({ files }) => files.some(({ sha256 }) => sha256 !== null));
    expect(pinned.length).toBeGreaterThanOrEqual(5);
    expect(pinned.filter(({ pinSource }) => pinSource === undefined).map(({ name }) => name)).toEqual([]);
    const half = manifest.models.filter(({ files }) => files.some(({ bytes, sha256 }) => (bytes === null) !== (sha256 === null)));
    expect(half.map(({ name }) => name)).toEqual([]);
  });
});

describe('a wrong manifest', () => {
  const parsed = JSON.parse(text) as { models: Record<string, unknown>[] };
  const changed = (change: Record<string, unknown>): string =>
    JSON.stringify({ version: 1, models: [{ ...parsed.models[0], ...change }, ...parsed.models.slice(1)] });

  it.each([
    ['a path out of its folder', { files: [{ path: '../secrets.json', bytes: null, sha256: null }] }, 'models[0].files[0].path'],
    ['a checksum of the wrong length', { files: [{ path: 'a', bytes: 1, sha256: 'ab' }] }, 'models[0].files[0].sha256'],
    ['a name that is taken', { name: 'kokoro-82m' }, 'kokoro-82m: named twice'],
    ['a file named twice', { files: ['a', 'a'].map((path) => ({ path, bytes: null, sha256: null })) }, 'a file is named twice'],
    ['a field that nobody knows', { licens: 'MIT' }, 'licens'],
  ])('is refused for %s, with the place', (_, change, place) => {
    expect(() => readManifest(changed(change), '/x/models.json')).toThrow(/\/x\/models\.json is wrong/);
    expect(() => readManifest(changed(change))).toThrow(place);
  });
});
