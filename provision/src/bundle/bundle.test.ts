// Bundles: whole, or refused with the name of what is damaged, before anything is changed.
import { execFileSync } from 'node:child_process';
import { generateKeyPairSync } from 'node:crypto';
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { digestFile } from '#file-digest.ts';
import { publicKeyText, signText } from '#releases/release-manifest.ts';
import { parseBundleManifest, renderSums } from './bundle-manifest.ts';
import type { BundleManifest } from './bundle-manifest.ts';
import { INSTALLER_SCRIPT } from './installer.ts';
import { openBundle } from './bundle-opening.ts';
import { renumberGroup, renumberUser } from './root-image.ts';
import { renderDebianPackages } from './software-list.ts';

let folder = '';
const { signal } = new AbortController();
const keys = generateKeyPairSync('ed25519');

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'centralita-bundle-'));
});
afterEach(async () => await rm(folder, { recursive: true }));

/** A bundle of two small parts; `change` spoils the files before they are packed. */
async function pack(change: (parts: string) => Promise<void> = async () => {}): Promise<string> {
  const parts = join(folder, 'parts');
  await mkdir(parts);
  await writeFile(join(parts, 'release.tar.gz'), 'the release');
  await writeFile(join(parts, 'root.tar.gz'), 'the root');
  const manifest: BundleManifest = {
    format: 1,
    release: '1.0.0-0123456789ab',
    version: '1.0.0',
    architecture: 'x64',
    runtime: 'native',
    system: { id: 'debian', version: '12' },
    madeAt: '2026-01-01T00:00:00.000Z',
    parts: {
      'release.tar.gz': await digestFile(join(parts, 'release.tar.gz')),
      'root.tar.gz': await digestFile(join(parts, 'root.tar.gz')),
    },
  };
  const text = JSON.stringify(manifest);
  await writeFile(join(parts, 'manifest.json'), text);
  await writeFile(join(parts, 'manifest.json.sig'), signText(text, keys.privateKey));
  await writeFile(join(parts, 'SHA256SUMS'), renderSums(manifest));
  await change(parts);
  const bundle = join(folder, 'bundle.tar');
  execFileSync('tar', ['-cf', bundle, '-C', parts, ...(await readdir(parts))]);
  return bundle;
}

async function open(bundle: string, publicKey = ''): Promise<BundleManifest> {
  const staging = join(folder, 'staging');
  await mkdir(staging, { recursive: true });
  return await openBundle(bundle, { folder: staging, publicKey, signal });
}

describe('a bundle', () => {
  it('is opened when every part is as its manifest says', async () => {
    expect(await open(await pack())).toMatchObject({ release: '1.0.0-0123456789ab' });
  });

  it('is refused with the name of the part that is another', async () => {
    const bundle = await pack(async (parts) => await writeFile(join(parts, 'root.tar.gz'), 'the rOot'));
    await expect(open(bundle)).rejects.toThrow('root.tar.gz has another content');
  });

  it('is refused with the name of the part that is missing', async () => {
    await expect(open(await pack(async (parts) => await rm(join(parts, 'release.tar.gz'))))).rejects.toThrow('release.tar.gz is missing');
  });

  it('is refused when it was cut off', async () => {
    const bundle = await pack();
    await writeFile(bundle, (await readFile(bundle)).subarray(0, 700));
    await expect(open(bundle)).rejects.toThrow(/cut off|damaged/);
  });

  it('must be signed by the key that the operator names', async () => {
    const bundle = await pack();
    await expect(open(bundle, publicKeyText(keys.privateKey))).resolves.toBeDefined();
    await expect(open(bundle, publicKeyText(generateKeyPairSync('ed25519').privateKey))).rejects.toThrow('not the signature');
  });

  it('is not opened with a public key that is none', async () => {
    await expect(open(await pack(), 'not-a-key')).rejects.toThrow('the public key "not-a-key" is none');
  });

  it('that is not signed is refused where a signature is asked for', async () => {
    const bundle = await pack(async (parts) => await rm(join(parts, 'manifest.json.sig')));
    await expect(open(bundle, publicKeyText(keys.privateKey))).rejects.toThrow('is not signed');
  });

  it('names no part outside its own folder', async () => {
    const text = await readFile(await pack().then(() => join(folder, 'parts/manifest.json')), 'utf8');
    expect(() => parseBundleManifest(text.replace('root.tar.gz', '../root.tar.gz'))).toThrow('not the manifest');
  });

  it('begins with an installer that a shell understands and that refuses a damaged release', async () => {
    const script = join(folder, 'install.sh');
    await writeFile(script, INSTALLER_SCRIPT);
    execFileSync('sh', ['-n', script]);
    const bundle = await pack(async (parts) => await writeFile(join(parts, 'release.tar.gz'), 'another release'));
    const install = (): string =>
      execFileSync('sh', [script, bundle], {
        env: { ...process.env, CENTRALITA_HOME: join(folder, 'home') },
        stdio: 'pipe',
        encoding: 'utf8',
      });
    expect(install).toThrow(process.getuid?.() === 0 ? 'release.tar.gz has another content' : 'needs root');
  });
});

it('gives the root’s users the numbers of the machine that it comes to', () => {
  const to = { uid: 501, gid: 502 };
  const passwd = 'root:x:0:0:root:/root:/bin/bash\npostgres:x:992:993::/var/lib/postgres:/usr/sbin/nologin\n';
  expect(renumberUser(passwd, { name: 'postgres', to })).toBe(passwd.replace(':992:993:', ':501:502:'));
  expect(renumberGroup('root:x:0:\npostgres:x:993:\n', { name: 'postgres', to })).toBe('root:x:0:\npostgres:x:502:\n');
});

it('lists Debian packages so that a scanner finds them', () => {
  const list = JSON.parse(renderDebianPackages('asterisk\t1:22.10.1+dfsg-1\tamd64\n', 'forky')) as { components: unknown[] };
  expect(list.components).toEqual([
    {
      type: 'library',
      name: 'asterisk',
      version: '1:22.10.1+dfsg-1',
      purl: 'pkg:deb/debian/asterisk@1%3A22.10.1%2Bdfsg-1?arch=amd64&distro=forky',
    },
  ]);
});
