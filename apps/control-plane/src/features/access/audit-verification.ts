// Checks an audit chain against its own hashes, its head and the anchors outside of the database: names every row that is not as it was written.
import type { SecretKeys } from '#shared/secret-keys.ts';
import type { AuditHead, ChainPage } from './audit-reader-store.ts';
import type { AuditRow } from './audit-store.ts';
import { auditHash, auditHeadMac, FIRST_PREVIOUS_HASH } from './audit-store.ts';

/**
 * What is wrong. `edited`: a column differs from what was written. `missing`: rows are gone between two others. `misplaced`: a row stands where
 * another was written. `cut`: the newest rows are gone. `head`: the chain's end was forged or removed. `rolled_back`: the chain no longer holds
 * what an anchor says of it. `anchor`: an anchor itself is not genuine.
 */
export type ChainFaultKind = 'edited' | 'missing' | 'misplaced' | 'cut' | 'head' | 'rolled_back' | 'anchor';
/** One fault, at the row that it is seen at. */
export type ChainFault = { readonly kind: ChainFaultKind; readonly seq: number; readonly message: string };
/** What became of a chain. `faults` is empty for one that is as it was written. */
export type ChainReport = { readonly chain: string; readonly entries: number; readonly faults: readonly ChainFault[] };

/** Reads a chain forward; an empty page is the end. */
export type ChainSource = (after: number) => Promise<ChainPage>;
/** What to check a chain against besides itself. */
export type ChainCheck = {
  readonly chain: string;
  readonly keys: SecretKeys;
  /** Heads of the chain as they were written down outside of the database. */
  readonly anchors: readonly AuditHead[];
};

/** A chain that is broken at every row is no news after this many. */
const MAX_FAULTS = 100;

/** Checks a chain from its first row to its head. */
export async function verifyChain({ chain, keys, anchors }: ChainCheck, read: ChainSource): Promise<ChainReport> {
  const faults: ChainFault[] = [];
  const anchored = genuineAnchors(keys, anchors, faults);
  let previous: Pick<AuditRow, 'seq' | 'hash'> = { seq: 0, hash: FIRST_PREVIOUS_HASH };
  let head: AuditHead | null = null;
  let entries = 0;
  for (;;) {
    const page: ChainPage = await read(previous.seq);
    head = page.rows.length > 0 || entries === 0 ? page.head : head;
    if (page.rows.length === 0) break;
    for (const row of page.rows) {
      const fault = checkRow(keys, row, previous) ?? checkAnchor(row, anchored);
      if (fault) faults.push(fault);
      anchored.delete(row.seq);
      previous = row;
      entries += 1;
    }
  }
  const last = { ...previous, entries };
  faults.push(...checkHead(keys, head, last), ...checkLeftAnchors(anchored, last));
  return { chain, entries, faults: faults.slice(0, MAX_FAULTS) };
}

function checkRow(keys: SecretKeys, row: AuditRow, previous: Pick<AuditRow, 'seq' | 'hash'>): ChainFault | null {
  const { seq } = row;
  const { hash, ...columns } = row;
  const isAsWritten = keys.versions.includes(row.keyVersion) && auditHash(keys, columns) === hash;
  const isNext = seq === previous.seq + 1;
  const isLinked = row.previousHash === previous.hash;
  if (isAsWritten && isLinked && isNext) return null;
  if (!isNext) {
    const gone = seq - previous.seq - 1;
    const edited = isAsWritten ? '' : '; this row is not as it was written either';
    return {
      kind: 'missing',
      seq: previous.seq + 1,
      message: `${gone} row(s) from ${previous.seq + 1} to ${seq - 1} are missing${edited}`,
    };
  }
  if (!isAsWritten && isLinked) return { kind: 'edited', seq, message: 'the row is not as it was written' };
  if (!isAsWritten) return { kind: 'misplaced', seq, message: 'the row was not written at this place, or was rewritten' };
  return { kind: 'misplaced', seq, message: 'the row before it is not the one that it was written after' };
}

function checkHead(keys: SecretKeys, head: AuditHead | null, last: { seq: number; hash: string; entries: number }): ChainFault[] {
  const { seq } = last;
  if (!head) return last.entries === 0 ? [] : [{ kind: 'head', seq, message: 'the end of the chain is not on record' }];
  if (!isGenuine(keys, head)) return [{ kind: 'head', seq: head.seq, message: "the chain's end is not as it was written" }];
  if (head.seq > seq) return [{ kind: 'cut', seq: seq + 1, message: `the rows from ${seq + 1} to ${head.seq} are missing at the end` }];
  if (head.seq < seq)
    return [{ kind: 'head', seq: head.seq, message: `the chain's end is on record as row ${head.seq}, and ${seq} follows` }];
  return head.hash === last.hash ? [] : [{ kind: 'head', seq, message: 'the last row is not the one that the chain ended with' }];
}

/** The hash that each anchored row must have; anchors that nobody with the key wrote become faults. */
function genuineAnchors(keys: SecretKeys, anchors: readonly AuditHead[], faults: ChainFault[]): Map<number, string> {
  const anchored = new Map<number, string>();
  for (const anchor of anchors) {
    if (isGenuine(keys, anchor)) anchored.set(anchor.seq, anchor.hash);
    else faults.push({ kind: 'anchor', seq: anchor.seq, message: 'an anchor of this row is not genuine' });
  }
  return anchored;
}

function checkAnchor(row: AuditRow, anchored: ReadonlyMap<number, string>): ChainFault | null {
  const hash = anchored.get(row.seq);
  if (hash === undefined || hash === row.hash) return null;
  return { kind: 'rolled_back', seq: row.seq, message: 'the row is another one than when the chain was anchored' };
}

/** Anchors of rows that the chain does not reach: it was cut together with its head. Gaps in the middle are named already. */
function checkLeftAnchors(anchored: ReadonlyMap<number, string>, last: { seq: number }): ChainFault[] {
  const newest = Math.max(0, ...anchored.keys());
  if (newest <= last.seq) return [];
  return [{ kind: 'rolled_back', seq: last.seq + 1, message: `the chain was anchored at row ${newest} and ends at ${last.seq}` }];
}

/** A head whose code was made with our key. */
function isGenuine(keys: SecretKeys, head: AuditHead): boolean {
  const { mac, ...columns } = head;
  return keys.versions.includes(head.keyVersion) && auditHeadMac(keys, columns) === mac;
}
