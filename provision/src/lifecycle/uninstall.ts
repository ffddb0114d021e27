/** Takes an installation away: everything that can be made again, and with a purge what cannot. May be cut short at any moment and run again. */
import { readdir, readFile, rm, rmdir } from 'node:fs/promises';
import { join } from 'node:path';
import { REPLACED_SECRETS } from '#backup/settings-restore.ts';
import { tryCommand, runCommand } from '#command.ts';
import { COMMAND_LINK_PATH } from '#command-link.ts';
import { applianceFolder, BOOT_UNIT_PATH } from '#facts.ts';
import type { Facts } from '#facts.ts';
import { ObstacleError } from '#place.ts';
import { updateState } from '#state.ts';
import type { TakenDown } from '#runtime/runtime.ts';
import { findSystemUser } from '#system-user.ts';
import { appendEntry, listCreated, readJournal } from './journal.ts';

/** Unpacked by runs that were killed before they could take it away. */
const STAGING = ['backup.staging', 'bundle.staging', 'offline.staging', 'restore.staging'];
/** Below the home: made again by the next run, without anybody missing anything. */
const MADE = [...STAGING, 'app', 'bin', 'cache', 'containers', 'current', 'current.new', 'releases', 'root', 'root.old', 'supervisor'];
/** Half-built roots of killed runs. */
const BUILDING = /^root\.building-\d+$/;
/** Below the instance: the same. Its database, its recordings and what Prometheus kept are data. */
const MADE_OF_INSTANCE = ['asterisk', 'sounds', 'postgres/etc', 'postgres/run', 'postgres/data.new', 'prometheus/etc'];
/** Below the home, of a purge alone: data, settings, secrets. The journal is last: until then it says what is still to be taken away. */
const DATA = [
  'instances/appliance',
  'instances',
  'exports',
  'state',
  'backups',
  'restore-points',
  'models',
  'log',
  'metrics',
  'secrets',
  'secrets.json',
  REPLACED_SECRETS,
  // Of earlier releases.
  'triton-admin.secret',
  'calibration.json',
  '.env',
  '.env.bak',
  '.env.from-backup',
  'state.json',
  'journal.jsonl',
];

export type Uninstalled = {
  readonly kind: 'uninstalled';
  readonly isPurged: boolean;
  readonly removed: readonly string[];
  /** What stays, and why. */
  readonly kept: readonly string[];
};

/** Removes. Throws `ObstacleError`, with nothing changed, when something is mounted below the home: it would be emptied with it. */
export async function uninstall(
  facts: Facts,
  { isPurging, takeDown }: { readonly isPurging: boolean; readonly takeDown: () => Promise<TakenDown> },
): Promise<Uninstalled> {
  const { home } = facts;
  await refuseMounts(home);
  const removed: string[] = [];
  const created = listCreated(await readJournal(home));
  const about = { run: String(process.pid), step: 'uninstall', changes: [isPurging ? 'remove everything' : 'remove all but the data'] };
  await appendEntry(home, { ...about, at: new Date().toISOString(), state: 'started' });
  const running = await takeDown();
  removed.push(...running.removed);
  removed.push(...(await removeBootUnit(facts)), ...(await removeLink(facts)));
  const folder = applianceFolder(home);
  const building = (await readdir(home).catch((): string[] => [])).filter((name) => BUILDING.test(name));
  for (const path of [...[...MADE, ...building].map((name) => join(home, name)), ...MADE_OF_INSTANCE.map((name) => join(folder, name))])
    removed.push(...(await removePath(path)));
  const packages = created.flatMap((thing) => (thing.kind === 'package' ? [thing.name] : []));
  const kept = [
    ...running.kept,
    ...(packages.length === 0 ? [] : [`Debian packages ${packages.join(', ')}: apt-get remove them if nothing else needs them`]),
  ];
  if (!isPurging) {
    await forgetWhatIsGone(home);
    await appendEntry(home, { ...about, at: new Date().toISOString(), state: 'done' });
    const users = created.flatMap((thing) => (thing.kind === 'user' ? [thing.name] : []));
    return {
      kind: 'uninstalled',
      isPurged: false,
      removed,
      kept: [
        `${home}: settings, secrets, database, recordings, exports, backups, logs; ./provision.sh takes them up again`,
        // Their numbers own the data: somebody who got the same number later could read it.
        ...(users.length === 0 ? [] : [`system users ${users.join(', ')}, who own the data`]),
        ...kept,
      ],
    };
  }
  for (const thing of created) if (thing.kind === 'user') removed.push(...(await removeUser(thing.name, kept)));
  for (const name of DATA) removed.push(...(await removePath(join(home, name))));
  return { kind: 'uninstalled', isPurged: true, removed, kept: [...kept, ...(await removeHome(home, removed))] };
}

