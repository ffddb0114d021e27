/** The command line that runs a program of the private root on one instance's files, in the foreground. */
import { MOUNT_POINT } from './instance.ts';
import type { Instance } from './instance.ts';
import type { SystemUser } from './system-user.ts';

/**
 * Everything is `exec`: the process that was started becomes the program, so its id, signals and output are the
 * program's own. The mounts live in a namespace of their own and vanish with the process.
 */
const SCRIPT = `
set -eu
directory=$1 root=$2 uid=$3 gid=$4 files=$5
shift 5
mount --bind "$directory" "$root${MOUNT_POINT}"
mount -t proc proc "$root/proc"
mount --rbind /dev "$root/dev"
mount -t tmpfs -o mode=1777,size=256m tmpfs "$root/tmp"
# Asterisk looks the machine's own name up for every call; unknown, that is two DNS queries a call, and at 50 calls a second
# 40 of 100 went unanswered (measured). So the name is put in front of what the machine's own hosts file says.
{ printf '127.0.0.1 localhost %s\n' "$(uname -n)"; cat /etc/hosts 2>/dev/null || true; } >"$root/tmp/hosts"
[ -e "$root/etc/hosts" ] || : >"$root/etc/hosts"
mount --bind "$root/tmp/hosts" "$root/etc/hosts"
# A trunk's name is asked of the name servers that the machine uses now, not of those it had when the root was built.
[ ! -e /etc/resolv.conf ] || mount --bind /etc/resolv.conf "$root/etc/resolv.conf"
umask 0027
# A container may forbid the raise: then as many as it allows.
ulimit -n "$files" 2>/dev/null || ulimit -S -n "$(ulimit -H -n)"
cd /
exec chroot "$root" /usr/bin/setpriv --reuid="$uid" --regid="$gid" --clear-groups --no-new-privs "$@"
`;

/** The machine's own files, read-only, below /mnt: what an exporter must see to tell of disks and devices. */
const HOST_SCRIPT = `
set -eu
root=$1 uid=$2 gid=$3
shift 3
mount --rbind / "$root/mnt"
mount -o remount,bind,ro "$root/mnt"
umask 0027
cd /
exec chroot "$root" /usr/bin/setpriv --reuid="$uid" --regid="$gid" --clear-groups --no-new-privs "$@"
`;

/** Wraps `argv`, a program of the root that looks at the machine: its files are below /mnt, the instance's are not there. */
export function hostRootCommand({ root }: Pick<Instance, 'root'>, user: SystemUser, argv: readonly string[]): readonly string[] {
  const wrapper = ['unshare', '--mount', '--propagation', 'private', '/bin/sh', '-c', HOST_SCRIPT, 'centralita'];
  return [...wrapper, root.dir, String(user.uid), String(user.gid), ...argv];
}

/** Who a program runs as, and how many files it may open, sockets included: those that the calls ask for, or what is enough for any other. */
export type Runner = SystemUser & { readonly files?: number };
const USUAL_FILES = 20_000;

/** Wraps `argv`, whose paths are those inside the root. Needs root privileges; the program itself runs as `user`. */
export function rootCommand(instance: Instance, { uid, gid, files = USUAL_FILES }: Runner, argv: readonly string[]): readonly string[] {
  const wrapper = ['unshare', '--mount', '--propagation', 'private', '/bin/sh', '-c', SCRIPT, 'centralita'];
  return [...wrapper, instance.dir, instance.root.dir, String(uid), String(gid), String(files), ...argv];
}
