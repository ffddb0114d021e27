// Images in one archive and out of it again, on a real engine: only where CENTRALITA_DOCKER_TEST=1 asks for it.
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { runCommand } from '@centralita/provision/command.ts';
import { findMadeImage, loadImages, recipeTag, saveImages } from '@centralita/provision/containers/image-archive.ts';
import { afterEach, expect, it, vi } from 'vitest';
import { engineFor, isEngineTestAsked } from '#e2e/engine-test.ts';

const LIMIT_MS = 180_000;
const RECIPES = { base: 'a'.repeat(64), postgres: 'b'.repeat(64) } as const;

afterEach(() => vi.unstubAllEnvs());

it.skipIf(!isEngineTestAsked)(
  'images that an engine lost come back from the archive as they were, and others in their place are refused',
  async (context) => {
    await using engine = await engineFor(context);
    vi.stubEnv('DOCKER_HOST', engine.host);
    const { signal } = new AbortController();
    const build = async (content: string): Promise<string> => {
      const folder = join(engine.folder, content);
      await mkdir(folder);
      await writeFile(join(folder, 'content'), content);
      await writeFile(join(folder, 'Dockerfile'), 'FROM scratch\nCOPY content /content\nCMD ["/none"]\n');
      return (await runCommand(['docker', 'build', '--quiet', folder])).trim();
    };
    const images = [
      { name: 'base', recipe: RECIPES.base, id: await build('first') },
      { name: 'postgres', recipe: RECIPES.postgres, id: await build('second') },
    ] as const;
    const archive = join(engine.folder, 'images.tar');
    const seals = await saveImages(images, archive, signal);
    expect(seals).toMatchObject({ base: { id: images[0].id, recipe: RECIPES.base }, postgres: { id: images[1].id } });
    await runCommand(['gzip', '-1', archive]);
    await runCommand(['docker', 'image', 'prune', '--all', '--force']);
    expect(await findMadeImage('base', RECIPES.base, signal)).toBeNull();

    expect(await loadImages(seals, { archive: `${archive}.gz`, signal })).toEqual({ isLoaded: true });
    expect(await findMadeImage('postgres', RECIPES.postgres, signal)).toBe(images[1].id);
    expect(await loadImages(seals, { archive: `${archive}.gz`, signal })).toEqual({ isLoaded: false });

    // Another image under the name: what the archive brings counts, and where that is another too it is refused.
    await runCommand(['docker', 'tag', images[0].id, recipeTag('postgres', RECIPES.postgres)]);
    expect(await loadImages(seals, { archive: `${archive}.gz`, signal })).toEqual({ isLoaded: true });
    const forged = { base: { ...images[0], id: images[1].id, layers: `sha256:${'c'.repeat(64)}` } };
    await expect(loadImages(forged, { archive: `${archive}.gz`, signal })).rejects.toThrow(
      `base is ${images[0].id} instead of ${images[1].id}`,
    );
  },
  LIMIT_MS,
);
