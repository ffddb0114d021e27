/** Brings the programs that the machine lacks, from its own Debian archive. */
import { setTimeout as sleep } from 'node:timers/promises';
import { tryCommand } from './command.ts';
import { REQUIRED_PROGRAMS } from './machine-facts.ts';
import type { RequiredProgram } from './machine-facts.ts';

/** The Debian packages that bring these programs, each once. */
export function packagesFor(programs: readonly RequiredProgram[]): readonly string[] {
  return [...new Set(programs.map((program) => REQUIRED_PROGRAMS[program]))];
}

/** The longest that another apt, such as the one of a run that was killed, may hold its lock. */
const LOCK_WAIT_MS = 300_000;

/** Installs the packages. Needs root; throws with apt's last words when it cannot. */
export async function installPackages(packages: readonly string[], signal?: AbortSignal): Promise<void> {
  // An installation that was killed leaves packages half configured, and apt-get then refuses everything.
  await whileLocked(['dpkg', '--configure', '-a'], signal);
  await whileLocked(['apt-get', '-q', 'update'], signal);
  await whileLocked(['apt-get', '-q', 'install', '-y', '--no-install-recommends', ...packages], signal);
}

/** Runs it again and again while somebody else has the lock: apt outlives the run that started it, and ends what it began. */
async function whileLocked(argv: readonly string[], signal: AbortSignal | undefined): Promise<void> {
  const deadlineMs = Date.now() + LOCK_WAIT_MS;
  const options = { env: { DEBIAN_FRONTEND: 'noninteractive', LC_ALL: 'C' }, ...(signal ? { signal } : {}) };
  for (;;) {
    const { exitCode, stdout, stderr } = await tryCommand(argv, options);
    if (exitCode === 0) return;
    const isLocked = /\block\b/i.test(stderr) && Date.now() < deadlineMs;
    if (!isLocked)
      throw new Error(`${argv.join(' ')}: exit code ${exitCode}\n${(stderr || stdout).trim().split('\n').slice(-15).join('\n')}`);
    await sleep(1_000, undefined, signal ? { signal } : {});
  }
}
