// A telephone system's list of phones and trunks in memory, which can be told to refuse.
import { isDeepStrictEqual } from 'node:util';
import type { DirectoryEntry, DirectoryKey, PushOutcome, ReconcileReport, TelephonyDirectory } from '#ports/telephony-directory.ts';

/** The list, and what a test may do to it. */
export type MemoryTelephonyDirectory = TelephonyDirectory & {
  /** What is in the list, by `kind name`. */
  readonly entries: Map<string, DirectoryEntry>;
  /** Why pushes fail from now on; null: they succeed. */
  refuse(reason: string | null): void;
  /** The telephone system comes back, having forgotten everything when `forgets`. */
  reconnect(options: { forgets: boolean }): void;
};

export function openMemoryTelephonyDirectory(): MemoryTelephonyDirectory {
  const entries = new Map<string, DirectoryEntry>();
  let refusal: string | null = null;
  let listener: () => void = () => {};
  const apply = (change: () => void): PushOutcome => {
    if (refusal !== null) return { kind: 'failed', reason: refusal };
    change();
    return { kind: 'applied' };
  };
  return {
    entries,
    async reconcile(wanted, { lookAgain }) {
      const report = {
        unchanged: 0,
        pushed: [] as DirectoryKey[],
        removed: [] as DirectoryKey[],
        failed: [] as ReconcileReport['failed'][number][],
      };
      const unseen = new Map(entries);
      const differing: DirectoryKey[] = [];
      for (const entry of wanted) {
        const key = keyOf(entry);
        unseen.delete(nameOf(key));
        if (isDeepStrictEqual(entries.get(nameOf(key)), entry)) report.unchanged += 1;
        else if (refusal !== null) report.failed.push({ key, reason: refusal });
        else differing.push(key);
      }
      if (refusal !== null) return report;
      for (const key of [...differing, ...[...unseen.values()].map(keyOf)]) {
        const entry = await lookAgain(key);
        if (entry) entries.set(nameOf(key), entry);
        else entries.delete(nameOf(key));
        (entry ? report.pushed : report.removed).push(key);
      }
      return report;
    },
    put: async (entry) => apply(() => entries.set(nameOf(keyOf(entry)), entry)),
    remove: async (key) => apply(() => entries.delete(nameOf(key))),
    onConnected(given) {
      listener = given;
    },
    refuse(reason) {
      refusal = reason;
    },
    reconnect({ forgets }) {
      if (forgets) entries.clear();
      listener();
    },
  };
}

function keyOf(entry: DirectoryEntry): DirectoryKey {
  return { kind: entry.kind, name: entry.kind === 'phone' ? entry.username : entry.name };
}

function nameOf({ kind, name }: DirectoryKey): string {
  return `${kind} ${name}`;
}
