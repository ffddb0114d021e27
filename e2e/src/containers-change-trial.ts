/** What an operator does to an installation in containers once it runs: saves it, puts it back, goes to another release and back, and meets a damaged file and a release that does not come up. */
import { appendFile, cp, mkdir, readdir, readFile, readlink, rm, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { openBackup } from '@centralita/provision/backup/backup-archive.ts';
import { runCommand } from '@centralita/provision/command.ts';
import { z } from 'zod';
import { outputOf, timed } from './provisioner-run.ts';
import type { ProvisionerEnd } from './provisioner-run.ts';

export type ChangeTools = {
  readonly home: string;
  /** Folder of the trial, for backups and other releases. */
  readonly folder: string;
  readonly repository: string;
  /** Runs the provisioner of a tree to its end, whatever that is. */
  readonly end: (repository: string, words: readonly string[]) => Promise<ProvisionerEnd>;
  readonly docker: (words: readonly string[]) => Promise<string>;
  readonly signal: AbortSignal;
};

export type ChangesSeen = {
  /** What the backup holds, and what its manifest says of rows. */
  readonly backupNames: readonly string[];
  readonly backupRows: number;
  readonly rehearsal: string;
  /** Exit code for a file with one byte changed, and whether what came after the backup was still there. */
  readonly damaged: { readonly code: number | null; readonly isUntouched: boolean };
  readonly restored: { readonly isGone: boolean; readonly keptSecrets: boolean };
  readonly upgradeS: number;
  /** Images of the release before that are still there by its name. */
  readonly keptImages: number;
  /** Exit code of the upgrade to a release that does not come up, how long the whole run took, way back included, and whether the one before runs again. */
  readonly broken: { readonly code: number | null; readonly returnS: number; readonly isBack: boolean };
  readonly rollbackS: number;
  readonly isFirstAgain: boolean;
  /** Calls that were heard by the installation's own account since the first: of the upgrade and of the rollback; what came back unchanged is not called anew. */
  readonly callsHeard: number;
};

/** Does all of it, once. Throws where a step fails that should not. */
export async function runChangeTrial(tools: ChangeTools): Promise<ChangesSeen> {
  const saved = await saveAndRestore(tools);
  return { ...saved, ...(await changeReleases(tools)) };
}

/** Runs the provisioner of a tree and returns what it printed. Throws where it fails. */
async function run({ end }: ChangeTools, tree: string, words: readonly string[]): Promise<string> {
  return outputOf(words, await end(tree, words));
}

type Backup = { readonly path: string; readonly key: string };

/** A backup is made, looked into and rehearsed; a damaged one changes nothing; the whole one takes away what came after it. */
async function saveAndRestore(tools: ChangeTools) {
  const { home, folder, repository } = tools;
  const path = join(folder, 'one.age');
  await run(tools, repository, ['--backup', path, '--recordings', '--exports']);
  const secrets: unknown = JSON.parse(await readFile(join(home, 'secrets.json'), 'utf8'));
  const { backupKey } = z.object({ backupKey: z.string() }).parse(secrets);
  const held = await readBackup(tools, { path, key: backupKey });
  const rehearsal = await run(tools, repository, ['--restore', path, '--rehearse']);
  await ask(tools, 'create table public.came_later (id int)');
  const damaged = await restoreDamaged(tools, path);
  await run(tools, repository, ['--restore', path, '--yes']);
  const keptSecrets = isDeepStrictEqual(JSON.parse(await readFile(join(home, 'secrets.json'), 'utf8')), secrets);
  const isGone = !(await hasLater(tools));
  await rm(path, { force: true });
  return { ...held, rehearsal, damaged, restored: { isGone, keptSecrets } };
}

/** Restores from a copy of the backup with one bit of its middle changed. */
async function restoreDamaged(tools: ChangeTools, path: string): Promise<ChangesSeen['damaged']> {
  const bytes = await readFile(path);
  const middle = Math.floor(bytes.length / 2);
  bytes[middle] = (bytes[middle] ?? 0) ^ 1;
  const damagedPath = join(tools.folder, 'damaged.age');
  await writeFile(damagedPath, bytes);
  const { code } = await tools.end(tools.repository, ['--restore', damagedPath, '--yes']);
  return { code, isUntouched: await hasLater(tools) };
}

/** To another release, from there to one that does not come up, and back to the first. */
async function changeReleases(tools: ChangeTools) {
  const { home } = tools;
  const first = await readCurrent(home);
  const next = await copyTree(tools, 'next', buildsAnew);
  const calls = [await readCall(home)];
  const upgradeS = await timed(() => run(tools, next, ['--upgrade']));
  calls.push(await readCall(home));
  const keptImages = (await tools.docker(['images', '--quiet', '--filter', `reference=centralita/*:${first}`])).trim().split('\n').length;
  const broken = await upgradeToBroken(tools);
  calls.push(await readCall(home));
  const rollbackS = await timed(() => run(tools, next, ['--rollback', '--yes']));
  calls.push(await readCall(home));
  await rm(next, { recursive: true, force: true });
  const isFirstAgain = (await readCurrent(home)) === first;
  return { upgradeS, keptImages, broken, rollbackS, isFirstAgain, callsHeard: new Set(calls).size - 1 };
}

async function upgradeToBroken(tools: ChangeTools): Promise<ChangesSeen['broken']> {
  const before = await readCurrent(tools.home);
  const bad = await copyTree(tools, 'bad', endsAtOnce);
  let code: number | null = null;
  const returnS = await timed(async () => ({ code } = await tools.end(bad, ['--upgrade'])));
  await rm(bad, { recursive: true, force: true });
  return { code, returnS, isBack: (await readCurrent(tools.home)) === before };
}

/** Another compose file and another image, so that something is built and something is brought up anew. */
async function buildsAnew(tree: string): Promise<void> {
  await appendFile(join(tree, 'provision/monitoring/Dockerfile'), 'LABEL centralita.trial=next\n');
  await appendFile(join(tree, 'docker-compose.yml'), '# another release\n');
}

/** The control plane of this release ends as soon as it is started. */
async function endsAtOnce(tree: string): Promise<void> {
  const path = join(tree, 'docker-compose.yml');
  const user = "    user: '704:704'\n";
  const text = await readFile(path, 'utf8');
  const broken = text.replace(`${user}    env_file:`, `${user}    command: [node, -e, 'process.exit(1)']\n    env_file:`);
  if (broken === text)
    throw new Error('docker-compose.yml has no control plane with user 704 and an env_file any more: say here what ends it');
  await writeFile(path, broken);
}

async function readBackup({ folder, signal }: ChangeTools, { path, key }: Backup) {
  const scratch = join(folder, 'opened');
  await mkdir(scratch, { recursive: true });
  await using opened = await openBackup(scratch, { path, key, signal });
  const backupRows = Object.values(opened.manifest.tables).reduce((sum, { rows }) => sum + rows, 0);
  return { backupNames: (await readdir(opened.folder)).toSorted(), backupRows };
}

/** SQL as the database's administrator, in its own container. */
async function ask({ docker }: ChangeTools, sql: string): Promise<string> {
  const container = (await docker(['ps', '--quiet', '--filter', 'label=com.docker.compose.service=postgres'])).trim();
  const psql = ['/usr/lib/postgresql/18/bin/psql', '-X', '-q', '-A', '-t', '-h', '/instance/postgres/run', '-d', 'centralita', '-c', sql];
  return (await docker(['exec', container, ...psql])).trim();
}

async function hasLater(tools: ChangeTools): Promise<boolean> {
  return (await ask(tools, `select to_regclass('public.came_later') is not null`)) === 't';
}

/** A copy of the checkout that is another release; its packages are the same files. */
async function copyTree({ folder, home }: ChangeTools, name: string, change: (tree: string) => Promise<void>): Promise<string> {
  const tree = join(folder, name);
  const from = join(home, 'releases', await readCurrent(home));
  await rm(tree, { recursive: true, force: true });
  await cp(from, tree, { recursive: true, filter: (path) => !['node_modules', 'release.json'].includes(basename(path)) });
  await runCommand(['cp', '--archive', '--link', join(from, 'node_modules'), join(tree, 'node_modules')]);
  await change(tree);
  return tree;
}

async function readCurrent(home: string): Promise<string> {
  return basename(await readlink(join(home, 'current')));
}

/** When the installation last heard a call. */
async function readCall(home: string): Promise<string> {
  return z.object({ testCall: z.object({ at: z.string() }) }).parse(JSON.parse(await readFile(join(home, 'state.json'), 'utf8'))).testCall
    .at;
}
