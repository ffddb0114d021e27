/** What the proof of interruptions counts: where a process was killed, and whether what it left was done in the end. */
import type { JournalEntry } from '@centralita/provision/lifecycle/journal.ts';

/** One kill. Steps of the same name are in both passes, and are two. */
export type Kill = {
  readonly pass: 'installation' | 'upgrade';
  /** The step that had begun, or the phase of the upgrade. */
  readonly moment: string;
};

/** Those of the killed steps whose last line in the journal of their pass does not say that they were done. */
export function listUnfinished(killed: readonly string[], entries: readonly JournalEntry[]): readonly string[] {
  return killed.filter((step) => entries.findLast((entry) => entry.step === step)?.state !== 'done');
}

/** Moments in which something should have been killed and was not. */
export function listMissed(wanted: readonly Kill[], killed: readonly Kill[]): readonly Kill[] {
  return wanted.filter(({ pass, moment }) => !killed.some((kill) => kill.pass === pass && kill.moment === moment));
}
