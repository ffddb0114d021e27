// Releases: what names them, what may follow what, and that a damaged, unsigned or half-made one never runs.
import { generateKeyPairSync } from 'node:crypto';
import { access, chmod, mkdir, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { parseChannels } from './live-calls.ts';
import { findReleaseFaults, findVersionFaults } from './release-check.ts';
import { atCurrentRelease, findReleaseFacts } from './release-facts.ts';
import { digestPaths } from './release-files.ts';
import { compareVersions, describeRelease, publicKeyText, releaseId, renderManifest, signText } from './release-manifest.ts';
import { isBroughtUp } from './release-records.ts';
import type { ReleaseChange } from './release-records.ts';
import { findCurrent, listReleases, makeRelease, pruneReleases, releaseFolder, switchCurrent } from './release-store.ts';
import { parseMaxDrain } from './upgrade-verb.ts';

let folder = '';
let tree = '';
let home = '';

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'centralita-releases-'));
  [tree, home] = [join(folder, 'tree'), join(folder, 'home')];
  await mkdir(join(tree, 'apps/control-plane/src/db/migrations'), { recursive: true });
  await mkdir(join(tree, 'node_modules/.bin'), { recursive: true });
  await mkdir(home);
  await writeFile(join(tree, 'package.json'), '{"version": "1.2.0", "centralita": {"minimumPrevious": "1.1.0"}}');
  await writeFile(join(tree, 'provision.sh'), '#!/bin/sh\n');
  await chmod(join(tree, 'provision.sh'), 0o700);
  await writeFile(join(tree, 'apps/main.ts'), 'export {};\n');
  await writeFile(join(tree, 'apps/main.test.ts'), 'a test');
  await writeFile(join(tree, 'apps/control-plane/src/db/migrations/0001_first.sql'), 'select 1;');
  await writeFile(join(tree, 'node_modules/package.js'), 'a package');
  await symlink('../package.js', join(tree, 'node_modules/.bin/node'));
});
afterEach(async () => await rm(folder, { recursive: true }));

async function make(): Promise<string> {
  return (await makeRelease({ home, repository: tree, manifest: await describeRelease(tree) })).id;
}

describe('a release', () => {
  it('is named by its version and by what is in it, tests apart', async () => {
    const before = await describeRelease(tree);
    expect(releaseId(before)).toMatch(/^1\.2\.0-[0-9a-f]{12}$/);
    expect(before).toMatchObject({ minimumPrevious: '1.1.0', migrations: ['0001_first.sql'] });
    await writeFile(join(tree, 'apps/main.test.ts'), 'another test');
    expect(await describeRelease(tree)).toEqual(before);
    await writeFile(join(tree, 'apps/main.ts'), 'export const changed = 1;\n');
    expect((await describeRelease(tree)).digest).not.toBe(before.digest);
  });

  it('has a digest of some of its paths that tests and what tools leave behind do not change', async () => {
    const paths = ['apps', 'package.json', 'not-there'];
    const before = await digestPaths(tree, paths);
    await mkdir(join(tree, 'apps/__pycache__'));
    await writeFile(join(tree, 'apps/__pycache__/model.pyc'), 'compiled');
    await writeFile(join(tree, 'apps/main.test.ts'), 'another test');
    expect(await digestPaths(tree, paths)).toBe(before);
    await writeFile(join(tree, 'package.json'), '{}');
    expect(await digestPaths(tree, paths)).not.toBe(before);
  });

  it('is copied, so that an edit of the checkout does not change what runs, and its packages are shared', async () => {
    const id = await make();
    const made = releaseFolder(home, id);
    await writeFile(join(tree, 'apps/main.ts'), 'edited');
    expect(await readFile(join(made, 'apps/main.ts'), 'utf8')).toBe('export {};\n');
    expect(await readFile(join(made, 'node_modules/package.js'), 'utf8')).toBe('a package');
    expect(await findReleaseFaults(made, '')).toEqual([]);
    await expect(access(join(made, 'apps/main.test.ts'))).rejects.toThrow('ENOENT');
  });

  it('that was half made when its maker was killed is made anew', async () => {
    const id = releaseId(await describeRelease(tree));
    await mkdir(join(home, 'releases', `.building-${id}`, 'apps'), { recursive: true });
    await writeFile(join(home, 'releases', `.building-${id}`, 'apps/left-over.ts'), 'of another run');
    expect(await listReleases(home)).toEqual([]);
    expect(await make()).toBe(id);
    expect(await findReleaseFaults(releaseFolder(home, id), '')).toEqual([]);
  });

  it('is the code that runs from its folder, and a checkout is the one that it would become', async () => {
    const id = await make();
    await switchCurrent(home, id);
    const own = releaseFolder(home, id);
    expect(await findReleaseFacts({ home, repository: own })).toEqual({ id, version: '1.2.0', dir: own, isMade: true, current: id });
    await writeFile(join(tree, 'apps/main.ts'), 'newer');
    expect(await findReleaseFacts({ home, repository: tree })).toMatchObject({ isMade: false, current: id });
    expect(await atCurrentRelease({ home, repository: tree })).toEqual({ home, repository: own });
  });

  it('stays while it is named or the link points to it, and the others go', async () => {
    const first = await make();
    await writeFile(join(tree, 'apps/main.ts'), 'second');
    const second = await make();
    await switchCurrent(home, first);
    await switchCurrent(home, second);
    expect(await findCurrent(home)).toBe(second);
    await mkdir(join(home, 'releases/0.0.1-000000000000'));
    expect(await pruneReleases(home, [first, second])).toEqual(['0.0.1-000000000000']);
    expect(await listReleases(home)).toEqual([first, second].toSorted());
  });

  it('cannot be switched to where it is not whole', async () => {
    await mkdir(join(home, 'releases/1.0.0-000000000000'), { recursive: true });
    await expect(switchCurrent(home, '1.0.0-000000000000')).rejects.toThrow('ENOENT');
    expect(await findCurrent(home)).toBeNull();
  });
});

