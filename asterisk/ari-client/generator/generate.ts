/** `npm run generate -- <rest-api folder> [version]`: writes `src/generated` from the API description of an installed Asterisk. */
import { readFile, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { readDescription } from './description.ts';
import { emitEvents, emitModels, emitOperations } from './emit.ts';

/** Writes the three files into `target`. */
export async function generate(options: { readonly folder: string; readonly version: string; readonly target: string }): Promise<void> {
  const description = await readDescription(options.folder);
  await Promise.all([
    writeFile(join(options.target, 'models.ts'), emitModels(description, options.version)),
    writeFile(join(options.target, 'events.ts'), emitEvents(description, options.version)),
    writeFile(join(options.target, 'operations.ts'), emitOperations(description, options.version)),
  ]);
}

/** The upstream version of the asterisk package whose files `folder` belongs to, from the package database of the same root. */
async function installedVersion(folder: string): Promise<string> {
  const database = resolve(folder, '../../../../var/lib/dpkg/status');
  const paragraph = (await readFile(database, 'utf8')).split('\n\n').find((text) => text.startsWith('Package: asterisk\n'));
  const version = /^Version: (?:\d+:)?(?<upstream>\d+\.\d+\.\d+)/m.exec(paragraph ?? '')?.groups?.['upstream'];
  if (version === undefined) throw new Error(`${database} knows no asterisk package: give the version as second argument`);
  return version;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const [folder, version] = process.argv.slice(2);
  if (folder === undefined) throw new Error('usage: npm run generate -- <rest-api folder of the Asterisk package> [version]');
  const target = fileURLToPath(new URL('../src/generated', import.meta.url));
  await generate({ folder, version: version ?? (await installedVersion(folder)), target });
}
