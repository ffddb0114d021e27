/** The releases that an upgrade is proved with: the present one, one after it that is made here, and one that never gets ready. */
import { cp, mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { runCommand } from '@centralita/provision/command.ts';
import { RELEASE_PATHS } from '@centralita/provision/releases/release-files.ts';

const MIGRATIONS = 'apps/control-plane/src/db/migrations';
/** What the next release changes in the database: a table, a column of one with rows in it, and those rows themselves. */
const MIGRATION = `CREATE TABLE "upgrade_proof" ("id" integer PRIMARY KEY);
--> statement-breakpoint
INSERT INTO "upgrade_proof" VALUES (1);
--> statement-breakpoint
ALTER TABLE "call_outcomes" ADD COLUMN "upgrade_proof" text DEFAULT 'made' NOT NULL;
`;

/** A control plane that answers everything but "ready". */
const NEVER_READY = `import { createServer } from 'node:http';
createServer((_request, response) => response.writeHead(503).end('never ready')).listen(Number(process.env['HTTP_PORT']), '127.0.0.1');
`;

/** A copy of the product's files as they are now: what is edited in the checkout while the proof runs is no part of it. */
export async function copyTree(repository: string, target: string): Promise<void> {
  await mkdir(target, { recursive: true, mode: 0o755 });
  for (const path of RELEASE_PATHS)
    await cp(join(repository, path), join(target, path), { recursive: true }).catch((error: NodeJS.ErrnoException) => {
      if (error.code !== 'ENOENT') throw error;
    });
  await runCommand(['cp', '--archive', '--link', join(repository, 'node_modules'), target]);
}

/** The release after the one in `tree`: another version, one migration more. */
export async function makeNext(tree: string, version: string): Promise<void> {
  await edit(join(tree, 'package.json'), (text) => text.replace(/"version": "[^"]+"/, `"version": "${version}"`));
  const journal = join(tree, MIGRATIONS, 'meta', '_journal.json');
  await edit(journal, (text) => {
    const parsed = JSON.parse(text) as { entries: { idx: number; version: string; when: number; tag: string; breakpoints: boolean }[] };
    const last = parsed.entries.at(-1);
    if (!last) throw new Error(`${journal}: no migrations`);
    return JSON.stringify({
      ...parsed,
      entries: [...parsed.entries, { ...last, idx: last.idx + 1, when: Date.now(), tag: '9999_upgrade_proof' }],
    });
  });
  await writeFile(join(tree, MIGRATIONS, '9999_upgrade_proof.sql'), MIGRATION);
}

/** Puts a control plane into the tree that starts and never gets ready. */
export async function breakControlPlane(tree: string): Promise<void> {
  await writeFile(join(tree, 'apps/control-plane/src/boot.ts'), NEVER_READY);
}

async function edit(path: string, change: (text: string) => string): Promise<void> {
  await writeFile(path, change(await readFile(path, 'utf8')));
}
