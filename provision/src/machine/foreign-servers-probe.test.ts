// Servers of others: which of them are ours after all, and which want the ports of calls.
import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { probeForeignServers, wantsCallPorts } from './foreign-servers-probe.ts';

let root = '';
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'centralita-servers-'));
});
afterEach(async () => await rm(root, { recursive: true }));

/** A process of the recorded machine. */
async function run(id: number, name: string, ownRoot: string): Promise<void> {
  await mkdir(join(root, 'proc', String(id)), { recursive: true });
  await writeFile(join(root, 'proc', String(id), 'comm'), `${name}\n`);
  await symlink(ownRoot, join(root, 'proc', String(id), 'root'));
}

describe('another server', () => {
  it('is one that does not run below the home, whatever the path of its root begins with', async () => {
    const servers = (): Promise<readonly string[]> =>
      probeForeignServers({ root, env: { PATH: '' } }, '/srv/home', AbortSignal.timeout(5_000));
    await run(1, 'asterisk', '/srv/home/root');
    await run(2, 'postgres', '/srv/home');
    expect(await servers()).toEqual([]);
    await run(3, 'kamailio', '/srv/home2/root');
    await run(4, 'postgres', '/');
    expect(await servers()).toEqual(['postgresql (running)', 'kamailio (running)']);
  });

  it('wants the ports of calls while it runs, unless it is the database', () => {
    expect(['asterisk 20.6.0 (running)', 'kamailio (running)', 'postgresql-proxy (running)'].filter(wantsCallPorts)).toHaveLength(3);
    expect(['asterisk 20.6.0 (installed)', 'postgresql 16 on port 5432 (running)', 'postgresql (running)'].filter(wantsCallPorts)).toEqual(
      [],
    );
  });
});
