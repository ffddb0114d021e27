/**
 * An installation in containers as whoever stops it, starts it, reads its logs or saves it needs it: the engine, and what the last run rendered. What this
 * machine or this checkout would make of the settings now is none of their business, and no fault in it is in their way.
 */
import { join } from 'node:path';
import { parseEnvFile } from '#env-file.ts';
import { ObstacleError } from '#place.ts';
import type { Place } from '#place.ts';
import { atCurrentRelease } from '#releases/release-facts.ts';
import { readTextIfThere } from '#text-file.ts';
import type { Compose } from './compose.ts';
import { containersFolder } from './container-appliance.ts';
import { findEngine } from './engine.ts';
import type { Engine } from './engine.ts';
import { findOtherHome } from './other-home.ts';

/** Text of the file of variables that compose was given last; empty where nothing is rendered. */
export async function readComposeText(home: string): Promise<string> {
  return (await readTextIfThere(join(containersFolder(home), '.env'))) ?? '';
}

/** Throws `ObstacleError` where there is no engine that will do, or where it is another home's. */
export async function requireOwnEngine(home: string, signal: AbortSignal): Promise<Engine> {
  const found = await findEngine(home, signal);
  if (found.kind === 'missing') throw new ObstacleError([{ name: 'engine', reason: found.reason, fix: found.fix }]);
  const other = await findOtherHome(home, signal);
  if (other) throw new ObstacleError([other]);
  return found.engine;
}

/** The profiles that the variables were rendered for. */
export function renderedProfiles(composeText: string): readonly string[] {
  const values = parseEnvFile(composeText);
  const isOnBoards = !['', 'none'].includes(values.get('LANGUAGE_GPU_UUID') ?? '');
  return [isOnBoards ? 'gpu' : 'cpu', ...((values.get('GRAFANA_DIGEST') ?? '') === '' ? [] : ['grafana'])];
}

/** How compose is called for what is installed, as the release that runs has it. Throws `ObstacleError` while nothing is, or where its compose is gone. */
export async function findInstalled(place: Place, signal: AbortSignal): Promise<Compose> {
  const { home, repository } = await atCurrentRelease(place);
  const engine = await requireOwnEngine(home, signal);
  const composeText = await readComposeText(home);
  if (composeText === '') throw new ObstacleError('nothing is installed yet: run provision.sh --runtime docker');
  if (!engine.compose) throw new ObstacleError('compose is not there any more: ./provision.sh brings it');
  return { home, repository, engine, profiles: renderedProfiles(composeText) };
}
