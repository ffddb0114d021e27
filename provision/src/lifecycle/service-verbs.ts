/** The verbs of an appliance that is installed: its services, their logs, the admin key. */
import { join } from 'node:path';
import { describeAppliance } from '#appliance.ts';
import { runOnTerminal } from '#command.ts';
import { gatherFacts } from '#facts.ts';
import { EXIT, ObstacleError, UsageError } from '#place.ts';
import type { Place } from '#place.ts';
import { renewAdminKey } from '#provisioning.ts';
import { atCurrentRelease } from '#releases/release-facts.ts';
import { startService } from '#services-step.ts';
import { SERVICE_NAMES } from '#services.ts';
import { readStatus } from '#status.ts';
import { ensureSupervisor, stopSupervisor } from '#supervisor.ts';
import { parseVerbArguments } from './arguments.ts';

export async function runStart(place: Place, args: readonly string[], signal: AbortSignal): Promise<number> {
  parseVerbArguments(args, {});
  const facts = await gatherFacts(await atCurrentRelease(place));
  const appliance = describeAppliance(facts);
  if (!appliance) throw new ObstacleError('nothing is installed yet: run provision.sh without a verb');
  await ensureSupervisor(place.home);
  for (const name of SERVICE_NAMES) if (facts.services[name] !== 'RUNNING') await startService(facts, appliance, { name, signal });
  await runStatus(place, []);
  return EXIT.ok;
}

/** Exit code 0 when every service answers. */
export async function runStatus(place: Place, args: readonly string[]): Promise<number> {
  parseVerbArguments(args, {});
  const { isReady, lines } = await readStatus(await gatherFacts(await atCurrentRelease(place)));
  for (const line of lines) console.log(line);
  return isReady ? EXIT.ok : EXIT.failed;
}

export async function runStop(place: Place, args: readonly string[]): Promise<number> {
  parseVerbArguments(args, {});
  console.log((await stopSupervisor(place.home)) ? 'Stopped.' : 'Nothing was running.');
  return EXIT.ok;
}

export async function runNewAdminKey(place: Place, args: readonly string[], signal: AbortSignal): Promise<number> {
  parseVerbArguments(args, {});
  await renewAdminKey(await atCurrentRelease(place), signal);
  return EXIT.ok;
}

export async function runLogs(place: Place, args: readonly string[]): Promise<number> {
  const name = parseVerbArguments(args, {}, 1).positionals[0];
  const names = SERVICE_NAMES.filter((known) => name === undefined || known === name);
  if (names.length === 0) throw new UsageError(`no service ${name}: say one of ${SERVICE_NAMES.join(', ')}`);
  const files = names.map((known) => join(place.home, 'log', `${known}.log`));
  return (await runOnTerminal(['tail', '-n', name === undefined ? '20' : '200', ...files])) ?? EXIT.failed;
}
