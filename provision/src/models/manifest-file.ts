/** The manifest of the code that is at work. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { readManifest } from './manifest.ts';
import type { Manifest } from './manifest.ts';

/** Throws naming the file and every wrong field. */
export async function loadManifest(repository: string): Promise<Manifest> {
  const path = join(repository, 'provision', 'models.json');
  return readManifest(await readFile(path, 'utf8'), path);
}
