/** System users without a login, one per kind of process, so that a break-in in one reads nothing of the others. */
import { readFile } from 'node:fs/promises';
import { runCommand } from './command.ts';

export type SystemUser = { readonly uid: number; readonly gid: number };

/** Parses a passwd file for one name. */
export function parsePasswd(text: string, name: string): SystemUser | null {
  for (const line of text.split('\n')) {
    const [user, , uid, gid] = line.split(':');
    if (user === name && uid !== undefined && gid !== undefined) return { uid: Number(uid), gid: Number(gid) };
  }
  return null;
}

/** The user as the machine knows it, or null. */
export async function findSystemUser(name: string): Promise<SystemUser | null> {
  return parsePasswd(await readFile('/etc/passwd', 'utf8'), name);
}

/** Finds the user or creates it with its own group. Needs root. */
export async function ensureSystemUser(name: string): Promise<SystemUser> {
  const existing = await findSystemUser(name);
  if (existing) return existing;
  await runCommand([
    'useradd',
    '--system',
    '--user-group',
    '--no-create-home',
    '--home-dir',
    '/nonexistent',
    '--shell',
    '/usr/sbin/nologin',
    name,
  ]);
  const created = await findSystemUser(name);
  if (!created) throw new Error(`useradd ${name} succeeded but /etc/passwd does not list it`);
  return created;
}
