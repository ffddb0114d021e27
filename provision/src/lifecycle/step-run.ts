/** Takes one step of a run, in whichever runtime: a line in the journal before and after it, and a look whether the change took. */
import { appendEntry } from './journal.ts';
import type { JournalEntry } from './journal.ts';

/** Names this run in the journal: two that follow each other are told apart. */
export function nameRun(): string {
  return `${process.pid}@${new Date().toISOString()}`;
}

/** What a step does, and what is seen of the machine after it. */
export type StepWork<Seen> = {
  readonly apply: () => Promise<void>;
  readonly look: () => Promise<Seen>;
  /** What the step would still change. */
  readonly listLeft: (seen: Seen) => readonly string[];
};

/** Resolves with what is seen afterwards. Throws naming the step where its work fails or leaves something to do; the journal says so too. */
export async function takeStep<Seen>(
  home: string,
  about: Pick<JournalEntry, 'run' | 'step' | 'changes' | 'created'>,
  { apply, look, listLeft }: StepWork<Seen>,
): Promise<Seen> {
  const { created, ...entry } = about;
  const note = async (rest: Pick<JournalEntry, 'state' | 'created' | 'error'>): Promise<void> =>
    await appendEntry(home, { ...entry, ...rest, at: new Date().toISOString() });
  await note({ state: 'started', ...(created === undefined || created.length === 0 ? {} : { created }) });
  try {
    await apply();
    const seen = await look();
    const left = listLeft(seen);
    if (left.length > 0) throw new Error(`it ran, but this is still to do: ${left.join('; ')}`);
    await note({ state: 'done' });
    return seen;
  } catch (cause) {
    // On a full disk the journal cannot be written either; what broke first is what is told.
    await note({ state: 'failed', error: cause instanceof Error ? cause.message : String(cause) }).catch(() => undefined);
    throw new Error(`step "${entry.step}" failed`, { cause });
  }
}
