// Who brings a model has it alone; a lock whose holder is gone is nobody's.
import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ModelError } from './model-failure.ts';
import { openModelLock } from './model-lock.ts';
import { modelsFolder } from './models-folder.ts';

let home = '';
beforeEach(async () => {
  home = await mkdtemp(join(tmpdir(), 'centralita-lock-'));
});
afterEach(async () => await rm(home, { recursive: true }));

describe('the lock of a model', () => {
  it('is refused while it is held, naming the process, and of another model not; afterwards nothing is left of it', async () => {
    {
      await using _held = await openModelLock(home, 'whisper');
      await expect(openModelLock(home, 'whisper')).rejects.toThrow(`another run is bringing whisper (process ${process.pid})`);
      await expect(openModelLock(home, 'whisper')).rejects.toBeInstanceOf(ModelError);
      await using _other = await openModelLock(home, 'kokoro');
    }
    expect(await readdir(modelsFolder(home))).toEqual([]);
    await using _again = await openModelLock(home, 'whisper');
  });

  it('is taken from a run that was killed, also where its number is another process now', async () => {
    await using _first = await openModelLock(home, 'kokoro');
    for (const text of ['999999999 17', `${process.pid} 17`, '']) {
      await writeFile(join(modelsFolder(home), '.whisper.lock'), text);
      await using _taken = await openModelLock(home, 'whisper');
      await expect(openModelLock(home, 'whisper')).rejects.toThrow('another run');
    }
  });
});
