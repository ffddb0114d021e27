/** What a bundle says of itself: for which machines it is, and every part of it with its digest. */
import { join } from 'node:path';
import { z } from 'zod';
import { imageSealsSchema } from '#containers/image-archive.ts';
import { digestFile } from '#file-digest.ts';

export const BUNDLE_MANIFEST = 'manifest.json';
/** Ed25519 over the bytes of the manifest, in base64. */
export const BUNDLE_SIGNATURE = 'manifest.json.sig';
/** For `sha256sum`, on a machine that has no Node yet. */
export const BUNDLE_SUMS = 'SHA256SUMS';
export const INSTALLER = 'install.sh';
/**
 * The parts, in the order in which they are in the bundle. Models are there where the machine had some; root and packages are the native runtime's, images and
 * compose those of containers.
 */
export const PARTS = {
  release: 'release.tar.gz',
  root: 'root.tar.gz',
  packages: 'packages.tar',
  images: 'images.tar.gz',
  compose: 'docker-compose',
  models: 'models.tar',
  docs: 'docs.tar.gz',
  npmSbom: 'sbom-npm.cdx.json',
  debianSbom: 'sbom-debian.cdx.json',
} as const;

const partSchema = z.object({ bytes: z.number().int().min(0), sha256: z.string().regex(/^[0-9a-f]{64}$/) });
const manifestSchema = z.object({
  format: z.literal(1),
  /** Such as 0.1.0-0123456789ab. */
  release: z.string().regex(/^[0-9A-Za-z.-]+$/),
  version: z.string(),
  architecture: z.string(),
  /** What the machine that it was made on runs in. A bundle from before there was a choice is a native one. */
  runtime: z.enum(['native', 'docker']).default('native'),
  /** Of containers: what each image in the archive is known by. */
  images: imageSealsSchema.optional(),
  /** The system that the machine's own packages in it are for, such as `debian` and `12`. */
  system: z.object({ id: z.string(), version: z.string() }),
  madeAt: z.string(),
  parts: z.record(z.string().regex(/^[A-Za-z0-9.-]+$/), partSchema),
});

export type BundleManifest = z.infer<typeof manifestSchema>;

/** Throws when the text is no manifest of a bundle. */
export function parseBundleManifest(text: string): BundleManifest {
  try {
    return manifestSchema.parse(JSON.parse(text));
  } catch (cause) {
    throw new Error(`${BUNDLE_MANIFEST}: not the manifest of a bundle that this release understands`, { cause });
  }
}

/** What a part turned out to be. */
export type PartFound = BundleManifest['parts'][string];

/** What is wrong with a part, in words; none where nothing is. */
export function describePart(name: string, wanted: PartFound, found: PartFound | null): readonly string[] {
  if (found === null) return [`${name} is missing`];
  if (found.bytes !== wanted.bytes) return [`${name} has ${found.bytes} bytes instead of ${wanted.bytes}`];
  return found.sha256 === wanted.sha256 ? [] : [`${name} has another content than its SHA-256 says`];
}

/** The parts of an unpacked bundle that are not as its manifest says, each named with what is wrong. */
export async function listDamagedParts(folder: string, { parts }: Pick<BundleManifest, 'parts'>): Promise<readonly string[]> {
  const damaged: string[] = [];
  for (const [name, wanted] of Object.entries(parts))
    damaged.push(...describePart(name, wanted, await digestFile(join(folder, name)).catch(() => null)));
  return damaged;
}

/** The same digests in the form that `sha256sum --check` reads. */
export function renderSums({ parts }: Pick<BundleManifest, 'parts'>): string {
  return Object.entries(parts)
    .map(([name, { sha256 }]) => `${sha256}  ${name}\n`)
    .join('');
}
