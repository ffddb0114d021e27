/** Whether a tree may become the next release: whole, signed where signatures are asked for, and one that the present release can go to. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Finding } from '#place.ts';
import { compareVersions, describeRelease, isSignedBy, listDamage, MANIFEST_FILE, SIGNATURE_FILE } from './release-manifest.ts';
import type { ReleaseManifest } from './release-manifest.ts';
import { readManifest } from './release-store.ts';

/**
 * What is wrong with the tree itself. A checkout carries no manifest and none is asked of it, unless signatures are:
 * `publicKey` is that of `RELEASE_PUBLIC_KEY`, empty where any release is taken.
 */
export async function findReleaseFaults(tree: string, publicKey: string): Promise<readonly Finding[]> {
  const manifest = await readManifest(tree);
  if (!manifest) {
    if (publicKey === '') return [];
    const fix = 'take a release or a bundle of the vendor, or empty RELEASE_PUBLIC_KEY in .env';
    return [{ name: 'signature', reason: `${tree} has no ${MANIFEST_FILE}, and RELEASE_PUBLIC_KEY asks for a signed release`, fix }];
  }
  const damage = listDamage(manifest, (await describeRelease(tree)).files);
  const findings: Finding[] = damage.slice(0, 5).map((reason) => ({
    name: 'release',
    reason: `${tree}: ${reason}`,
    fix: 'fetch the release again; what was changed on purpose is another release and needs a manifest of its own',
  }));
  return publicKey === '' ? findings : [...findings, ...(await findSignatureFaults(tree, publicKey))];
}

async function findSignatureFaults(tree: string, publicKey: string): Promise<readonly Finding[]> {
  const [text, signature] = await Promise.all([
    readFile(join(tree, MANIFEST_FILE), 'utf8'),
    readFile(join(tree, SIGNATURE_FILE), 'utf8').catch(() => null),
  ]);
  if (signature !== null && isSignedBy(text, signature, publicKey)) return [];
  const reason =
    signature === null ? `${tree} has no ${SIGNATURE_FILE}` : `${join(tree, SIGNATURE_FILE)} is not the signature of RELEASE_PUBLIC_KEY`;
  return [{ name: 'signature', reason, fix: 'fetch the release again from the vendor; do not install this one' }];
}

/** Whether one may go from the present release to the next. */
export function findVersionFaults(
  present: Pick<ReleaseManifest, 'version'>,
  next: Pick<ReleaseManifest, 'version' | 'minimumPrevious'>,
): readonly Finding[] {
  const older = compareVersions(next.version, present.version) < 0;
  const tooFar = compareVersions(present.version, next.minimumPrevious) < 0;
  return [
    ...(older
      ? [
          {
            name: 'version',
            reason: `${next.version} is older than ${present.version}, which runs`,
            fix: './provision.sh --rollback goes to the release before the present one',
          },
        ]
      : []),
    ...(tooFar
      ? [
          {
            name: 'version',
            reason: `${next.version} takes over from ${next.minimumPrevious} on, and ${present.version} runs`,
            fix: `upgrade to ${next.minimumPrevious} first`,
          },
        ]
      : []),
  ];
}
