import { access, mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { RecordingStorage } from '#ports/recording-storage.ts';
import { createRecordingStorage } from './recording-storage.ts';

const wav = Buffer.concat([Buffer.from('RIFF\x24\x00\x00\x00WAVE', 'latin1'), Buffer.from('0123456789')]);

describe('recordings on disk', () => {
  let home: string;
  let storage: RecordingStorage;
  const at = (name: string) => join(home, 'recordings', name);

  beforeAll(async () => {
    home = await mkdtemp(join(tmpdir(), 'recordings-'));
    await mkdir(at('folder.wav'), { recursive: true });
    await writeFile(at('call.wav'), wav);
    await writeFile(at('text.wav'), 'this is no sound at all');
    await writeFile(at('short.wav'), 'RIFF');
    await writeFile(join(home, 'secret.wav'), wav);
    await mkdir(join(home, 'recordings-of-another'));
    await writeFile(join(home, 'recordings-of-another', 'call.wav'), wav);
    await symlink(join(home, 'secret.wav'), at('link.wav'));
    await symlink(at('call.wav'), at('inner-link.wav'));
    storage = createRecordingStorage({ folder: at('') });
  });
  afterAll(() => rm(home, { recursive: true }));

  it('are measured and read, whole or in part', async () => {
    expect(await storage.measure(at('call.wav'))).toBe(wav.length);
    for (const [firstByte, lastByte] of [
      [0, wav.length - 1],
      [12, 15],
    ] as const) {
      const recording = await storage.open(at('call.wav'));
      const read = recording!.read({ firstByte, lastByte }, { signal: new AbortController().signal });
      expect(Buffer.from(await new Response(read).arrayBuffer())).toEqual(wav.subarray(firstByte, lastByte + 1));
      await recording!.closed;
    }
  });

  it('may be links as long as they stay in the folder', async () => {
    expect(await storage.measure(at('inner-link.wav'))).toBe(wav.length);
  });

  it.each([
    ['nothing', 'missing.wav'],
    ['a folder', 'folder.wav'],
    ['what is no WAV file', 'text.wav'],
    ['less than a header', 'short.wav'],
    ['a link out of the folder', 'link.wav'],
    ['a path out of the folder', '../secret.wav'],
    ['a folder whose name only begins the same', '../recordings-of-another/call.wav'],
    ['a path through a file', 'call.wav/more.wav'],
    ['a path with a NUL byte', 'call.wav\0'],
  ])('are none where the path leads to %s', async (_what, name) => {
    const path = `${at('')}/${name}`;
    expect([await storage.measure(path), await storage.open(path)]).toEqual([null, null]);
  });

  it('are none while the folder is not there', async () => {
    expect(await createRecordingStorage({ folder: join(home, 'nowhere') }).measure(at('call.wav'))).toBeNull();
  });

  it('are removed, once, and nothing outside of the folder ever is', async () => {
    await writeFile(at('old.wav'), wav);
    expect([await storage.remove(at('old.wav')), await storage.remove(at('old.wav'))]).toEqual([true, false]);
    for (const name of ['../secret.wav', 'link.wav', 'folder.wav']) expect(await storage.remove(`${at('')}/${name}`)).toBe(false);
    await expect(access(join(home, 'secret.wav'))).resolves.toBeUndefined();
  });

  it('stop being read when the reader gives up', async () => {
    const gone = new AbortController();
    const recording = await storage.open(at('call.wav'));
    const reader = recording!.read({ firstByte: 0, lastByte: wav.length - 1 }, { signal: gone.signal }).getReader();
    gone.abort();
    await expect(reader.read().then(() => reader.read())).rejects.toThrow(/abort/i);
    await recording!.closed;
  });
});
