/** Runs one of the release's programs to its end, as the service user, with the appliance's environment. */
import { releaseFolder } from '#releases/release-store.ts';
import { limitServers } from '#sizing/server-limits.ts';
import { confinedCommand, runCommand } from './command.ts';
import { SERVICE_USER } from './facts.ts';
import type { Facts } from './facts.ts';
import { nodeCommand } from './services.ts';

/** The control plane's own program, below the release; its words are a verb. */
export const CONTROL_PLANE = 'apps/control-plane/src/main.ts';

export type ProgramRun = {
  /** Path below the release, and arguments. */
  readonly argv: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  readonly signal: AbortSignal;
  readonly timeoutMs: number;
};

/** Returns what the program printed. Throws with the end of its output when it fails. */
export async function runProgram(facts: Facts, run: ProgramRun): Promise<string> {
  if (!facts.user) throw new Error(`no system user ${SERVICE_USER}: an earlier step did not do its work`);
  // Confined: a migration must not go on beside the one of the run that follows a killed one.
  const { dir, isMade, current } = facts.release;
  // A checkout that has moved on since is not what is installed.
  const repository = isMade || current === null ? dir : releaseFolder(facts.home, current);
  const files = limitServers(facts).nodeFiles.value;
  const argv = confinedCommand(nodeCommand({ home: facts.home, repository, user: facts.user }, run.argv, files));
  return await runCommand(argv, { env: run.env ?? {}, signal: run.signal, timeoutMs: run.timeoutMs, label: run.argv.join(' ') });
}

/** The JSON object on the last line of a program's output. Throws naming the program when there is none. */
export function parseLastLine(output: string, program: string): unknown {
  const line = output.trimEnd().split('\n').at(-1) ?? '';
  try {
    return JSON.parse(line);
  } catch (cause) {
    throw new Error(`${program}: the last line of its output is not JSON: ${line.slice(0, 200)}`, { cause });
  }
}
