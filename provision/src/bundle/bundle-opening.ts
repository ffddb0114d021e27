/**
 * Opening a bundle: believed only when its signature and every part of it are what they should be, which is found out by reading the one file. Nothing is written
 * before; what is unpacked afterwards is counted once more, since the file may have been another in between.
 */
import { mkdir, rm, stat } from 'node:fs/promises';
import { runCommand, tryCommand } from '#command.ts';
import { toGib } from '#gibibytes.ts';
import { statDisk } from '#machine/disk-space.ts';
import { ObstacleError } from '#place.ts';
import { isSignedBy } from '#releases/release-manifest.ts';
import {
  BUNDLE_MANIFEST,
  BUNDLE_SIGNATURE,
  BUNDLE_SUMS,
  describePart,
  INSTALLER,
  listDamagedParts,
  parseBundleManifest,
} from './bundle-manifest.ts';
import type { BundleManifest, PartFound } from './bundle-manifest.ts';

const TIMEOUT_MS = 1_800_000;
/** Packed with gzip, programs are a third of themselves. */
const SPACE_FACTOR = 3;
/** Of an Ed25519 key. */
const PUBLIC_KEY_BYTES = 32;
/** What a bundle holds besides its parts. */
const HEAD = [INSTALLER, BUNDLE_MANIFEST, BUNDLE_SIGNATURE, BUNDLE_SUMS];
/** For each file of the archive: its name, its length and its digest. `tar` passes over whatever is no file. */
const COUNT = 'printf "%s %s " "$TAR_FILENAME" "$TAR_SIZE"; exec sha256sum';
const COUNTED = /^([A-Za-z0-9.-]+) (\d+) ([0-9a-f]{64}) /;

/** Checks signature and parts in the archive itself, and that there is room for it below `home`. Writes nothing. Throws naming the part that is damaged. */
export async function checkBundle(
  path: string,
  { home, publicKey, signal }: { readonly home: string; readonly publicKey: string; readonly signal: AbortSignal },
): Promise<BundleManifest> {
  const { size } = await stat(path).catch((cause: unknown) => {
    throw new ObstacleError(`${path}: cannot be read`, { cause });
  });
  const text = await readMember(path, BUNDLE_MANIFEST, signal);
  if (text === null)
    throw new ObstacleError(`${path}: no bundle, or cut off before ${BUNDLE_MANIFEST}: copy it again; nothing was changed`);
  if (publicKey !== '') await requireSignature(path, { text, publicKey, signal });
  const manifest = readManifest(path, text);
  refuseDamaged(path, await listDamage(path, manifest, signal));
  const { freeBytes } = await statDisk(home);
  // Opened it lies there once more; release and root are unpacked beside that.
  if (freeBytes < size * SPACE_FACTOR)
    throw new ObstacleError(
      `${toGib(freeBytes)} GiB free below ${home}: ${path} needs ${toGib(size * SPACE_FACTOR)}: free some, or set CENTRALITA_HOME to a folder on a larger disk`,
    );
  return manifest;
}

/** Unpacks the parts of a bundle that was checked into a folder of their own. Throws when they are no longer what they were then. */
export async function unpackBundle(
  path: string,
  { folder, manifest, signal }: { readonly folder: string; readonly manifest: BundleManifest; readonly signal: AbortSignal },
): Promise<void> {
  await rm(folder, { recursive: true, force: true });
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const names = Object.keys(manifest.parts);
  await runCommand(['tar', '--extract', '--no-same-owner', '-f', path, '-C', folder, '--', ...names], {
    label: `unpacking ${path}`,
    signal,
    timeoutMs: TIMEOUT_MS,
  });
  refuseDamaged(path, await listDamagedParts(folder, manifest));
}

/** The text of one of the files at the head; null where there is none. */
async function readMember(path: string, name: string, signal: AbortSignal): Promise<string | null> {
  const argv = ['tar', '--extract', '--to-stdout', '--occurrence=1', '-f', path, '--', name];
  const { stdout } = await tryCommand(argv, { signal, timeoutMs: TIMEOUT_MS });
  return stdout === '' ? null : stdout;
}

/** What of the archive is not as the manifest says, in words: parts, and whatever is in it besides. */
async function listDamage(path: string, { parts }: BundleManifest, signal: AbortSignal): Promise<readonly string[]> {
  const options = { signal, timeoutMs: TIMEOUT_MS };
  const list = await tryCommand(['tar', '--list', '-f', path], options);
  const count = await tryCommand(['tar', '--extract', '-f', path, `--to-command=${COUNT}`], options);
  const listed = list.stdout.split('\n').filter((name) => name !== '');
  const found = new Map<string, PartFound>();
  for (const line of count.stdout.split('\n')) {
    const [, name, bytes, sha256 = ''] = COUNTED.exec(line) ?? [];
    if (name !== undefined) found.set(name, { bytes: Number(bytes), sha256 });
  }
  const damaged = listed.flatMap((name, index) => {
    if (!HEAD.includes(name) && !parts[name]) return [`it holds what its manifest does not name (${name})`];
    if (listed.indexOf(name) !== index) return [`it holds ${name} more than once`];
    return found.has(name) || parts[name] ? [] : [`${name} is no file`];
  });
  damaged.push(...Object.entries(parts).flatMap(([name, wanted]) => describePart(name, wanted, found.get(name) ?? null)));
  return damaged.length > 0 || count.exitCode === 0 ? damaged : [count.stderr.trim().split('\n')[0] ?? `tar ended with ${count.exitCode}`];
}

function refuseDamaged(path: string, damaged: readonly string[]): void {
  if (damaged.length > 0) throw new ObstacleError(`${path} is damaged: ${damaged.join('; ')}: copy it again; nothing was changed`);
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
  { text, publicKey, signal }: { readonly text: string; readonly publicKey: string; readonly signal: AbortSignal },
): Promise<void> {
  if (Buffer.from(publicKey, 'base64').byteLength !== PUBLIC_KEY_BYTES)
    throw new ObstacleError(
      `the public key "${publicKey}" is none: RELEASE_PUBLIC_KEY and --public-key take the ${PUBLIC_KEY_BYTES} bytes in base64 that --bundle --sign-key told`,
    );
  const signature = await readMember(path, BUNDLE_SIGNATURE, signal);
  if (signature !== null && isSignedBy(text, signature, publicKey)) return;
  const reason = signature === null ? 'is not signed' : `${BUNDLE_SIGNATURE} is not the signature of RELEASE_PUBLIC_KEY`;
  throw new ObstacleError(`${path}: ${reason}: take a bundle of the vendor; nothing was changed`);
}
