// A program that never ends costs its deadline and leaves nothing running.
import { chmod, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { askCommand } from './probe-command.ts';

describe('a program asked by a probe', () => {
  let bin = '';
  const far = AbortSignal.timeout(30_000);

  beforeAll(async () => {
    bin = await mkdtemp(join(tmpdir(), 'centralita-probe-'));
    const scripts = {
      speaks: "printf 'one\\n'; printf 'two\\n' >&2; exit 9",
      // The child holds the output open: waiting for its end would be waiting for ever.
      hangs: '/bin/sleep 600 &\n/bin/sleep 600',
      language: 'printf %s "$LC_ALL"',
    };
    for (const [name, text] of Object.entries(scripts)) {
      await writeFile(join(bin, name), `#!/bin/sh\n${text}\n`);
      await chmod(join(bin, name), 0o755);
    }
  });
  afterAll(async () => await rm(bin, { recursive: true, force: true }));

  const leftBehind = async (): Promise<number> => {
    const ids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name));
    const environments = await Promise.all(ids.map(async (id) => await readFile(`/proc/${id}/environ`, 'utf8').catch(() => '')));
    return environments.filter((text) => text.includes(`PATH=${bin}`)).length;
  };

  it('is looked up in the PATH given, and its exit code is an answer', async () => {
    expect(await askCommand(['speaks'], { env: { PATH: bin }, deadline: far })).toEqual({
      kind: 'ended',
      exitCode: 9,
      stdout: 'one\n',
      stderr: 'two\n',
    });
  });

  it('is absent when the PATH has none', async () => {
    expect(await askCommand(['nvidia-smi'], { env: { PATH: bin }, deadline: far })).toEqual({ kind: 'absent' });
  });

  it('speaks English, whatever the operator does', async () => {
    expect(await askCommand(['language'], { env: { PATH: bin, LC_ALL: 'es_ES.UTF-8' }, deadline: far })).toMatchObject({ stdout: 'C' });
  });

  it('is ended with all it started when the deadline comes', async () => {
    const answer = await askCommand(['hangs'], { env: { PATH: bin }, deadline: AbortSignal.timeout(300) });
    expect(answer).toEqual({ kind: 'hung' });
    await expect.poll(leftBehind, { timeout: 5_000 }).toBe(0);
  });

  it('is not started after the deadline', async () => {
    expect(await askCommand(['speaks'], { env: { PATH: bin }, deadline: AbortSignal.abort() })).toEqual({ kind: 'hung' });
  });
});
