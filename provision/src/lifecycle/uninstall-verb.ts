/** `provision.sh --uninstall [--purge]`: asks what must be asked, then takes the installation away. */
import type { Facts } from '#facts.ts';
import { EXIT, ObstacleError, UsageError } from '#place.ts';
import { print } from '#provisioning.ts';
import { countLiveChannels } from '#releases/live-calls.ts';
import type { RuntimeCall, Site } from '#runtime/runtime.ts';
import { parseVerbArguments } from './arguments.ts';
import { ask, isInteractive } from './confirm.ts';
import { readJournal } from './journal.ts';
import { uninstall } from './uninstall.ts';
import type { Uninstalled } from './uninstall.ts';

export async function runUninstall({ runtime, place, args, signal }: RuntimeCall): Promise<number> {
  const { values, positionals } = parseVerbArguments(
    args,
    { purge: { type: 'boolean' }, force: { type: 'boolean' }, yes: { type: 'boolean' }, json: { type: 'boolean' } },
    1,
  );
  const isPurging = values.purge === true;
  const typed = positionals[0] ?? null;
  if (typed !== null && !isPurging) throw new UsageError(`--uninstall takes no word without --purge: ${typed}`);
  const site = await runtime.open(place, signal);
  const { facts } = site;
  if (!(await isSomethingHere(facts))) {
    await print(values.json === true ? `${JSON.stringify(NOTHING)}\n` : `Nothing is installed in ${place.home}.\n`);
    return EXIT.ok;
  }
  if (values.force !== true) await refuseLiveCalls(site);
  if (isPurging) await confirmPurge(facts, typed, signal);
  else if (values.yes !== true) await confirm(facts, signal);
  const told = await uninstall(facts, { isPurging, takeDown: async () => await runtime.takeDown(site, { isPurging, signal }) });
  await print(values.json === true ? `${JSON.stringify(told)}\n` : renderUninstalled(told));
  return EXIT.ok;
}

const NOTHING: Uninstalled = { kind: 'uninstalled', isPurged: false, removed: [], kept: [] };

async function isSomethingHere({ root, secrets, release, hasCluster, home }: Facts): Promise<boolean> {
  return root !== null || secrets !== null || release.current !== null || hasCluster || (await readJournal(home)).length > 0;
}

async function refuseLiveCalls(site: Site): Promise<void> {
  const fix = 'run again when there are none, or with --force, which cuts them';
  const channels = await countLiveChannels(site).catch((error: Error) => error);
  if (channels === 0) return;
  const reason =
    channels instanceof Error ? `whether calls are up cannot be told: ${channels.message}` : `calls are up (${channels} channels)`;
  throw new ObstacleError([{ name: 'live calls', reason, fix }]);
}

/** Data that is gone is gone: whoever says so must say whose. */
async function confirmPurge({ settings, home }: Facts, typed: string | null, signal: AbortSignal): Promise<void> {
  const name = settings.SERVER_NAME;
  const question = `This removes all data of the installation in ${home}, wherever it lies: calls, recordings, settings, secrets, backups. Type the server's name (${name}) to go on: `;
  const answer = typed ?? (isInteractive() ? await ask(question, signal) : null);
  if (answer === null) throw new UsageError(`--purge removes all data: say the server's name, --uninstall --purge ${name}`);
  if (answer !== name)
    throw new ObstacleError(`'${answer}' is not the name of this server (SERVER_NAME in ${home}/.env): nothing was removed`);
}

async function confirm({ home }: Facts, signal: AbortSignal): Promise<void> {
  if (!isInteractive()) throw new UsageError('nobody is there to be asked: say --uninstall --yes');
  const answer = await ask(`Stop and remove the installation in ${home}? Its data stays. [y/N] `, signal);
  if (!/^(y|yes|s|si|sí)$/i.test(answer)) throw new ObstacleError('not agreed to: nothing was removed');
}

export function renderUninstalled({ removed, kept, isPurged }: Uninstalled): string {
  const lines = [
    ...removed.map((what) => `removed  ${what}`),
    ...kept.map((what) => `kept     ${what}`),
    isPurged ? 'Gone, with its data.' : 'Gone; its data stays.',
  ];
  return `${lines.join('\n')}\n`;
}
