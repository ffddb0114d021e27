/** The program behind provision.sh and the appliance's verbs of `centralita`: finds the verb, does it, and says plainly how it ended. */
import { spawn } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { resolve } from 'node:path';
import { runInContainers } from '#containers/containers-verb.ts';
import { describeFailure, EXIT, exitCodeOf, listCauses, ObstacleError } from './place.ts';
import type { Place } from './place.ts';
import type { Verb } from './verb.ts';
import { findVerb, renderUsage } from './verbs.ts';

async function main(argv: readonly string[], place: Place): Promise<number> {
  if (argv[0] === '--help') {
    console.log(renderUsage());
    return EXIT.ok;
  }
  const found = findVerb(argv);
  if (!found) {
    console.error(`there is no '${argv[0] ?? ''}'\n\n${renderUsage()}`);
    return EXIT.calledWrongly;
  }
  const { verb, args } = found;
  if (verb.needs !== 'nothing' && process.getuid?.() !== 0) throw new ObstacleError('needs root: run it with sudo, or as root');
  if ((verb.needs === 'lock' || verb.needs === 'install') && process.env['CENTRALITA_LOCKED'] === undefined) return await runLocked(verb);
  const abort = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => abort.abort(new Error(`stopped by ${signal}`)));
  const contained = await runInContainers(verb.name, { place, args, signal: abort.signal });
  return contained.exitCode ?? (await verb.run(place, contained.args, abort.signal));
}

/** The lock that provision.sh takes as well: two runs at once would build the same root and start the same services. */
const LOCK_PATH = '/run/lock/centralita-provision';
const TAKEN = 75;

/**
 * Starts this program again under the lock. `--close`: a supervisor that it starts lives on and must not keep the lock.
 * The signals of a terminal reach the child by themselves.
 */
async function runLocked(verb: Verb): Promise<number> {
  mkdirSync('/run/lock', { recursive: true });
  const flock = ['--nonblock', '--close', '--conflict-exit-code', String(TAKEN), LOCK_PATH];
  // Whoever ends flock ends what it started: it does not pass signals on.
  const child = spawn(
    'flock',
    [...flock, 'setpriv', '--pdeathsig', 'TERM', process.execPath, ...process.execArgv, ...process.argv.slice(1)],
    {
      stdio: 'inherit',
      env: { ...process.env, CENTRALITA_LOCKED: '1' },
    },
  );
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => child.kill(signal));
  const code = await new Promise<number>((done, failed) => {
    child.once('error', (cause) => failed(new ObstacleError('the program flock (package util-linux) is missing', { cause })));
    child.once('close', (exitCode) => done(exitCode ?? EXIT.failed));
  });
  if (code === TAKEN) throw new ObstacleError(`another run is at work; '${verb.name}' must wait for it`);
  return code;
}

const repository = resolve(process.env['CENTRALITA_REPOSITORY'] ?? resolve(import.meta.dirname, '..', '..'));
const home = resolve(process.env['CENTRALITA_HOME'] ?? '/var/lib/centralita');
try {
  // provision.sh goes to its own folder; paths that follow a word are meant from where the operator stands.
  if (process.env['CENTRALITA_CALLER_FOLDER'] !== undefined) process.chdir(process.env['CENTRALITA_CALLER_FOLDER']);
  process.exitCode = await main(process.argv.slice(2), { home, repository });
} catch (error) {
  console.error('');
  for (const [depth, message] of listCauses(error).entries()) console.error(`${depth === 0 ? 'FAILED: ' : '  because: '}${message}`);
  // The program that asked for JSON gets it whatever happens. Under the lock the child has told it already.
  if (process.argv.includes('--json')) console.log(JSON.stringify(describeFailure(error)));
  process.exitCode = exitCodeOf(error);
}
