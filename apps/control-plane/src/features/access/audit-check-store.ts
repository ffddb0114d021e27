// The audit log checked and anchored: what the admin asks for, and what a job does every hour.
import type { ApplianceScope } from '#shared/appliance-scope.ts';
import type { Log } from '#shared/log.ts';
import type { SecretKeys } from '#shared/secret-keys.ts';
import type { AuditAnchorStore } from './audit-anchor-store.ts';
import type { AuditHead, AuditReader } from './audit-reader-store.ts';
import type { ChainPosition, ChainReport } from './audit-verification.ts';
import { CHAIN_START, isGenuine, verifyChain } from './audit-verification.ts';

/** Rows read at a time: about 1 MB. */
const PAGE_ROWS = 1_000;
/**
 * One part of a check: 200,000 rows took 30 s on PGlite on two busy cores (150 us a row), and a request ends after 15 s. A chain costs two
 * queries also when it is short.
 */
const PART_ROWS = 10_000;
const PART_CHAINS = 200;

/** Up to where was checked: a row of a chain, after every chain whose name sorts before. */
export type AuditPosition = ChainPosition & { readonly chain: string };
/** What was found in one part of a check. */
export type AuditReport = {
  readonly chains: readonly ChainReport[];
  /** Lines of the anchors' file that are no anchor. */
  readonly unreadableAnchorLines: readonly number[];
  /** Where the next part begins; null when everything was checked. */
  readonly next: AuditPosition | null;
};

export type AuditCheck = {
  /** Reports on one chain, or on all, also on those that only an anchor remembers: on the rows that follow `from`, as many as one part has. */
  verify(scope: ApplianceScope, part: { chain: string | null; from: AuditPosition | null }): Promise<AuditReport>;
  /** Logs an error when ends of chains were not written under our keys: the keys were lost and made anew, or somebody forged the ends. Returns how many. */
  reportForeignEnds(scope: ApplianceScope, log: Log): Promise<number>;
  /** How many chains were not ended under our keys; says nothing in the log. */
  countForeignEnds(scope: ApplianceScope): Promise<number>;
  /** Writes the end of every chain to the anchors' file and to the log. Returns how many moved since the last time. */
  anchor(scope: ApplianceScope, options: { at: Date; log: Log }): Promise<number>;
};

export function createAuditCheck(parts: { reader: AuditReader; anchors: AuditAnchorStore; keys: SecretKeys }): AuditCheck {
  const { reader, anchors, keys } = parts;
  return {
    async verify(scope, { chain, from }) {
      const anchored = await anchors.read(chain);
      const known = chain === null ? [...(await reader.listChains(scope)), ...anchored.chains.keys()] : [chain];
      const left = [...new Set(known)].toSorted().filter((name) => from === null || name >= from.chain);
      const chains: ChainReport[] = [];
      let rowsLeft = PART_ROWS;
      for (const name of left) {
        if (rowsLeft <= 0 || chains.length === PART_CHAINS) return report({ chain: name, ...CHAIN_START });
        const position = name === from?.chain ? from : CHAIN_START;
        const check = { chain: name, keys, anchors: anchored.chains.get(name) ?? [], from: position, maxRows: rowsLeft };
        const part = await verifyChain(check, (after) => reader.readForward(scope, name, { limit: PAGE_ROWS, after }));
        chains.push(part.report);
        if (part.next) return report({ chain: name, ...part.next });
        rowsLeft -= part.report.entries;
      }
      return report(null);

      function report(next: AuditPosition | null): AuditReport {
        return { chains, unreadableAnchorLines: from === null ? anchored.unreadableLines : [], next };
      }
    },
    async reportForeignEnds(scope, log) {
      return logForeign(keys, await reader.listHeads(scope), log);
    },
    async countForeignEnds(scope) {
      return foreignChains(keys, await reader.listHeads(scope)).length;
    },
    async anchor(scope, { at, log }) {
      const heads = await reader.listHeads(scope);
      logForeign(keys, heads, log);
      const added = await anchors.append(heads, at);
      for (const { chain, seq, hash } of added) log.info({ chain, seq, hash }, 'audit chain anchored');
      return added.length;
    },
  };
}

/** Chains named in one log line. */
const MAX_NAMED = 10;

function logForeign(keys: SecretKeys, heads: readonly AuditHead[], log: Log): number {
  const foreign = foreignChains(keys, heads);
  if (foreign.length > 0) {
    log.error(
      { chains: foreign.length, ofChains: heads.length, first: foreign.slice(0, MAX_NAMED), keyVersions: keys.versions },
      'audit chains were not ended under these secret keys: forged, or the keys were lost; then audit entries and anchors from before cannot be ' +
        "verified, and API tokens, signed links and trunks' passwords made before are refused. Put the old keys back into SECRET_KEYS_FILE",
    );
  }
  return foreign.length;
}

function foreignChains(keys: SecretKeys, heads: readonly AuditHead[]): string[] {
  return heads.filter((head) => !isGenuine(keys, head)).map(({ orgId }) => orgId);
}
