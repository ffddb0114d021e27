/** Brings the programs that the machine lacks, from its own Debian archive. */
import { runCommand } from './command.ts';
import { REQUIRED_PROGRAMS } from './machine-facts.ts';
import type { RequiredProgram } from './machine-facts.ts';

/** The Debian packages that bring these programs, each once. */
export function packagesFor(programs: readonly RequiredProgram[]): readonly string[] {
  return [...new Set(programs.map((program) => REQUIRED_PROGRAMS[program]))];
}

/** Installs the packages. Needs root; throws with apt's last words when it cannot. */
export async function installPackages(packages: readonly string[], signal?: AbortSignal): Promise<void> {
  const options = { env: { DEBIAN_FRONTEND: 'noninteractive' }, ...(signal ? { signal } : {}) };
  // An installation that was killed leaves packages half configured, and apt-get then refuses everything.
  await runCommand(['dpkg', '--configure', '-a'], options);
  await runCommand(['apt-get', '-q', 'update'], options);
  await runCommand(['apt-get', '-q', 'install', '-y', '--no-install-recommends', ...packages], options);
}
