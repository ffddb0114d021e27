/** Who holds a port, from the kernel's own tables: a port that is taken is no use to know without the name of its holder. */
import { readlink } from 'node:fs/promises';
import { join } from 'node:path';
import { listMachineFolder, readMachineFile } from './machine-source.ts';
import type { MachineSource } from './machine-source.ts';

export type PortKind = 'udp' | 'tcp';
export type Listener = {
  readonly port: number;
  readonly kind: PortKind;
  /** Such as `asterisk (pid 812)`; null where it cannot be seen, as from another container. */
  readonly holder: string | null;
};

type Socket = { readonly port: number; readonly kind: PortKind; readonly inode: string };

/** Bound states of `/proc/net`: LISTEN for TCP, unconnected for UDP. */
const BOUND: Readonly<Record<PortKind, string>> = { tcp: '0A', udp: '07' };

/** Those of the ports asked for that somebody listens on, each once. */
export async function findListeners(
  source: MachineSource,
  isAsked: (port: number, kind: PortKind) => boolean,
): Promise<readonly Listener[]> {
  const tables = await Promise.all(
    (['tcp', 'tcp6', 'udp', 'udp6'] as const).map(async (name) => {
      const kind = name.startsWith('tcp') ? 'tcp' : 'udp';
      return parseSockets(await readMachineFile(source, `proc/net/${name}`), kind);
    }),
  );
  const sockets = tables.flat().filter(({ port, kind }) => isAsked(port, kind));
  if (sockets.length === 0) return [];
  const holders = await findHolders(source, new Set(sockets.map(({ inode }) => inode)));
  const listeners = new Map(
    sockets.map(({ port, kind, inode }) => [`${kind}/${port}`, { port, kind, holder: holders.get(inode) ?? null }]),
  );
  return [...listeners.values()].sort((one, other) => one.port - other.port);
}

/** Sockets of a `/proc/net` table that others can reach. */
export function parseSockets(text: string, kind: PortKind): readonly Socket[] {
  return text
    .split('\n')
    .slice(1)
    .map((line) => line.trim().split(/\s+/))
    .flatMap(([, local, , state, , , , , , inode]) => {
      const port = Number.parseInt(local?.split(':')[1] ?? '', 16);
      return state === BOUND[kind] && port > 0 && inode !== undefined ? [{ port, kind, inode }] : [];
    });
}

async function findHolders(source: MachineSource, inodes: ReadonlySet<string>): Promise<ReadonlyMap<string, string>> {
  const holders = new Map<string, string>();
  for (const id of (await listMachineFolder(source, 'proc')).filter((name) => /^\d+$/.test(name))) {
    for (const descriptor of await listMachineFolder(source, `proc/${id}/fd`)) {
      const target = await readlink(join(source.root, 'proc', id, 'fd', descriptor)).catch(() => '');
      const inode = /^socket:\[(\d+)\]$/.exec(target)?.[1];
      if (inode === undefined || !inodes.has(inode)) continue;
      holders.set(inode, `${(await readMachineFile(source, `proc/${id}/comm`)).trim()} (pid ${id})`);
    }
  }
  return holders;
}
