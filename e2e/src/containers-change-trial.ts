/** What an operator does to an installation in containers once it runs: saves it, puts it back, goes to another release and back, and meets a damaged file and a release that does not come up. */
import { appendFile, cp, mkdir, readdir, readFile, readlink, rm, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { openBackup } from '@centralita/provision/backup/backup-archive.ts';
import { runCommand } from '@centralita/provision/command.ts';
import { z } from 'zod';

/** Outcome of one run of the provisioner. */
export type ProvisionerEnd = { readonly code: number | null; readonly output: string };

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
  const { home, folder, repository } = tools;
  const saved = await saveAndRestore(tools);
  const first = await readCurrent(home);
  // Another compose file and another image, so that something is built and something is brought up anew.
  const next = await copyTree(tools, 'next', async (tree) => {
    await appendFile(join(tree, 'provision/monitoring/Dockerfile'), 'LABEL centralita.trial=next\n');
    await appendFile(join(tree, 'docker-compose.yml'), '# another release\n');
  });
  const calls: string[] = [await readCall(home)];
  const upgrade = await require(tools, next, ['--upgrade']);
  const second = await readCurrent(home);
  calls.push(await readCall(home));
  const keptImages = (await tools.docker(['images', '--quiet', '--filter', `reference=centralita/*:${first}`])).trim().split('\n').length;
  const bad = await copyTree(tools, 'bad', async (tree) => {
    const path = join(tree, 'docker-compose.yml');
    const text = await readFile(path, 'utf8');
    // The control plane of this release ends as soon as it is started.
    await writeFile(
      path,
      text.replace("    user: '704:704'\n    env_file:", "    user: '704:704'\n    command: [node, -e, 'process.exit(1)']\n    env_file:"),
    );
  });
  const startedAt = performance.now();
  const broken = await tools.end(bad, ['--upgrade']);
  const returnS = (performance.now() - startedAt) / 1_000;
  const isBack = (await readCurrent(home)) === second;
  calls.push(await readCall(home));
  const rollback = await require(tools, next, ['--rollback', '--yes']);
  calls.push(await readCall(home));
  for (const tree of [next, bad]) await rm(tree, { recursive: true, force: true });
  await rm(join(folder, 'one.age'), { force: true });
  return {
    ...saved,
    upgradeS: upgrade.seconds,
    keptImages,
    broken: { code: broken.code, returnS, isBack },
    rollbackS: rollback.seconds,
    isFirstAgain: (await readCurrent(home)) === first,
    callsHeard: new Set(calls).size - 1,
  };

  async function require(
    { end }: ChangeTools,
    tree: string,
    words: readonly string[],
  ): Promise<{ readonly seconds: number; readonly output: string }> {
    const beganAt = performance.now();
    const { code, output } = await end(tree, words);
    if (code !== 0) throw new Error(`provision.sh ${words.join(' ')} ended with ${code}\n${output.slice(-3_000)}`);
    return { seconds: (performance.now() - beganAt) / 1_000, output };
  }

  async function saveAndRestore({ end, signal }: ChangeTools) {
    const path = join(folder, 'one.age');
    await require(tools, repository, ['--backup', path, '--recordings', '--exports']);
    const secrets = await readFile(join(home, 'secrets.json'), 'utf8');
    const { backupKey } = z.object({ backupKey: z.string() }).parse(JSON.parse(secrets));
    const scratch = join(folder, 'opened');
    await mkdir(scratch, { recursive: true });
    const opened = await readBackup(scratch, { path, key: backupKey, signal });
    const rehearsal = (await require(tools, repository, ['--restore', path, '--rehearse'])).output;
    await ask(tools, 'create table public.came_later (id int)');
    const bytes = await readFile(path);
    const middle = Math.floor(bytes.length / 2);
    bytes[middle] = (bytes[middle] ?? 0) ^ 1;
    await writeFile(join(folder, 'damaged.age'), bytes);
    const damaged = await end(repository, ['--restore', join(folder, 'damaged.age'), '--yes']);
    const isUntouched = await hasLater(tools);
    await require(tools, repository, ['--restore', path, '--yes']);
    return {
      ...opened,
      rehearsal,
      damaged: { code: damaged.code, isUntouched },
      restored: {
        isGone: !(await hasLater(tools)),
        keptSecrets: isDeepStrictEqual(JSON.parse(await readFile(join(home, 'secrets.json'), 'utf8')), JSON.parse(secrets)),
      },
    };
  }
}

async function readBackup(scratch: string, backup: { readonly path: string; readonly key: string; readonly signal: AbortSignal }) {
  await using opened = await openBackup(scratch, backup);
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
