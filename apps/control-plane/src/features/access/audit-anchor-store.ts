// Anchors: the ends of the audit chains, written down outside of the database, so that a chain and its head cannot be rolled back together.
import { createReadStream } from 'node:fs';
import { mkdir, open } from 'node:fs/promises';
import { dirname } from 'node:path';
import { createInterface } from 'node:readline';
import { z } from 'zod';
import type { AuditHead } from './audit-reader-store.ts';

const anchorSchema = z.object({
  chain: z.string(),
  seq: z.int().min(0),
  hash: z.string(),
  mac: z.string(),
  keyVersion: z.int(),
  at: z.string(),
});

/** One line of the file. */
export type AuditAnchor = z.infer<typeof anchorSchema>;

/** What the file holds. */
export type StoredAnchors = {
  /** Heads by chain, oldest first. */
  readonly chains: ReadonlyMap<string, readonly AuditHead[]>;
  /** Numbers of lines that are no anchor: the file was tampered with, or the machine died while it was written. */
  readonly unreadableLines: readonly number[];
};

export type AuditAnchorStore = {
  /** Adds one line per head that moved since its last line, and settles when they are on the disk. Returns what was added. */
  append(heads: readonly AuditHead[], at: Date): Promise<readonly AuditAnchor[]>;
  /** The anchors of one chain, or of all. */
  read(chain: string | null): Promise<StoredAnchors>;
};

/** Opens the anchors' file, which only grows: 250 bytes per chain and hour in which it moved. */
export function openAuditAnchors(file: string): AuditAnchorStore {
  /** Row at which each chain was anchored last; read from the file at the first use. */
  let anchoredAt: Map<string, number> | null = null;

  async function read(chain: string | null): Promise<StoredAnchors> {
    const chains = new Map<string, AuditHead[]>();
    const unreadableLines: number[] = [];
    let line = 0;
    try {
      for await (const text of createInterface({ input: createReadStream(file) })) {
        line += 1;
        const anchor = parseLine(text);
        if (!anchor) unreadableLines.push(line);
        if (!anchor || (chain !== null && chain !== anchor.chain)) continue;
        const { chain: orgId, at: _at, ...head } = anchor;
        const known = chains.get(orgId);
        if (known) known.push({ orgId, ...head });
        else chains.set(orgId, [{ orgId, ...head }]);
      }
    } catch (error) {
      // Before the first hour there is no file.
      if (!(error instanceof Error && 'code' in error && error.code === 'ENOENT')) throw error;
    }
    return { chains, unreadableLines };
  }

  return {
    read,
    async append(heads, at) {
      anchoredAt ??= new Map([...(await read(null)).chains].map(([chain, anchors]) => [chain, anchors.at(-1)?.seq ?? 0]));
      const known = anchoredAt;
      const added = heads
        .filter((head) => head.seq !== (known.get(head.orgId) ?? 0))
        .map(({ orgId, ...head }): AuditAnchor => ({ chain: orgId, ...head, at: at.toISOString() }));
      if (added.length > 0) await appendLines(file, added);
      for (const { chain, seq } of added) known.set(chain, seq);
      return added;
    },
  };
}

function parseLine(text: string): AuditAnchor | null {
  try {
    return anchorSchema.parse(JSON.parse(text));
  } catch {
    return null;
  }
}

async function appendLines(file: string, anchors: readonly AuditAnchor[]): Promise<void> {
  await mkdir(dirname(file), { recursive: true, mode: 0o700 });
  await using handle = await open(file, 'a', 0o600);
  await handle.appendFile(anchors.map((anchor) => `${JSON.stringify(anchor)}\n`).join(''));
  await handle.sync();
}
