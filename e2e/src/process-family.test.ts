// A killed server must be dead as a whole, whatever groups its processes lead.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import { killFamily } from './process-family.ts';

describe('a family of processes', () => {
  it('is killed with a child that leads a group of its own', async () => {
    const parent = spawn('/bin/sh', ['-c', 'setsid sleep 60 & echo $!; wait'], { stdio: ['ignore', 'pipe', 'ignore'] });
    const ended = once(parent, 'exit');
    const [line] = (await once(parent.stdout, 'data')) as [Buffer];
    const child = Number(String(line));
    expect(child).toBeGreaterThan(0);
    await killFamily(parent.pid as number);
    expect((await ended)[1]).toBe('SIGKILL');
    // A zombie answers to a signal; its command line is gone.
    expect(await readFile(`/proc/${child}/cmdline`, 'utf8').catch(() => '')).toBe('');
  });
});
