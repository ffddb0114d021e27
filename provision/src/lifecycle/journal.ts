/** What runs did on this machine, line by line and on the disk before the next thing happens: how a run that was killed is told from one that ended. */
import { createHash } from 'node:crypto';
import { mkdir, open, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { replaceFile } from '#rendered-files.ts';

/** Something outside the home that a step makes and an uninstall must find again. */
const createdSchema = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('user'), name: z.string() }),
  z.object({ kind: z.literal('package'), name: z.string() }),
]);
export type Created = z.infer<typeof createdSchema>;

const entrySchema = z.object({
  /** Instant, ISO 8601. */
  at: z.string(),
  /** Which run: the process that did it and when it began. */
  run: z.string(),
  step: z.string(),
  state: z.enum(['started', 'done', 'failed']),
  /** What the step said that it would change. */
  changes: z.array(z.string()),
  /** What was not on the machine before and the step is about to make. */
  created: z.array(createdSchema).optional(),
  error: z.string().optional(),
});
export type JournalEntry = z.infer<typeof entrySchema>;

/** Beyond this the oldest lines go, but for those that say what was created: some 3,000 runs that changed something. */
const LIMIT_BYTES = 4 * 1024 * 1024;

export function journalPath(home: string): string {
  return join(home, 'journal.jsonl');
}

/** The entries of a journal's text. A line whose digest does not fit it was cut off while it was written and never happened. */
export function parseJournal(text: string): readonly JournalEntry[] {
  return text.split('\n').flatMap((line) => {
    const match = /^(.*),"digest":"([0-9a-f]{64})"\}$/.exec(line);
    if (match?.[1] === undefined || match[2] !== digestOfEntry(`${match[1]}}`)) return [];
    const entry = entrySchema.safeParse(JSON.parse(`${match[1]}}`));
    return entry.success ? [entry.data] : [];
  });
}

/** One line with its digest. */
export function renderEntry(entry: JournalEntry): string {
  const text = JSON.stringify(entry);
  return `${text.slice(0, -1)},"digest":"${digestOfEntry(text)}"}\n`;
}

function digestOfEntry(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}

/** The entries of an installation; none when there is no journal. */
export async function readJournal(home: string): Promise<readonly JournalEntry[]> {
  return parseJournal(await readFile(journalPath(home), 'utf8').catch(() => ''));
}

/** The step in which the last run was cut short: it started and neither ended nor failed. */
export function findInterrupted(entries: readonly JournalEntry[]): JournalEntry | null {
  const last = entries.at(-1);
  return last?.state === 'started' ? last : null;
}

/** Everything that steps made outside the home, each once, in the order of its making. */
export function listCreated(entries: readonly JournalEntry[]): readonly Created[] {
  const created = new Map<string, Created>();
  for (const entry of entries) for (const thing of entry.created ?? []) created.set(JSON.stringify(thing), thing);
  return [...created.values()];
}

/** Appends one entry and returns when it is on the disk. Only root may read it. */
export async function appendEntry(home: string, entry: JournalEntry): Promise<void> {
  await mkdir(home, { recursive: true, mode: 0o755 });
  await using file = await open(journalPath(home), 'a+', 0o600);
  const { size } = await file.stat();
  const isWhole = size === 0 || (await readByte(file, size - 1)) === NEWLINE;
  // A line that was cut off ends here: what follows must not be taken for a part of it.
  await file.appendFile(`${isWhole ? '' : '\n'}${renderEntry(entry)}`);
  await file.datasync();
  if (size > LIMIT_BYTES) await shorten(home);
}

const NEWLINE = 10;

async function readByte(file: Awaited<ReturnType<typeof open>>, position: number): Promise<number | undefined> {
  const { buffer } = await file.read(new Uint8Array(1), { length: 1, position });
  return buffer[0];
}

async function shorten(home: string): Promise<void> {
  const entries = await readJournal(home);
  const from = Math.floor(entries.length / 2);
  const kept = entries.filter((entry, index) => index >= from || entry.created !== undefined);
  await replaceFile(journalPath(home), kept.map(renderEntry).join(''), { uid: 0, gid: 0, mode: 0o600 });
}
