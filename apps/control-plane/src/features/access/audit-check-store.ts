// The audit log checked and anchored: what the admin asks for, and what a job does every hour.
import type { ApplianceScope } from '#shared/appliance-scope.ts';
import type { Log } from '#shared/log.ts';
import type { SecretKeys } from '#shared/secret-keys.ts';
import type { AuditAnchorStore } from './audit-anchor-store.ts';
import type { AuditReader } from './audit-reader-store.ts';
import type { ChainReport } from './audit-verification.ts';
import { verifyChain } from './audit-verification.ts';

/** Rows read at a time: about 1 MB. */
const PAGE_ROWS = 1_000;

/** What was found. */
export type AuditReport = {
  readonly chains: readonly ChainReport[];
  /** Lines of the anchors' file that are no anchor. */
  readonly unreadableAnchorLines: readonly number[];
};

export type AuditCheck = {
  /** Reports on one chain, or on all, also on those that only an anchor remembers. */
  verify(scope: ApplianceScope, chain: string | null): Promise<AuditReport>;
  /** Writes the end of every chain to the anchors' file and to the log. Returns how many moved since the last time. */
  anchor(scope: ApplianceScope, options: { at: Date; log: Log }): Promise<number>;
};

export function createAuditCheck(parts: { reader: AuditReader; anchors: AuditAnchorStore; keys: SecretKeys }): AuditCheck {
  const { reader, anchors, keys } = parts;
  return {
    async verify(scope, chain) {
      const anchored = await anchors.read(chain);
      const chains = chain === null ? [...new Set([...(await reader.listChains(scope)), ...anchored.chains.keys()])] : [chain];
      const reports: ChainReport[] = [];
      for (const name of chains) {
        const check = { chain: name, keys, anchors: anchored.chains.get(name) ?? [] };
        reports.push(await verifyChain(check, (after) => reader.readForward(scope, name, { limit: PAGE_ROWS, after })));
      }
      return { chains: reports, unreadableAnchorLines: anchored.unreadableLines };
    },
    async anchor(scope, { at, log }) {
      const added = await anchors.append(await reader.listHeads(scope), at);
      for (const { chain, seq, hash } of added) log.info({ chain, seq, hash }, 'audit chain anchored');
      return added.length;
    },
  };
}
