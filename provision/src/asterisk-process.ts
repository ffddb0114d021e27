/** Prepares an instance's folders for Asterisk and gives the command that runs it. */
import { chmod, chown, mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { renderAsterisk } from './asterisk-configuration.ts';
import { makeHoldMusic } from './hold-music.ts';
import { instancePaths, MOUNT_POINT } from './instance.ts';
import type { Instance } from './instance.ts';
import { makePrompts } from './prompts.ts';
import { writeRenderedFiles } from './rendered-files.ts';
import { rootCommand } from './root-command.ts';

const CONFIG_FILE = `${MOUNT_POINT}/asterisk/etc/asterisk.conf`;

/** Makes the folders, the configuration and the prompts. Runs any number of times; needs root privileges. */
export async function prepareAsterisk(instance: Instance): Promise<void> {
  const { uid, gid } = instance.root.users.asterisk;
  await makeFolder(instance.dir, { uid: 0, gid: 0, mode: 0o755 });
  // Passable for who knows a name in it: the control plane reads Asterisk's process number in `run`, and lists nothing.
  await makeFolder(join(instance.dir, 'asterisk'), { uid: 0, gid, mode: 0o751 });
  for (const name of ['db', 'db/keys', 'run', 'spool', 'log'])
    await makeFolder(join(instance.dir, 'asterisk', name), { uid, gid, mode: name === 'run' ? 0o751 : 0o750 });
  const paths = instancePaths(instance);
  // Read by Asterisk and by the control plane; nothing in it is private.
  await makeFolder(paths.sounds, { uid: 0, gid: 0, mode: 0o755 });
  await makeFolder(paths.asteriskEtc, { uid: 0, gid, mode: 0o750 });
  // Set-group-id: Asterisk writes, the group reads, nobody else sees even a name.
  await makeFolder(paths.recordings, { uid, gid: instance.serviceGid ?? gid, mode: 0o2770 });
  await writeRenderedFiles(paths.asteriskEtc, renderAsterisk(instance), { uid: 0, gid, mode: 0o640 });
  await makePrompts(instance);
  await makeHoldMusic(instance);
}

/** Argv that runs Asterisk in the foreground. Its log is its standard output. Stop it with {@link asteriskControlCommand}, then SIGKILL. */
export function asteriskCommand(instance: Instance): readonly string[] {
  const runner = { ...instance.root.users.asterisk, files: instance.limits.serverFiles };
  return rootCommand(instance, runner, ['/usr/sbin/asterisk', '-f', '-C', CONFIG_FILE]);
}

/** Argv that gives a running Asterisk one console command, such as `core stop now` or `core show channels`, and prints the answer. */
export function asteriskControlCommand(instance: Instance, command: string): readonly string[] {
  return rootCommand(instance, instance.root.users.asterisk, ['/usr/sbin/asterisk', '-C', CONFIG_FILE, '-rx', command]);
}

type Ownership = { readonly uid: number; readonly gid: number; readonly mode: number };

/** Makes a folder, or sets the owner and mode of an existing one. */
export async function makeFolder(path: string, { uid, gid, mode }: Ownership): Promise<void> {
  await mkdir(path, { recursive: true });
  await chown(path, uid, gid);
  await chmod(path, mode);
}
