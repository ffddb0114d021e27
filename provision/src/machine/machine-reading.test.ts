// What the kernel's and the time services' own texts mean.
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { parseAdjtimex, parseChronyTracking, parseTimesyncOffset } from './clock-probe.ts';
import { findMount, statDisk } from './disk-space.ts';
import { measureFsync } from './fsync-latency.ts';
import { findListeners } from './listeners.ts';
import { thisMachine } from './machine-source.ts';
import { findDefaultInterface, isPrivateAddress } from './network-probe.ts';
import { parseOsRelease } from './system-probe.ts';

describe('the clock', () => {
  it('is behind when chrony calls it slow, and unknown while chrony has no source', () => {
    expect(parseChronyTracking('System time     : 0.250000000 seconds slow of NTP time\nLeap status     : Normal\n')).toEqual({
      kind: 'known',
      value: -250,
    });
    expect(parseChronyTracking('System time     : 1.5 seconds fast of NTP time\n')).toEqual({ kind: 'known', value: 1500 });
    expect(parseChronyTracking('System time     : 0.0 seconds fast of NTP time\nLeap status     : Not synchronised\n').kind).toBe(
      'unknown',
    );
  });

  it('is behind when systemd says that the server is ahead', () => {
    expect(parseTimesyncOffset('       Offset: +1min 2.500s\n')).toBe(-62_500);
    expect(parseTimesyncOffset('       Offset: -350us\n')).toBe(0.35);
    expect(parseTimesyncOffset('Server: 10.0.0.1\n')).toBeNull();
  });

  it('is what the kernel knows only while somebody keeps it', () => {
    expect(parseAdjtimex('       offset: -2500\n       status: 8193\n')).toBe(2.5);
    expect(parseAdjtimex('       offset: 0\n       status: 64\n')).toBeNull();
  });
});

describe('the disk', () => {
  const mountinfo = [
    '22 1 259:2 / / rw,relatime shared:1 - ext4 /dev/nvme0n1p2 rw',
    '30 22 0:50 / /srv ro,relatime - nfs4 box:/srv rw',
    '31 22 0:51 / /srvdata rw - xfs /dev/sdb rw',
  ].join('\n');

  it('is the one with the longest path above the folder', () => {
    expect(findMount(mountinfo, '/srv/home')).toEqual({ fileSystem: 'nfs4', isReadOnly: true });
    expect(findMount(mountinfo, '/srvdata/x')).toEqual({ fileSystem: 'xfs', isReadOnly: false });
    expect(findMount(mountinfo, '/var')).toEqual({ fileSystem: 'ext4', isReadOnly: false });
    expect(findMount('', '/var')).toBeNull();
  });

  it('is asked at the nearest folder that is there', async () => {
    const space = await statDisk(join(tmpdir(), 'not-there', 'nor-this'));
    expect(space.folder).toBe(tmpdir());
    expect(space.totalBytes).toBeGreaterThan(0);
  });

  it('is timed without a trace', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'centralita-fsync-'));
    try {
      const times = await measureFsync(folder, AbortSignal.timeout(10_000));
      expect(times.length).toBeGreaterThanOrEqual(10);
      expect(await readdir(folder)).toEqual([]);
    } finally {
      await rm(folder, { recursive: true });
    }
  });
});

describe('the network', () => {
  it('knows which addresses nobody outside can reach', () => {
    for (const address of ['10.1.2.3', '172.31.0.1', '192.168.1.1', '100.64.0.1', '192.0.2.2', 'fd00::2', 'fe80::1'])
      expect(isPrivateAddress(address)).toBe(true);
    for (const address of ['185.12.64.10', '172.32.0.1', '2a00::1']) expect(isPrivateAddress(address)).toBe(false);
  });

  it('finds the default route and no other', () => {
    const head = 'Iface\tDestination\tGateway\tFlags\n';
    expect(findDefaultInterface(`${head}eth1\t0000140A\t0\t0001\neth0\t00000000\t0100140A\t0003\n`)).toBe('eth0');
    expect(findDefaultInterface(`${head}eth0\t00000000\t0100140A\t0002\n`)).toBeNull();
  });

  it('names who holds a port', async () => {
    await using server = createServer();
    await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
    const { port } = server.address() as AddressInfo;
    const found = await findListeners(thisMachine(process.env), (asked, kind) => kind === 'tcp' && asked === port);
    expect(found).toHaveLength(1);
    expect(found[0]?.holder).toContain(`(pid ${process.pid})`);
  });
});

describe('the system', () => {
  it('reads quoted and unquoted os-release fields', () => {
    expect(parseOsRelease('PRETTY_NAME="x"\nVERSION_ID="12"\nID=debian\n')).toEqual({ id: 'debian', version: '12' });
    expect(parseOsRelease('')).toEqual({ id: '', version: '' });
  });
});
