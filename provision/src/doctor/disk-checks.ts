/** The disk that the installation lives on. */
import { toGib } from '#gibibytes.ts';
import { fail, pass, warn } from './check.ts';
import type { CheckGroup } from './check.ts';
import type { MachineSeen } from './machine-seen.ts';

const GIBIBYTE = 1024 ** 3;
/** Root 0.8 GiB twice while it is replaced, database, logs 0.5 GiB, and room for recordings (0.96 MB a minute). */
const FLOOR_BYTES = 4 * GIBIBYTE;
/** An installed machine must still write its database and its logs. */
const INSTALLED_FLOOR_BYTES = GIBIBYTE;
/** Models and a week of recordings of ten calls. */
const COMFORT_BYTES = 20 * GIBIBYTE;
/** The private root has 40,000 files, a release 60,000. */
const INODES_FLOOR = 250_000;
/** Two commits stand in a turn's way; at 20 ms they are a fifth of the silence a caller notices. */
const FSYNC_SLOW_MS = 20;
const FSYNC_TOO_SLOW_MS = 100;
const NETWORKED = ['nfs', 'nfs4', 'cifs', 'smb3', 'fuse.sshfs', '9p', 'ceph'];
const IN_MEMORY = ['tmpfs', 'ramfs'];
const GOOD = ['ext4', 'xfs', 'btrfs', 'zfs', 'f2fs'];

const gib = (bytes: number): string => `${toGib(bytes)} GiB`;

export const diskChecks: CheckGroup<MachineSeen> = {
  name: 'disk',
  checks: [
    {
      name: 'disk space',
      judge: ({ hardware: { disk }, isInstalled, home }) => {
        const floor = isInstalled ? INSTALLED_FLOOR_BYTES : FLOOR_BYTES;
        const fix = `free space on the disk of ${home}, or put CENTRALITA_HOME on a larger one`;
        if (disk.freeBytes < floor) return fail(`${gib(disk.freeBytes)} free below ${disk.path}: need ${gib(floor)}`, fix);
        if (disk.freeBytes < COMFORT_BYTES)
          return warn(`${gib(disk.freeBytes)} free below ${disk.path}: models and recordings soon want ${gib(COMFORT_BYTES)}`, fix);
        return pass(`${gib(disk.freeBytes)} of ${gib(disk.totalBytes)} free`);
      },
    },
    {
      name: 'inodes',
      judge: ({ hardware: { disk } }) => {
        // btrfs makes them as it needs them and says 0.
        if (disk.fileSystem === 'btrfs') return pass('made as they are needed');
        if (disk.freeInodes < INODES_FLOOR)
          return fail(
            `${disk.freeInodes} free below ${disk.path}: an installation has up to ${INODES_FLOOR} files`,
            'remove small files, or make the file system with more inodes (mkfs -N)',
          );
        return pass(`${disk.freeInodes} free`);
      },
    },
    {
      name: 'file system',
      judge: ({ hardware: { disk }, home }) => {
        const move = 'put CENTRALITA_HOME on a local disk with ext4 or xfs';
        if (NETWORKED.includes(disk.fileSystem))
          return fail(`${home} is on ${disk.fileSystem}: a database on a network's disk loses commits`, move);
        if (IN_MEMORY.includes(disk.fileSystem)) return fail(`${home} is on ${disk.fileSystem}: everything is gone after a restart`, move);
        if (!GOOD.includes(disk.fileSystem)) return warn(`${home} is on ${disk.fileSystem}: not tried`, move);
        return pass(disk.fileSystem);
      },
    },
    {
      name: 'write access',
      judge: ({ host, hardware: { disk } }) =>
        host.isHomeReadOnly
          ? fail(`the disk of ${disk.path} is mounted read-only`, `look in dmesg why, then mount -o remount,rw ${disk.path}`)
          : pass('the disk takes writes'),
    },
    {
      name: 'write latency',
      judge: ({ hardware: { disk } }) => {
        const { fsyncP95Ms: latency } = disk;
        if (latency.kind === 'unknown') return warn(latency.reason, latency.fix ?? 'run it as root');
        const said = `p95 of a lasting write ${latency.value} ms`;
        const fix = 'use an SSD, and a controller that does not wait for platters';
        if (latency.value > FSYNC_TOO_SLOW_MS) return fail(`${said}: turns of calls wait for it`, fix);
        return latency.value > FSYNC_SLOW_MS ? warn(`${said}: more than ${FSYNC_SLOW_MS} ms is heard in a call`, fix) : pass(said);
      },
    },
  ],
};
