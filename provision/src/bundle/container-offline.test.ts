// A bundle of containers on a machine with an engine: everything is checked before the engine is told anything. The engine is a program in PATH that keeps its images in a folder.
import { execFileSync } from 'node:child_process';
import { chmod, mkdir, mkdtemp, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { readRecipes } from '#containers/container-facts.ts';
import { BUNDLED_IMAGES, recipeTag } from '#containers/image-archive.ts';
import { digestFile } from '#file-digest.ts';
import { EXIT } from '#place.ts';
import { BUNDLE_MANIFEST } from './bundle-manifest.ts';
import type { BundleManifest } from './bundle-manifest.ts';
import { runOffline } from './offline-verb.ts';
import { ENGINE_IMAGE, makeImageEngine } from './testing/image-engine.ts';

const RELEASE = '1.0.0-0123456789ab';

let folder = '';
const place = () => ({ home: join(folder, 'home'), repository: folder });
const offline = async (...words: readonly string[]): Promise<number> => await runOffline(place(), words, AbortSignal.timeout(30_000));
const calls = async (): Promise<string> => await readFile(join(folder, 'calls'), 'utf8').catch(() => '');

const PROVISIONER = `#!/bin/sh
shift
echo "$*" >"$ENGINE_FOLDER/handed-over"
`;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'centralita-offline-'));
  const variables = await makeImageEngine(folder);
  for (const [name, value] of Object.entries(variables)) vi.stubEnv(name, value);
  vi.spyOn(console, 'log').mockImplementation(() => undefined);
});
afterEach(async () => {
  vi.restoreAllMocks();
  vi.unstubAllEnvs();
  await rm(folder, { recursive: true });
});

/** Packs a bundle; `change` spoils the parts after they were counted. */
async function pack(change: (parts: string, manifest: BundleManifest) => Promise<void> = async () => {}): Promise<string> {
  const parts = join(folder, 'parts');
  const tree = join(folder, 'trees', RELEASE);
  await mkdir(parts);
  await mkdir(join(tree, 'node_modules/.bin'), { recursive: true });
  await writeFile(join(tree, 'node_modules/.bin/node'), PROVISIONER, { mode: 0o755 });
  await writeFile(join(tree, 'package.json'), '{"version":"1.0.0"}');
  execFileSync('tar', ['-czf', join(parts, 'release.tar.gz'), '-C', join(folder, 'trees'), RELEASE]);
  const recipes = await readRecipes(tree);
  const tags = BUNDLED_IMAGES.map((name) => recipeTag(name, recipes[name]).replace('centralita/', ''));
  await writeFile(join(parts, 'images.tar'), `${tags.join('\n')}\n`);
  execFileSync('gzip', [join(parts, 'images.tar')]);
  await writeFile(join(parts, 'docker-compose'), 'the program');
  const counted: BundleManifest['parts'] = {};
  for (const name of await readdir(parts)) counted[name] = await digestFile(join(parts, name));
  const manifest: BundleManifest = {
    format: 1,
    release: RELEASE,
    version: '1.0.0',
    architecture: process.arch,
    runtime: 'docker',
    images: Object.fromEntries(BUNDLED_IMAGES.map((name) => [name, { ...ENGINE_IMAGE, recipe: recipes[name] }])),
    system: { id: 'debian', version: '12' },
    madeAt: '2026-01-01T00:00:00.000Z',
    parts: counted,
  };
  await change(parts, manifest);
  await writeFile(join(parts, BUNDLE_MANIFEST), JSON.stringify(manifest));
  execFileSync('tar', ['-cf', join(folder, 'bundle.tar'), '-C', parts, ...(await readdir(parts))]);
  return join(folder, 'bundle.tar');
}

describe('a bundle of containers', () => {
  it('brings compose, the release and the images, and hands over to the release with what the operator agreed to', async () => {
    expect(await offline(await pack(), '--yes', '--json')).toBe(EXIT.ok);
    expect(await readFile(join(folder, 'handed-over'), 'utf8')).toBe('--runtime docker --yes --json\n');
    expect(await readdir(join(folder, 'images'))).toHaveLength(BUNDLED_IMAGES.length);
    const compose = join(place().home, 'containers/compose/usr/libexec/docker/cli-plugins/docker-compose');
    expect(await readFile(compose, 'utf8')).toBe('the program');
    expect(await readdir(place().home)).not.toContain('offline.staging');
  });

  it('upgrades where another release runs', async () => {
    const bundle = await pack();
    await mkdir(join(place().home, 'releases/0.9.0-aaaaaaaaaaaa'), { recursive: true });
    await symlink('releases/0.9.0-aaaaaaaaaaaa', join(place().home, 'current'));
    await writeFile(join(place().home, 'state.json'), '{"runtime":"docker"}');
    expect(await offline(bundle, '--yes')).toBe(EXIT.ok);
    expect(await readFile(join(folder, 'handed-over'), 'utf8')).toBe('--upgrade --yes\n');
  });

  it('loads nothing twice', async () => {
    const bundle = await pack();
    await offline(bundle);
    await offline(bundle);
    expect((await calls()).match(/^load /gm)).toHaveLength(1);
  });

  it.each(['images.tar.gz', 'release.tar.gz', 'docker-compose'])(
    'with another %s is refused before anything is told to the engine',
    async (name) => {
      const bundle = await pack(async (parts) => await writeFile(join(parts, name), 'another'));
      await expect(offline(bundle, '--yes')).rejects.toThrow(`${name} has`);
      expect(await calls()).toBe('');
      expect(await readdir(folder)).not.toContain('home');
    },
  );

  it('whose images are of another release is refused before one is loaded', async () => {
    const bundle = await pack(async (_, { images }) => {
      if (images?.postgres) images.postgres.recipe = 'f'.repeat(64);
    });
    await expect(offline(bundle)).rejects.toThrow('images of postgres are not of its release');
    expect(await calls()).not.toContain('load');
  });

  it('whose archive holds other images than it says is refused: nothing is started, and no later run takes them for what they are not', async () => {
    const bundle = await pack(async (_, { images }) => {
      if (images?.asterisk) Object.assign(images.asterisk, { id: `sha256:${'2'.repeat(64)}`, layers: `sha256:${'3'.repeat(64)}` });
    });
    await expect(offline(bundle)).rejects.toThrow(`asterisk is ${ENGINE_IMAGE.id} instead of sha256:2222`);
    expect(await readdir(folder)).not.toContain('handed-over');
    const left = await readdir(join(folder, 'images'));
    expect(left).toHaveLength(BUNDLED_IMAGES.length - 1);
    expect(left.join()).not.toContain('asterisk');
  });

  it('is refused where there is no engine, where the home is a native one, and where another runtime is asked for', async () => {
    const bundle = await pack();
    await expect(offline(bundle, '--runtime', 'native')).rejects.toThrow('the bundle is of the docker runtime');
    await writeFile(join(folder, 'bin/docker'), '#!/bin/sh\necho no daemon >&2\nexit 1\n');
    await chmod(join(folder, 'bin/docker'), 0o755);
    await expect(offline(bundle)).rejects.toThrow('a bundle does not bring the engine');
    await mkdir(place().home);
    await writeFile(join(place().home, 'state.json'), '{}');
    await expect(offline(bundle)).rejects.toThrow('an installation of the native one');
    expect(await readdir(place().home)).toEqual(['state.json']);
  });
});
