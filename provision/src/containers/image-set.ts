/** The images of one release as a whole: made before it takes over, kept by its name as long as it is, and gone with it. */
import { mkdir } from 'node:fs/promises';
import { runCommand, tryCommand } from '#command.ts';
import { findReleaseFacts } from '#releases/release-facts.ts';
import { containersFolder, IMAGE_NAMES } from './container-appliance.ts';
import { readRecipes } from './container-facts.ts';
import type { ContainersState } from './container-facts.ts';
import { findMadeImage, tagImage } from './image-archive.ts';
import type { BundledImage } from './image-archive.ts';
import { buildBase, buildImage } from './image-build.ts';
import type { BuildTools } from './image-build.ts';

const ASK_TIMEOUT_MS = 60_000;

/** One name that the engine has for an image. */
export type ImageTag = { readonly id: string; readonly tag: string };

/** Finds or builds one image, and writes down what it was made from. Returns its id. */
export async function makeImage(name: BundledImage, recipe: string, tools: BuildTools): Promise<string> {
  const made = await findMadeImage(name, recipe, tools.signal);
  if (made !== null) tools.log(`image ${name}: it is here already`);
  await mkdir(containersFolder(tools.home), { recursive: true, mode: 0o755 });
  const id = made ?? (name === 'base' ? await buildBase(tools) : await buildImage(name, tools));
  await tagImage({ name, recipe, id }, tools.signal);
  return id;
}

/**
 * Makes all images of a tree, which is a release, and keeps them under its name. What runs goes on meanwhile. An image that runs already and was made from the
 * same is taken, whether it bears its recipe or not: a second one would take its name, and go with it.
 */
export async function makeImages(tools: BuildTools, { base, images }: ContainersState): Promise<void> {
  const recipes = await readRecipes(tools.repository);
  const { id: release } = await findReleaseFacts(tools);
  for (const name of ['base', ...IMAGE_NAMES] as const) {
    const recipe = recipes[name];
    const running = name === 'base' ? base : images[name];
    if (running?.recipe === recipe) await tagImage({ name, recipe, id: running.id }, tools.signal).catch(() => undefined);
    await keepImage(await makeImage(name, recipe, tools), { name, release, signal: tools.signal });
  }
}

/** Gives an image the name of a release: as long as that is kept, it is. */
export async function keepImage(
  id: string,
  { name, release, signal }: { readonly name: BundledImage; readonly release: string; readonly signal: AbortSignal },
): Promise<void> {
  await runCommand(['docker', 'tag', id, `centralita/${name}:${release}`], { timeoutMs: ASK_TIMEOUT_MS, signal });
}

/** Removes the images of releases that are not kept. One that a container still runs from stays until the next time. */
export async function pruneImages(keep: readonly string[], signal?: AbortSignal): Promise<void> {
  for (const tag of listNeedless(await listTags(signal), keep)) await tryCommand(['docker', 'rmi', tag], { timeoutMs: ASK_TIMEOUT_MS });
}

/** The names that go: all of an image that no kept release has, and those of releases that are gone. */
export function listNeedless(tags: readonly ImageTag[], keep: readonly string[]): readonly string[] {
  const isOfKept = ({ tag }: ImageTag): boolean => keep.some((release) => tag.endsWith(`:${release}`));
  const kept = new Set(tags.filter(isOfKept).map(({ id }) => id));
  const isOfRelease = ({ tag }: ImageTag): boolean => /:\d+\.\d+\.\d+[^:]*-[0-9a-f]{12}$/.test(tag);
  return tags.filter((one) => !kept.has(one.id) || (isOfRelease(one) && !isOfKept(one))).map(({ tag }) => tag);
}

/** Removes all of our images, by force of none: what another home's containers run from stays. Returns how many names are gone. */
export async function removeImages(signal: AbortSignal): Promise<number> {
  let count = 0;
  for (const { tag } of await listTags(signal))
    if ((await tryCommand(['docker', 'rmi', tag], { timeoutMs: ASK_TIMEOUT_MS, signal })).exitCode === 0) count += 1;
  return count;
}

async function listTags(signal?: AbortSignal): Promise<readonly ImageTag[]> {
  const argv = ['docker', 'images', '--no-trunc', '--filter', 'reference=centralita/*', '--format', '{{.ID}} {{.Repository}}:{{.Tag}}'];
  const answer = await runCommand(argv, { timeoutMs: ASK_TIMEOUT_MS, ...(signal ? { signal } : {}) });
  return answer
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => ({ id: line.split(' ')[0] ?? '', tag: line.split(' ')[1] ?? '' }));
}
