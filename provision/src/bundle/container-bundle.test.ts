// From one machine's containers to another's: the bundle that is made is the one that is taken.
import { generateKeyPairSync } from 'node:crypto';
import { mkdir, mkdtemp, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { IMAGE_NAMES } from '#containers/container-appliance.ts';
import { BUNDLED_IMAGES } from '#containers/image-archive.ts';
import { EXIT } from '#place.ts';
import { describeRelease, releaseId, renderManifest } from '#releases/release-manifest.ts';
import { bareFacts } from '#sample-facts.ts';
import { makeContainerParts } from './container-bundle.ts';
import { parseBundleWishes, writeBundle } from './bundle-writing.ts';
import { runOffline } from './offline-verb.ts';
import { ENGINE_IMAGE, makeImageEngine } from './testing/image-engine.ts';

const signal = AbortSignal.timeout(60_000);
let folder = '';

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'centralita-bundle-'));
  for (const [name, value] of Object.entries(await makeImageEngine(folder))) vi.stubEnv(name, value);
  vi.spyOn(console, 'log').mockImplementation(() => undefined);
});
afterEach(async () => {
  vi.restoreAllMocks();
  vi.unstubAllEnvs();
  await rm(folder, { recursive: true });
});

/** A release of two files, with a Node that writes down what it is told to run. Returns its name. */
async function makeTree(home: string): Promise<string> {
  const tree = join(home, 'releases/building');
  await mkdir(join(tree, 'node_modules/.bin'), { recursive: true });
  await writeFile(join(tree, 'package.json'), JSON.stringify({ name: 'sample', version: '1.0.0' }));
  await writeFile(
    join(tree, 'package-lock.json'),
    JSON.stringify({ name: 'sample', version: '1.0.0', lockfileVersion: 3, packages: { '': { name: 'sample', version: '1.0.0' } } }),
  );
  await writeFile(join(tree, 'node_modules/.bin/node'), '#!/bin/sh\nshift\necho "$*" >"$ENGINE_FOLDER/handed-over"\n', { mode: 0o755 });
  const manifest = await describeRelease(tree);
  await writeFile(join(tree, 'release.json'), renderManifest(manifest));
  const id = releaseId(manifest);
  await rename(tree, join(home, 'releases', id));
  return id;
}

it('is signed, made and taken: another machine has the release, the models and the images, and neither npm nor a registry was asked there', async () => {
  const home = join(folder, 'home');
  const id = await makeTree(home);
  await mkdir(join(home, 'models'));
  await writeFile(join(home, 'models/voice'), 'a model');
  const { privateKey } = generateKeyPairSync('ed25519');
  await writeFile(join(folder, 'key.pem'), privateKey.export({ type: 'pkcs8', format: 'pem' }));
  const bare = bareFacts();
  const facts = bareFacts({
    home,
    machine: { ...bare.machine, architecture: process.arch },
    release: { id, version: '1.0.0', dir: join(home, 'releases', id), isMade: true, current: id },
  });
  const made = { recipe: '', id: ENGINE_IMAGE.id };
  const containers = { base: made, images: Object.fromEntries(IMAGE_NAMES.map((name) => [name, made])) };
  const wishes = await parseBundleWishes([join(folder, 'bundle.tar'), '--sign-key', join(folder, 'key.pem')]);
  const order = { facts, repository: folder, wishes, floorBytes: 0, signal };
  const engine = { version: '28.5.2', compose: ['docker', 'compose'] };
  expect(await writeBundle(order, async (making) => await makeContainerParts(making, { facts, containers, engine }))).toBe(EXIT.ok);
  expect(await readdir(home)).toEqual(['models', 'releases']);

  await rm(join(folder, 'images'), { recursive: true });
  await mkdir(join(folder, 'images'));
  vi.stubEnv('npm_config_registry', 'http://127.0.0.1:1/');
  const other = { home: join(folder, 'other'), repository: folder };
  const words = [join(folder, 'bundle.tar'), '--public-key', wishes.sign?.publicKey ?? '', '--yes'];
  expect(await runOffline(other, words, signal)).toBe(EXIT.ok);
  expect(await readFile(join(folder, 'handed-over'), 'utf8')).toBe('--runtime docker --yes\n');
  expect(await readFile(join(other.home, 'models/voice'), 'utf8')).toBe('a model');
  expect(await readdir(join(folder, 'images'))).toHaveLength(BUNDLED_IMAGES.length);
  expect(await readdir(join(other.home, 'releases', id))).toContain('release.json.sig');
});

it('is not begun without the room for it, and leaves nothing behind when a part cannot be made', async () => {
  const facts = bareFacts({ home: folder });
  const wishes = await parseBundleWishes([join(folder, 'bundle.tar')]);
  const order = { facts, repository: folder, wishes, floorBytes: 0, signal };
  const never = async (): Promise<never> => await Promise.reject(new Error('no part'));
  await expect(writeBundle({ ...order, floorBytes: 2 ** 60 }, never)).rejects.toThrow(/GiB free below .*: a bundle needs/);
  await expect(writeBundle(order, never)).rejects.toThrow('no part');
  expect(await readdir(folder)).toEqual(['bin', 'compose-plugin', 'images']);
});