describe('a release that may take over', () => {
  it('has every file as its manifest says, and a changed one is named', async () => {
    await writeFile(join(tree, 'release.json'), renderManifest(await describeRelease(tree)));
    expect(await findReleaseFaults(tree, '')).toEqual([]);
    await writeFile(join(tree, 'apps/main.ts'), 'tampered with');
    expect((await findReleaseFaults(tree, '')).map(({ reason }) => reason)).toEqual([`${tree}: apps/main.ts has another content`]);
  });

  it('is signed by the key that the operator trusts, where he names one', async () => {
    const { privateKey } = generateKeyPairSync('ed25519');
    const other = generateKeyPairSync('ed25519').privateKey;
    const trusted = publicKeyText(privateKey);
    expect((await findReleaseFaults(tree, trusted))[0]?.reason).toContain('has no release.json');
    const text = renderManifest(await describeRelease(tree));
    await writeFile(join(tree, 'release.json'), text);
    expect((await findReleaseFaults(tree, trusted))[0]?.reason).toContain('has no release.json.sig');
    await writeFile(join(tree, 'release.json.sig'), signText(text, other));
    expect((await findReleaseFaults(tree, trusted))[0]?.reason).toContain('not the signature');
    await writeFile(join(tree, 'release.json.sig'), `${signText(text, privateKey)}\n`);
    expect(await findReleaseFaults(tree, trusted)).toEqual([]);
  });

  it('is not older, and not further than it can take over from', () => {
    const next = { version: '2.0.0', minimumPrevious: '1.5.0' };
    expect(findVersionFaults({ version: '1.5.0' }, next)).toEqual([]);
    expect(findVersionFaults({ version: '1.4.9' }, next)[0]?.fix).toBe('upgrade to 1.5.0 first');
    expect(findVersionFaults({ version: '2.0.1' }, next)[0]?.fix).toContain('--rollback');
  });

  it.each([
    ['1.0.0', '1.0.0', 0],
    ['1.10.0', '1.9.0', 1],
    ['1.0.0-rc.1', '1.0.0', -1],
    ['0.9.9', '1.0.0', -1],
  ])('orders %s and %s as versions, not as text', (left, right, order) => {
    expect(Math.sign(compareVersions(left, right))).toBe(order);
  });
});

describe('a change of release that was cut short', () => {
  const change: ReleaseChange = {
    kind: 'upgrade',
    phase: 'stopping',
    from: 'old',
    to: 'new',
    fromMigrations: 'a',
    changesDatabase: true,
    restorePoint: null,
    startedAt: '2026-01-01T00:00:00.000Z',
  };

  it('lets nobody act but the release that it is bringing up', () => {
    const mayAct = (phase: ReleaseChange['phase']): boolean[] => ['old', 'new', 'third'].map((id) => isBroughtUp({ ...change, phase }, id));
    expect(mayAct('stopping')).toEqual([false, false, false]);
    expect(mayAct('starting')).toEqual([false, true, false]);
    expect(mayAct('returning')).toEqual([true, false, false]);
  });
});

describe('the wait for live calls', () => {
  it('takes whole seconds up to an hour', () => {
    expect(parseMaxDrain(undefined)).toBeNull();
    expect(parseMaxDrain('0')).toBe(0);
    expect(parseMaxDrain('90')).toBe(90_000);
    for (const wrong of ['', '-1', '1.5', 'soon', '3601']) expect(() => parseMaxDrain(wrong)).toThrow('--max-drain');
  });

  it('believes Asterisk, and takes no answer for an unknown number of calls', () => {
    expect(parseChannels('2 active channels\n1 active call\n7 calls processed\n')).toBe(2);
    expect(parseChannels('1 active channel\n')).toBe(1);
    expect(() => parseChannels('Unable to connect to remote asterisk')).toThrow('does not say');
  });
});
