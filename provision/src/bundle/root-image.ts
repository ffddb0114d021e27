/** The private root as an archive: what debootstrap and a mirror would bring. The numbers of its users are put right for the machine that it comes to. */
import { mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { runCommand } from '#command.ts';
import { BUILDING_PREFIX, USERS } from '#private-root.ts';
import { ensureSystemUser } from '#system-user.ts';
import type { SystemUser } from '#system-user.ts';

const TIMEOUT_MS = 1_800_000;
const STAMP = 'centralita-root.json';
const ids = z.object({ uid: z.number(), gid: z.number() });
const stampSchema = z.looseObject({ users: z.object({ asterisk: ids, postgres: ids, prometheus: ids }) });
/** Seen in the root while its programs run: the machine's own. */
const LEFT_OUT = ['./proc/*', './sys/*', './dev/*', './tmp/*', './run/*', './instance/*', './mnt/*'];

/** Packs the root of this machine. */
export async function packRoot(root: string, target: string, signal: AbortSignal): Promise<void> {
  const without = LEFT_OUT.map((path) => `--exclude=${path}`);
  // Not piped: a shell would hear of gzip's end alone, and a cut-off root would go into the bundle.
  const how = ['--use-compress-program=gzip -1', '--one-file-system', '--numeric-owner', '--xattrs', ...without];
  await runCommand(['tar', '--create', ...how, '-f', target, '-C', root, '.'], { signal, timeoutMs: TIMEOUT_MS });
}

/** Unpacks a root beside its place, gives its files to this machine's users, and puts it there. Killed at any moment, there is a root or none. */
export async function unpackRoot(home: string, archive: string, signal: AbortSignal): Promise<void> {
  const building = join(home, `${BUILDING_PREFIX}${process.pid}`);
  await rm(building, { recursive: true, force: true });
  await mkdir(building, { recursive: true, mode: 0o755 });
  await runCommand(['tar', '--extract', '--numeric-owner', '--xattrs', '-z', '-f', archive, '-C', building], {
    signal,
    timeoutMs: TIMEOUT_MS,
  });
  const stamp = stampSchema.parse(JSON.parse(await readFile(join(building, STAMP), 'utf8')));
  const names = Object.keys(USERS) as (keyof typeof USERS)[];
  // All at once: one user's new number may be another's old one.
  const moves = await Promise.all(names.map(async (name) => ({ name, from: stamp.users[name], to: await ensureSystemUser(USERS[name]) })));
  const moved = moves.filter(({ from, to }) => from.uid !== to.uid || from.gid !== to.gid);
  if (moved.length > 0) await giveTo(building, moved, signal);
  const users = Object.fromEntries(moves.map(({ name, to }) => [name, to]));
  await writeFile(join(building, STAMP), `${JSON.stringify({ ...stamp, users }, null, 2)}\n`);
  await rename(building, join(home, 'root'));
}

type Move = { readonly name: string; readonly from: SystemUser; readonly to: SystemUser };

async function giveTo(root: string, moves: readonly Move[], signal: AbortSignal): Promise<void> {
  const lists = moves.map(({ name, from }) => [join(root, `.owned-by-${name}`), from] as const);
  const script = 'find "$1" -xdev \\( -uid "$2" -o -gid "$3" \\) -print0 >"$4"';
  for (const [list, from] of lists)
    await runCommand(['/bin/sh', '-ec', script, 'list', root, String(from.uid), String(from.gid), list], { signal, timeoutMs: TIMEOUT_MS });
  for (const [index, { to }] of moves.entries()) {
    const list = lists[index]?.[0] ?? '';
    await runCommand(['/bin/sh', '-ec', 'xargs -0 -r chown -h "$1" <"$2"; rm "$2"', 'give', `${to.uid}:${to.gid}`, list], {
      signal,
      timeoutMs: TIMEOUT_MS,
    });
  }
  await edit(join(root, 'etc/passwd'), (text) => moves.reduce((all, move) => renumberUser(all, move), text));
  await edit(join(root, 'etc/group'), (text) => moves.reduce((all, move) => renumberGroup(all, move), text));
}

/** The line of one user in a passwd file with other numbers. */
export function renumberUser(text: string, { name, to }: Pick<Move, 'name' | 'to'>): string {
  return text.replace(new RegExp(`^(${name}:[^:]*):\\d+:\\d+:`, 'm'), `$1:${to.uid}:${to.gid}:`);
}

/** The line of one group in a group file with another number. */
export function renumberGroup(text: string, { name, to }: Pick<Move, 'name' | 'to'>): string {
  return text.replace(new RegExp(`^(${name}:[^:]*):\\d+:`, 'm'), `$1:${to.gid}:`);
}

async function edit(path: string, change: (text: string) => string): Promise<void> {
  await writeFile(path, change(await readFile(path, 'utf8')));
}
