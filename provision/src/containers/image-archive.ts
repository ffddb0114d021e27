/**
 * Our images by what they were made from: each bears its recipe as a tag, so that a run finds what an earlier one, another release or a bundle brought, and all
 * of them go into one archive and out of it again without a registry.
 */
import { createHash } from 'node:crypto';
import { z } from 'zod';
import { runCommand, tryCommand } from '#command.ts';
import { ObstacleError } from '#place.ts';
import { IMAGE_NAMES } from './container-appliance.ts';

/** With the base that the others begin with: without it none can be built anew. */
export const BUNDLED_IMAGES = ['base', ...IMAGE_NAMES] as const;
export type BundledImage = (typeof BUNDLED_IMAGES)[number];

const digest = z.string().regex(/^sha256:[0-9a-f]{64}$/);
const sealSchema = z.object({
  /** Digest of the image's contents and configuration, as the engine that saved it counts it. */
  id: digest,
  /** Of the list of layers, which every engine counts alike. */
  layers: digest,
  recipe: z.string().regex(/^[0-9a-f]{64}$/),
});
type ImageSeal = z.infer<typeof sealSchema>;
/** What identifies the images of a bundle. */
export const imageSealsSchema = z.partialRecord(z.enum(BUNDLED_IMAGES), sealSchema);
export type ImageSeals = Readonly<z.infer<typeof imageSealsSchema>>;
/** What an image was made from, and as what the engine knows it. */
export type MadeImage = { readonly name: BundledImage; readonly recipe: string; readonly id: string };

const ASK_TIMEOUT_MS = 30_000;
const ARCHIVE_TIMEOUT_MS = 1_800_000;
const inspectSchema = z.object({ id: digest, layers: z.array(z.string()) });

/** The name under which the engine keeps the image of a recipe. */
export function recipeTag(name: BundledImage, recipe: string): string {
  return `centralita/${name}:${recipe.slice(0, 12)}`;
}

/** The image that was made from this recipe, by whatever run; null when this engine has none. Dockerfiles find it from now on. */
export async function findMadeImage(name: BundledImage, recipe: string, signal: AbortSignal): Promise<string | null> {
  const found = await inspectImage(recipeTag(name, recipe), signal);
  if (!found) return null;
  await runCommand(['docker', 'tag', found.id, `centralita/${name}:latest`], { timeoutMs: ASK_TIMEOUT_MS, signal });
  return found.id;
}

/** Writes down what an image was made from. */
export async function tagImage({ name, recipe, id }: MadeImage, signal: AbortSignal): Promise<void> {
  await runCommand(['docker', 'tag', id, recipeTag(name, recipe)], { timeoutMs: ASK_TIMEOUT_MS, signal });
}

/** Saves the images into one file; layers that several share are in it once. Returns what each is known by. Throws naming the one that is gone. */
export async function saveImages(images: readonly MadeImage[], target: string, signal: AbortSignal): Promise<ImageSeals> {
  const seals: Partial<Record<BundledImage, ImageSeal>> = {};
  for (const image of images) {
    const found = await inspectImage(image.id, signal);
    if (!found) throw new ObstacleError(`the engine no longer has the image ${image.name}: run ./provision.sh, which makes it anew`);
    await tagImage(image, signal);
    seals[image.name] = { ...found, recipe: image.recipe };
  }
  const tags = images.map(({ name, recipe }) => recipeTag(name, recipe));
  await runCommand(['docker', 'save', '--output', target, ...tags], { label: 'saving the images', timeoutMs: ARCHIVE_TIMEOUT_MS, signal });
  return seals;
}

/**
 * Loads what of the images this engine has not. Throws when one is not what the seal says once it is loaded: it then lies in the engine without the name by which
 * a run would find it. The archive's own checksum is the caller's to check before.
 */
export async function loadImages(
  seals: ImageSeals,
  { archive, signal }: { readonly archive: string; readonly signal: AbortSignal },
): Promise<{ readonly isLoaded: boolean }> {
  if ((await listWrong(seals, signal)).length === 0) return { isLoaded: false };
  await runCommand(['docker', 'load', '--quiet', '--input', archive], {
    label: 'loading the images',
    timeoutMs: ARCHIVE_TIMEOUT_MS,
    signal,
  });
  const wrong = await listWrong(seals, signal);
  if (wrong.length === 0) return { isLoaded: true };
  for (const { tag } of wrong) await tryCommand(['docker', 'rmi', tag], { timeoutMs: ASK_TIMEOUT_MS });
  const words = wrong.map(({ reason }) => reason).join('; ');
  throw new ObstacleError(`the archive of images holds other images than the bundle says: ${words}`);
}

/** The ids of an engine that keeps images otherwise differ; the layers do not. */
async function listWrong(seals: ImageSeals, signal: AbortSignal): Promise<readonly { readonly tag: string; readonly reason: string }[]> {
  const wrong: { readonly tag: string; readonly reason: string }[] = [];
  for (const name of BUNDLED_IMAGES) {
    const seal = seals[name];
    if (!seal) continue;
    const tag = recipeTag(name, seal.recipe);
    const found = await inspectImage(tag, signal);
    if (!found) wrong.push({ tag, reason: `${name} is missing` });
    else if (found.id !== seal.id && found.layers !== seal.layers)
      wrong.push({ tag, reason: `${name} is ${found.id} instead of ${seal.id}` });
  }
  return wrong;
}

async function inspectImage(reference: string, signal: AbortSignal): Promise<Pick<ImageSeal, 'id' | 'layers'> | null> {
  const format = '{"id":{{json .Id}},"layers":{{json .RootFS.Layers}}}';
  const answer = await tryCommand(['docker', 'image', 'inspect', '--format', format, reference], { timeoutMs: ASK_TIMEOUT_MS, signal });
  if (answer.exitCode !== 0) return null;
  const { id, layers } = inspectSchema.parse(JSON.parse(answer.stdout));
  return { id, layers: `sha256:${createHash('sha256').update(layers.join('\n')).digest('hex')}` };
}
