/** Counts what crashed: processes that are not the ones they were, and what they wrote of their own faults. */
import { readFile } from 'node:fs/promises';

/** A process that must outlive the bench. */
export type WatchedProcess = {
  readonly name: string;
  /** Its process id now; a restarted one has another. */
  readonly pid: () => Promise<number> | number;
  readonly logFile: string;
  /** Lines that a process writes which crashed, or went on with a fault that nobody caught. */
  readonly fatal: RegExp;
};

/** What a look found, in words, one for each crash. */
export type CrashWatch = { crashes(): Promise<readonly string[]> };

/** Remembers who runs now. Lines that are in the logs already are not counted. */
export async function watchCrashes(watched: readonly WatchedProcess[]): Promise<CrashWatch> {
  const before = await Promise.all(
    watched.map(async (one) => ({ one, identity: await identityOf(await one.pid()), lines: (await fatalLines(one)).length })),
  );
  for (const { one, identity } of before) if (identity === null) throw new Error(`${one.name} does not run: there is nothing to watch`);
  return {
    async crashes() {
      const found = await Promise.all(
        before.map(async ({ one, identity, lines }) => {
          const now = await identityOf(await one.pid());
          const written = (await fatalLines(one)).slice(lines).map((line) => `${one.name} wrote: ${line.slice(0, 400)}`);
          return now === identity ? written : [`${one.name} is ${now ?? 'gone'}, was ${identity ?? 'gone'}`, ...written];
        }),
      );
      return found.flat();
    },
  };
}

/** Process id and start, which together nobody has twice; null when it does not run. */
async function identityOf(pid: number): Promise<string | null> {
  const stat = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => null);
  if (stat === null) return null;
  // Behind the name in parentheses: the state is field 3, the start field 22.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return fields[0] === 'Z' ? null : `process ${pid} of tick ${fields[19]}`;
}

async function fatalLines({ logFile, fatal }: WatchedProcess): Promise<readonly string[]> {
  return (await readFile(logFile, 'utf8')).split('\n').filter((line) => fatal.test(line));
}
