// A restore brings data back: which code may do that, and that none comes to run by it unasked.
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ObstacleError } from '#place.ts';
import { describeRelease, releaseId } from '#releases/release-manifest.ts';
import { bareFacts } from '#sample-facts.ts';
import { requireRelease } from './restore-release.ts';

const OLD = '0.9.0-aaaaaaaaaaaa';
const RUNNING = '1.0.0-bbbbbbbbbbbb';
let folder = '';
let own = '';

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'centralita-restoring-'));
  await mkdir(join(folder, 'tree'));
  await writeFile(join(folder, 'tree/package.json'), '{"version":"1.1.0","centralita":{"minimumPrevious":"0.9.0"}}');
  own = releaseId(await describeRelease(join(folder, 'tree')));
});
afterEach(async () => await rm(folder, { recursive: true }));

type Case = { readonly backup: string; readonly current: string | null; readonly takesOver?: boolean; readonly key?: string };

async function ask({ backup, current, takesOver = false, key = '' }: Case): Promise<readonly string[]> {
  const repository = join(folder, 'tree');
  const { settings } = bareFacts();
  return await requireRelease({
    facts: {
      home: folder,
      repository,
      release: { id: own, version: '1.1.0', dir: join(folder, 'releases', own), isMade: false, current },
      settings: { ...settings, RELEASE_PUBLIC_KEY: key },
    },
    backup: { release: backup, version: backup.split('-')[0] ?? '' },
    takesOver,
  });
}
async function keep(id: string): Promise<void> {
  await mkdir(join(folder, 'releases', id), { recursive: true });
}

describe('a restore', () => {
  it('goes on without a word with the release that the backup names, whatever runs', async () => {
    expect(await ask({ backup: own, current: RUNNING })).toEqual([]);
    expect(await ask({ backup: own, current: null })).toEqual([]);
  });

  it('of an older backup goes on with the release that runs, and says that it brings the database to its schema', async () => {
    expect(await ask({ backup: OLD, current: own })).toEqual([expect.stringContaining(`of release ${OLD}: its database is brought`)]);
  });

  it('from a checkout that is another release than the one that runs is refused with where the fitting one lies', async () => {
    await keep(RUNNING);
    const refused = ask({ backup: RUNNING, current: RUNNING });
    await expect(refused).rejects.toThrow(ObstacleError);
    await expect(refused).rejects.toThrow(`restore with ${join(folder, 'releases', RUNNING)}/provision.sh`);
    await expect(refused).rejects.toThrow(`would take over from ${RUNNING}`);
    await keep(OLD);
    await expect(ask({ backup: OLD, current: RUNNING })).rejects.toThrow(`${join(folder, 'releases', OLD)}/provision.sh`);
  });

  it('on an empty machine with another release than the backup’s is refused, and named is the one to fetch', async () => {
    await expect(ask({ backup: OLD, current: null })).rejects.toThrow(`restore with ${OLD}, and --upgrade afterwards; or say --take-over`);
  });

  it('lets the code at hand take over where that is said, and tells it', async () => {
    const [told] = await ask({ backup: RUNNING, current: RUNNING, takesOver: true });
    expect(told).toContain(`${own}, which takes over from ${RUNNING}`);
  });

  it('lets no code take over that no upgrade would take: not signed as asked, or too far from the backup', async () => {
    await expect(ask({ backup: RUNNING, current: RUNNING, takesOver: true, key: 'A'.repeat(43) })).rejects.toThrow(
      'RELEASE_PUBLIC_KEY asks',
    );
    await expect(ask({ backup: '0.8.0-aaaaaaaaaaaa', current: null, takesOver: true })).rejects.toThrow('upgrade to 0.9.0 first');
    await expect(ask({ backup: '2.0.0-aaaaaaaaaaaa', current: own, takesOver: true })).rejects.toThrow('Restore with that release');
  });
});
