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
/** What became of the rows that were looked at. `faults` is empty when they are as they were written. */
export type ChainReport = { readonly chain: string; readonly entries: number; readonly faults: readonly ChainFault[] };
/** A row, by its number and its hash: the rows after it are still to be checked. */
export type ChainPosition = { readonly seq: number; readonly hash: string };
/** A report on some rows. `next` is null when they were the last and the chain's end was checked too. */
export type ChainPart = { readonly report: ChainReport; readonly next: ChainPosition | null };

/** Reads a chain forward; an empty page is the end. */
export type ChainSource = (after: number) => Promise<ChainPage>;
/** What to check a chain against besides itself. */
export type ChainCheck = {
  readonly chain: string;
  readonly keys: SecretKeys;
  /** Heads of the chain as they were written down outside of the database. */
  readonly anchors: readonly AuditHead[];
  /** The last row that was checked before; `CHAIN_START` for none. */
  readonly from: ChainPosition;
  /** Stops at the end of the page in which so many were checked. */
  readonly maxRows: number;
};

/** Where every chain is checked from. */
export const CHAIN_START: ChainPosition = { seq: 0, hash: FIRST_PREVIOUS_HASH };

/** A chain that is broken at every row is no news after this many. */
const MAX_FAULTS = 100;

/** Checks a chain from a position on, to its head when there are no more than `maxRows`. */
export async function verifyChain({ chain, keys, anchors, from, maxRows }: ChainCheck, read: ChainSource): Promise<ChainPart> {
  const faults: ChainFault[] = [];
  const add = (...found: ChainFault[]) => void faults.push(...found.slice(0, MAX_FAULTS - faults.length));
  const anchored = genuineAnchors(keys, anchors);
  // Anchors belong to no part: the first one tells of them.
  if (from.seq === 0) add(...forgedAnchors(keys, anchors));
  let previous = from;
  let head: AuditHead | null = null;
  let entries = 0;
  while (entries < maxRows) {
    const page: ChainPage = await read(previous.seq);
    head = page.rows.length > 0 || entries === 0 ? page.head : head;
    if (page.rows.length === 0) {
      add(...checkHead(keys, head, previous), ...checkLeftAnchors(anchored, previous));
      return { report: { chain, entries, faults }, next: null };
    }
    for (const row of page.rows) {
      const fault = checkRow(keys, row, previous) ?? checkAnchor(row, anchored);
      if (fault) add(fault);
      previous = row;
      entries += 1;
    }
  }
  return { report: { chain, entries, faults }, next: { seq: previous.seq, hash: previous.hash } };
}

function checkRow(keys: SecretKeys, row: AuditRow, previous: ChainPosition): ChainFault | null {
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

function checkHead(keys: SecretKeys, head: AuditHead | null, last: ChainPosition): ChainFault[] {
  const { seq } = last;
  if (!head) return seq === 0 ? [] : [{ kind: 'head', seq, message: 'the end of the chain is not on record' }];
  if (!isGenuine(keys, head)) return [{ kind: 'head', seq: head.seq, message: "the chain's end is not as it was written" }];
  if (head.seq > seq) return [{ kind: 'cut', seq: seq + 1, message: `the rows from ${seq + 1} to ${head.seq} are missing at the end` }];
  if (head.seq < seq)
    return [{ kind: 'head', seq: head.seq, message: `the chain's end is on record as row ${head.seq}, and ${seq} follows` }];
  return head.hash === last.hash ? [] : [{ kind: 'head', seq, message: 'the last row is not the one that the chain ended with' }];
}

/** The hash that each anchored row must have. */
function genuineAnchors(keys: SecretKeys, anchors: readonly AuditHead[]): Map<number, string> {
  return new Map(anchors.filter((anchor) => isGenuine(keys, anchor)).map(({ seq, hash }) => [seq, hash]));
}

/** Anchors that nobody with the key wrote. */
function forgedAnchors(keys: SecretKeys, anchors: readonly AuditHead[]): ChainFault[] {
  const forged = anchors.filter((anchor) => !isGenuine(keys, anchor));
  return forged.map(({ seq }) => ({ kind: 'anchor', seq, message: 'an anchor of this row is not genuine' }));
}

function checkAnchor(row: AuditRow, anchored: ReadonlyMap<number, string>): ChainFault | null {
  const hash = anchored.get(row.seq);
  if (hash === undefined || hash === row.hash) return null;
  return { kind: 'rolled_back', seq: row.seq, message: 'the row is another one than when the chain was anchored' };
}

/** Anchors of rows that the chain does not reach: it was cut together with its head. Gaps in the middle are named already. */
function checkLeftAnchors(anchored: ReadonlyMap<number, string>, last: ChainPosition): ChainFault[] {
  const newest = [...anchored.keys()].reduce((latest, seq) => Math.max(latest, seq), 0);
  if (newest <= last.seq) return [];
  return [{ kind: 'rolled_back', seq: last.seq + 1, message: `the chain was anchored at row ${newest} and ends at ${last.seq}` }];
}

/** Whether a head's code was made with one of our keys. */
export function isGenuine(keys: SecretKeys, head: AuditHead): boolean {
  const { mac, ...columns } = head;
  return keys.versions.includes(head.keyVersion) && auditHeadMac(keys, columns) === mac;
}