/** A folder of the checkout is mounted in the home while something runs; what is still there belongs to somebody. */
async function refuseMounts(home: string): Promise<void> {
  const mounts = (await readFile('/proc/self/mountinfo', 'utf8')).split('\n').map((line) => line.split(' ')[4] ?? '');
  const below = mounts.filter((path) => path.startsWith(`${home}/`));
  if (below.length === 0) return;
  throw new ObstacleError([
    { name: 'mounts', reason: `something is mounted on ${below.join(', ')} and would be emptied`, fix: 'umount it and run again' },
  ]);
}

/** Only the unit of this home: a second installation leaves the first one's alone. */
async function removeBootUnit({ bootUnitText, home }: Facts): Promise<readonly string[]> {
  if (!bootUnitText.includes(`CENTRALITA_HOME=${home}\n`)) return [];
  await tryCommand(['systemctl', 'disable', 'centralita.service'], { timeoutMs: 60_000 });
  await rm(BOOT_UNIT_PATH, { force: true });
  await tryCommand(['systemctl', 'daemon-reload'], { timeoutMs: 60_000 });
  return [BOOT_UNIT_PATH];
}

async function removeLink({ command }: Facts): Promise<readonly string[]> {
  return command.link === 'ours' ? await removePath(COMMAND_LINK_PATH) : [];
}

/** The path when it was there and is gone now. */
async function removePath(path: string): Promise<readonly string[]> {
  try {
    await rm(path, { recursive: true });
    return [path];
  } catch (error) {
    if (['ENOENT', 'ENOTDIR'].includes((error as NodeJS.ErrnoException).code ?? '')) return [];
    throw error;
  }
}

/** The database, its migrations and the demo stay; the services, the prompts and the call through them are gone. */
async function forgetWhatIsGone(home: string): Promise<void> {
  await updateState(home, () => ({ started: {}, prompts: undefined, testCall: undefined }));
}

/** A user whose processes run belongs to another installation as well. */
async function removeUser(name: string, kept: string[]): Promise<readonly string[]> {
  const user = await findSystemUser(name);
  if (!user) return [];
  if (await isAtWork(user.uid)) {
    kept.push(`system user ${name}: processes of another installation run as it`);
    return [];
  }
  await runCommand(['userdel', name], { timeoutMs: 60_000 });
  return [`system user ${name}`];
}

async function isAtWork(uid: number): Promise<boolean> {
  for (const name of await readdir('/proc')) {
    if (!/^\d+$/.test(name)) continue;
    const status = await readFile(`/proc/${name}/status`, 'utf8').catch(() => '');
    if (Number(/^Uid:\s+(\d+)/m.exec(status)?.[1] ?? -1) === uid) return true;
  }
  return false;
}

/** The folder itself goes when nothing else is in it. */
async function removeHome(home: string, removed: string[]): Promise<readonly string[]> {
  try {
    await rmdir(home);
    removed.push(home);
    return [];
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT') return [];
    const left = await readdir(home);
    return [left.length === 0 ? `${home} (${code ?? 'in use'})` : `${home}: ${left.join(', ')}, which this installation did not make`];
  }
}
