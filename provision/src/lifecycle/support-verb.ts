/** `provision.sh --support-bundle [FILE]`: one archive for somebody who helps from afar, readable by root alone until it is given away. */
import { chmod, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { runCommand } from '#command.ts';
import { gatherFacts } from '#facts.ts';
import { EXIT } from '#place.ts';
import type { Place } from '#place.ts';
import { parseVerbArguments } from './arguments.ts';
import { gatherParts } from './support-bundle.ts';
import type { Part } from './support-bundle.ts';

export async function runSupportBundle(place: Place, args: readonly string[], signal: AbortSignal): Promise<number> {
  const { positionals } = parseVerbArguments(args, {}, 1);
  const facts = await gatherFacts({ ...place, signal });
  const stamp = new Date().toISOString().replaceAll(/[:-]|\.\d+/g, '');
  const file = resolve(positionals[0] ?? `centralita-support-${facts.settings.SERVER_NAME}-${stamp}.tar.gz`);
  await writeBundle(file, await gatherParts(facts, signal));
  console.log(
    `${file}\nSecrets, telephone numbers, e-mail addresses and what was said are taken out. Look into it before you give it away: tar -tzf ${file}`,
  );
  return EXIT.ok;
}

/** Writes the archive; its one folder is called `support`. */
export async function writeBundle(file: string, parts: readonly Part[]): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'centralita-support-'));
  try {
    for (const { name, text } of parts) {
      const path = join(folder, 'support', name);
      await mkdir(dirname(path), { recursive: true });
      await writeFile(path, text);
    }
    await runCommand([
      'tar',
      '--create',
      '--gzip',
      '--owner=0',
      '--group=0',
      '--numeric-owner',
      '--file',
      file,
      '--directory',
      folder,
      'support',
    ]);
    await chmod(file, 0o600);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
