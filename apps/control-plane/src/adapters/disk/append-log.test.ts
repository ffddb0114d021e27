import { mkdtemp, readdir, readFile, rm, stat, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { silentLog } from '#shared/log.ts';
import { lineOf, openAppendLog, readLines } from './append-log.ts';

let folder: string;
beforeEach(async () => (folder = await mkdtemp(join(tmpdir(), 'append-log-'))));
afterEach(() => rm(folder, { recursive: true }));

const open = (limits = { maxBytes: 10_000, segmentBytes: 1_000 }) => openAppendLog({ folder, log: silentLog, limits });
const files = async () => (await readdir(folder)).sort();

describe('an append log', () => {
  it('gives what it took to the next process, in order, when nothing was released', async () => {
    const first = await open();
    const records = Array.from({ length: 200 }, (_, index) => `record ${index} áé`);
    records.forEach((record, index) => expect(first.append(record)).toBe(index + 1));
    // Not disposed: the process dies.
    await first.flush();
    await using second = await open();
    expect(second.takeLeft()).toEqual(records);
    expect(second.takeLeft()).toEqual([]);
    expect(second.append('after')).toBe(201);
  });

  it('keeps its order when the clock was set back between two processes', async () => {
    const aheadBy = 3_600_000;
    await writeFile(join(folder, `${String(Date.now() + aheadBy).padStart(15, '0')}-000000.log`), lineOf('before'));
    const second = await open();
    second.append('after');
    await second.flush();
    await using third = await open();
    expect(third.takeLeft()).toEqual(['before', 'after']);
  });

  it('forgets what is released, a whole segment at a time, and keeps what is not', async () => {
    const first = await open();
    for (let index = 1; index <= 100; index += 1) {
      first.append(`record ${index} ${'x'.repeat(50)}`);
      await first.flush();
    }
    expect((await files()).length).toBeGreaterThan(3);
    expect(first.records()).toBe(100);
    first.release(99);
    expect(first.records()).toBe(1);
    await expect.poll(async () => (await files()).length).toBe(1);
    await using second = await open();
    expect(second.takeLeft().at(-1)).toMatch(/^record 100 /);
  });

  it('is empty once what an earlier process left is released', async () => {
    const first = await open();
    first.append('left');
    await first.flush();
    const second = await open();
    expect(second.takeLeft()).toEqual(['left']);
    second.release(1);
    await expect.poll(files).toEqual([]);
    expect(second.bytes()).toBe(0);
  });

  it('takes no more than its limit and goes on when there is room again', async () => {
    await using log = await open({ maxBytes: 200, segmentBytes: 50 });
    const numbers = Array.from({ length: 10 }, () => log.append('x'.repeat(40)));
    expect(numbers.slice(0, 4)).toEqual([1, 2, 3, 4]);
    expect(numbers.slice(4)).toEqual([null, null, null, null, null, null]);
    await log.flush();
    log.release(4);
    expect(log.append('again')).toBe(5);
  });

  it('leaves out a torn last record and a damaged one in the middle, and reads the others', async () => {
    const first = await open();
    for (const record of ['one', 'two', 'three', 'four']) first.append(record);
    await first.flush();
    const [name = ''] = await files();
    const path = join(folder, name);
    const text = await readFile(path, 'utf8');
    await writeFile(path, text.replace('two', 'tWo'));
    await truncate(path, (await stat(path)).size - 2);
    await using second = await open();
    expect(second.takeLeft()).toEqual(['one', 'three']);
  });

  it('is for its owner alone', async () => {
    await using log = await open();
    log.append('a name and a number');
    await log.flush();
    const [name = ''] = await files();
    expect(((await stat(join(folder, name))).mode & 0o777).toString(8)).toBe('600');
  });

  it('says no when its disk fails, and nothing breaks', async () => {
    await using log = await open();
    await rm(folder, { recursive: true });
    expect(log.append('in memory alone')).toBe(1);
    await log.flush();
    expect(log.append('refused')).toBeNull();
    folder = await mkdtemp(join(tmpdir(), 'append-log-'));
  });
});

it('whatever is cut off at the end of a log, what comes before is read, and nothing that was not written', () => {
  const records = fc.array(
    fc.string({ unit: 'binary' }).map((text) => JSON.stringify(text)),
    { minLength: 1, maxLength: 20 },
  );
  fc.assert(
    fc.property(records, fc.nat(), (written, cut) => {
      const text = written.map(lineOf).join('');
      const kept = text.slice(0, text.length - (cut % text.length));
      const { records: read } = readLines(kept);
      expect(read).toEqual(written.slice(0, read.length));
      expect(read.length).toBe(kept.split('\n').length - 1);
    }),
  );
});
