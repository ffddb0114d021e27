// Bundles: whole, or refused with the name of what is damaged, before anything is changed.
import { execFileSync } from 'node:child_process';
import { generateKeyPairSync } from 'node:crypto';
import { mkdir, mkdtemp, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { digestFile } from '#file-digest.ts';
import { publicKeyText, signText } from '#releases/release-manifest.ts';
import { parseBundleManifest, renderSums } from './bundle-manifest.ts';
import type { BundleManifest } from './bundle-manifest.ts';
import { INSTALLER_SCRIPT } from './installer.ts';
import { checkBundle, unpackBundle } from './bundle-opening.ts';
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
  await rm(parts, { recursive: true, force: true });
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

/** As `--offline` does it; nothing of a bundle that is refused may lie there. */
async function open(bundle: string, publicKey = ''): Promise<BundleManifest> {
  const manifest = await checkBundle(bundle, { home: join(folder, 'home'), publicKey, signal });
  await unpackBundle(bundle, { folder: join(folder, 'staging'), manifest, signal });
  return manifest;
}

async function expectRefused(bundle: string, reason: RegExp | string, publicKey = ''): Promise<void> {
  const before = await readdir(folder);
  await expect(open(bundle, publicKey)).rejects.toThrow(reason);
  expect(await readdir(folder)).toEqual(before);
}

describe('a bundle', () => {
  it('is opened when every part is as its manifest says', async () => {
    expect(await open(await pack())).toMatchObject({ release: '1.0.0-0123456789ab' });
  });

  it('is refused with the name of the part that is another', async () => {
    await expectRefused(
      await pack(async (parts) => await writeFile(join(parts, 'root.tar.gz'), 'the rOot')),
      'root.tar.gz has another content',
    );
  });

  it('is refused with the name of the part that is missing', async () => {
    await expectRefused(await pack(async (parts) => await rm(join(parts, 'release.tar.gz'))), 'release.tar.gz is missing');
  });

  it('is refused when it was cut off', async () => {
    const bundle = await pack();
    await writeFile(bundle, (await readFile(bundle)).subarray(0, 700));
    await expectRefused(bundle, /cut off|damaged/);
  });

  it('must be signed by the key that the operator names, or not a byte of it is written', async () => {
    const bundle = await pack();
    await expectRefused(bundle, 'not the signature', publicKeyText(generateKeyPairSync('ed25519').privateKey));
    await expect(open(bundle, publicKeyText(keys.privateKey))).resolves.toBeDefined();
  });

  it('is not opened with a public key that is none', async () => {
    await expectRefused(await pack(), 'the public key "not-a-key" is none', 'not-a-key');
  });

  it('that is not signed is refused where a signature is asked for', async () => {
    const bundle = await pack(async (parts) => await rm(join(parts, 'manifest.json.sig')));
    await expectRefused(bundle, 'is not signed', publicKeyText(keys.privateKey));
  });

  it('holds nothing that its signed manifest does not name, and nothing twice', async () => {
    const publicKey = publicKeyText(keys.privateKey);
    const strange = await pack(async (parts) => await writeFile(join(parts, 'models.tar'), 'something else'));
    await expectRefused(strange, 'what its manifest does not name (models.tar)', publicKey);
    await pack();
    const twice = join(folder, 'twice.tar');
    execFileSync('tar', ['-cf', twice, '-C', join(folder, 'parts'), ...(await readdir(join(folder, 'parts'))), 'root.tar.gz']);
    await expectRefused(twice, 'root.tar.gz more than once', publicKey);
    const link = await pack(async (parts) => {
      await rm(join(parts, 'root.tar.gz'));
      await symlink('/etc/passwd', join(parts, 'root.tar.gz'));
    });
    await expectRefused(link, 'root.tar.gz is missing', publicKey);
  });

  it('that was exchanged between the check and the unpacking is refused all the same', async () => {
    const bundle = await pack();
    const manifest = await checkBundle(bundle, { home: folder, publicKey: '', signal });
    await writeFile(join(folder, 'parts/root.tar.gz'), 'the rOot');
    execFileSync('tar', ['-cf', bundle, '-C', join(folder, 'parts'), ...(await readdir(join(folder, 'parts')))]);
    await expect(unpackBundle(bundle, { folder: join(folder, 'staging'), manifest, signal })).rejects.toThrow('another content');
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
