/** The program behind provision.sh: reads the verb, does it, and says plainly how it ended. */
import { spawn } from 'node:child_process';
import { join, resolve } from 'node:path';
import { describeAppliance } from './appliance.ts';
import { gatherFacts } from './facts.ts';
import { ObstacleError, printPlan, provision, renewAdminKey } from './provisioning.ts';
import type { Place } from './provisioning.ts';
import { SERVICE_NAMES } from './services.ts';
import { startService } from './services-step.ts';
import { readStatus } from './status.ts';
import { ensureSupervisor, stopSupervisor } from './supervisor.ts';

const USAGE = `provision.sh              install, or put right what is not as it should be
provision.sh --plan       say what would change, change nothing
provision.sh status       say which services answer, which engines run, how many calls are up
provision.sh logs [name]  the last lines of ${SERVICE_NAMES.join(', ')}
provision.sh stop         stop everything; data stays
provision.sh start        start everything again
provision.sh new-admin-key  replace the admin key: nothing restarts, the old key is refused at once, the new one is shown once`;

/** Exit codes: 0 done, 1 failed, 2 called wrongly, 20 something must be put right by hand first. */
async function main(argv: readonly string[], place: Place): Promise<number> {
  const [verb, ...rest] = argv;
  const abort = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => abort.abort(new Error(`stopped by ${signal}`)));
  if (verb === undefined) await provision(place, abort.signal);
  else if (verb === '--plan') await printPlan(place);
  else if (verb === 'status') return (await printStatus(place)) ? 0 : 1;
  else if (verb === 'stop') console.log((await stopSupervisor(place.home)) ? 'Stopped.' : 'Nothing was running.');
  else if (verb === 'start') await start(place, abort.signal);
  else if (verb === 'new-admin-key') await renewAdminKey(place, abort.signal);
  else if (verb === 'logs') return await printLogs(place, rest[0]);
  else {
    console.error(USAGE);
    return verb === '--help' ? 0 : 2;
  }
  return 0;
}

async function start(place: Place, signal: AbortSignal): Promise<void> {
  const facts = await gatherFacts(place);
  const appliance = describeAppliance(facts);
  if (!appliance) throw new Error('nothing is installed yet: run provision.sh without a verb');
  await ensureSupervisor(place.home);
  for (const name of SERVICE_NAMES) if (facts.services[name] !== 'RUNNING') await startService(facts, appliance, { name, signal });
  await printStatus(place);
}

/** True when every service answers. */
async function printStatus(place: Place): Promise<boolean> {
  const { isReady, lines } = await readStatus(await gatherFacts(place));
  for (const line of lines) console.log(line);
  return isReady;
}

async function printLogs(place: Place, name: string | undefined): Promise<number> {
  const names = SERVICE_NAMES.filter((known) => name === undefined || known === name);
  if (names.length === 0) throw new Error(`no service ${name}: say one of ${SERVICE_NAMES.join(', ')}`);
  const files = names.map((known) => join(place.home, 'log', `${known}.log`));
  const child = spawn('tail', ['-n', name === undefined ? '20' : '200', ...files], { stdio: 'inherit' });
  return await new Promise((done) => child.on('close', (code) => done(code ?? 1)));
}

const repository = resolve(import.meta.dirname, '..', '..');
const home = resolve(process.env['CENTRALITA_HOME'] ?? '/var/lib/centralita');
try {
  process.exitCode = await main(process.argv.slice(2), { home, repository });
} catch (error) {
  console.error('');
  for (let cause: unknown = error; cause instanceof Error; cause = cause.cause)
    console.error(`${cause === error ? 'FAILED: ' : '  because: '}${cause.message}`);
  process.exitCode = error instanceof ObstacleError ? 20 : 1;
}
