/** Opening a bundle: unpacked into a folder of its own, and believed only when its signature and every part of it are what they should be. Nothing else is touched. */
import { readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { tryCommand } from '#command.ts';
import { toGib } from '#gibibytes.ts';
import { statDisk } from '#machine/disk-space.ts';
import { ObstacleError } from '#place.ts';
import { isSignedBy } from '#releases/release-manifest.ts';
import { BUNDLE_MANIFEST, BUNDLE_SIGNATURE, listDamagedParts, parseBundleManifest } from './bundle-manifest.ts';
import type { BundleManifest } from './bundle-manifest.ts';

const TIMEOUT_MS = 1_800_000;
/** Packed with gzip, programs are a third of themselves. */
const SPACE_FACTOR = 3;
/** Of an Ed25519 key. */
const PUBLIC_KEY_BYTES = 32;

/** Unpacks the bundle and checks every part of it. Throws naming the part that is damaged. */
export async function openBundle(
  path: string,
  { folder, publicKey, signal }: { readonly folder: string; readonly publicKey: string; readonly signal: AbortSignal },
): Promise<BundleManifest> {
  const { size } = await stat(path).catch((cause: unknown) => {
    throw new ObstacleError(`${path}: cannot be read`, { cause });
  });
  const { freeBytes } = await statDisk(folder);
  // Opened it lies there once more; release and root are unpacked beside that.
  if (freeBytes < size * SPACE_FACTOR)
    throw new ObstacleError(
      `${toGib(freeBytes)} GiB free below ${folder}: ${path} needs ${toGib(size * SPACE_FACTOR)}: free some, or set CENTRALITA_HOME to a folder on a larger disk`,
    );
  const { exitCode, stderr } = await tryCommand(['tar', '--extract', '--no-same-owner', '-f', path, '-C', folder], {
    signal,
    timeoutMs: TIMEOUT_MS,
  });
  const text = await readFile(join(folder, BUNDLE_MANIFEST), 'utf8').catch(() => null);
  if (text === null)
    throw new ObstacleError(`${path}: no bundle, or cut off before ${BUNDLE_MANIFEST}: ${stderr.trim().split('\n')[0] ?? ''}`);
  if (publicKey !== '') await requireSignature(path, { folder, text, publicKey });
  const manifest = readManifest(path, text);
  const damaged = await listDamagedParts(folder, manifest);
  if (damaged.length > 0) throw new ObstacleError(`${path} is damaged: ${damaged.join('; ')}: copy it again; nothing was changed`);
  if (exitCode !== 0)
    throw new ObstacleError(`${path} is damaged: ${stderr.trim().split('\n')[0] ?? ''}: copy it again; nothing was changed`);
  return manifest;
}

function readManifest(path: string, text: string): BundleManifest {
  try {
    return parseBundleManifest(text);
  } catch (cause) {
    throw new ObstacleError(`${path} is damaged: copy it again; nothing was changed`, { cause });
  }
}

async function requireSignature(
  path: string,
  { folder, text, publicKey }: { readonly folder: string; readonly text: string; readonly publicKey: string },
): Promise<void> {
  if (Buffer.from(publicKey, 'base64').byteLength !== PUBLIC_KEY_BYTES)
    throw new ObstacleError(
      `the public key "${publicKey}" is none: RELEASE_PUBLIC_KEY and --public-key take the ${PUBLIC_KEY_BYTES} bytes in base64 that --bundle --sign-key told`,
    );
  const signature = await readFile(join(folder, BUNDLE_SIGNATURE), 'utf8').catch(() => null);
  if (signature !== null && isSignedBy(text, signature, publicKey)) return;
  const reason = signature === null ? 'is not signed' : `${BUNDLE_SIGNATURE} is not the signature of RELEASE_PUBLIC_KEY`;
  throw new ObstacleError(`${path}: ${reason}: take a bundle of the vendor; nothing was changed`);
}
