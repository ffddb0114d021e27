import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Log } from '#shared/log.ts';
import { openAnnouncements } from './announcement-store.ts';

describe('announcements on disk', () => {
  let folder: string;
  const warnings: object[] = [];
  const log: Log = { debug() {}, info() {}, error() {}, warn: (fields) => void warnings.push(fields), child: () => log };

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'announcements-'));
    await writeFile(join(folder, 'apology.es.s16le'), Buffer.from([0x01, 0x00, 0xff, 0xff, 0x00, 0x80]));
    await writeFile(join(folder, 'apology.fr.s16le'), Buffer.from([0x01]));
  });
  afterAll(() => rm(folder, { recursive: true }));

  it('are read as little-endian samples and found by language, with or without a region', async () => {
    const store = await openAnnouncements({ folder, languages: ['es'], log });
    expect([...store.find('apology', 'es')!]).toEqual([1, -1, -32_768]);
    expect(store.find('apology', 'es-MX')).toBe(store.find('apology', 'es'));
  });

  it('that are missing or damaged are warned of by file, and found as null', async () => {
    const store = await openAnnouncements({ folder, languages: ['en', 'fr'], log });
    expect([store.find('apology', 'en'), store.find('apology', 'fr'), store.find('apology', 'de')]).toEqual([null, null, null]);
    const ofApologies = warnings.filter((warning) => 'file' in warning && String(warning.file).includes('apology'));
    expect(ofApologies).toMatchObject([
      { file: join(folder, 'apology.en.s16le'), code: 'ENOENT' },
      { file: join(folder, 'apology.fr.s16le'), bytes: 1 },
    ]);
  });
});
