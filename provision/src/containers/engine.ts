/** The container engine and its compose: which are here, whether they will do, and how they are asked. */
import { access } from 'node:fs/promises';
import { join } from 'node:path';
import { findDebianMirror } from '#apt-source.ts';
import { confinedCommand, runCommand, tryCommand } from '#command.ts';
import { isAtLeast } from '#version.ts';
import { containersFolder } from './container-appliance.ts';
import { BASE_SUITE } from './identities.ts';

export type Engine = {
  readonly version: string;
  /** Argv of compose, without words of its own. Null: it is still to be brought. */
  readonly compose: readonly string[] | null;
};

/** Found, or why not and what to do. */
export type EngineReport =
  | { readonly kind: 'found'; readonly engine: Engine }
  | { readonly kind: 'missing'; readonly reason: string; readonly fix: string };

const ENGINE_FLOOR = '20.10';
/** `!reset` in an override file. */
const COMPOSE_FLOOR = '2.24';
/** The engine that knows `start_interval` of a health check. */
const START_INTERVAL_FLOOR = '25.0';
const PROBE_TIMEOUT_MS = 10_000;

/** Asks the engine that `DOCKER_HOST` names, or the machine's own. */
export async function findEngine(home: string, signal: AbortSignal): Promise<EngineReport> {
  const options = { timeoutMs: PROBE_TIMEOUT_MS, signal };
  const answer = await tryCommand(['docker', 'version', '--format', '{{.Server.Version}}'], options).catch((error: Error) => error);
  if (answer instanceof Error)
    return {
      kind: 'missing',
      reason: 'there is no docker on this machine',
      fix: 'apt-get install docker.io (or Docker’s own packages), then run again',
    };
  if (answer.exitCode !== 0)
    return {
      kind: 'missing',
      reason: `the engine does not answer: ${answer.stderr.trim()}`,
      fix: 'systemctl start docker, then run again',
    };
  const version = answer.stdout.trim();
  if (!isAtLeast(version, ENGINE_FLOOR))
    return { kind: 'missing', reason: `the engine is ${version}`, fix: `install ${ENGINE_FLOOR} or newer` };
  return { kind: 'found', engine: { version, compose: await findCompose(home, signal) } };
}

/** Whether health checks may be asked often at the start: older engines refuse a file that says so. */
export function knowsStartInterval({ version }: Engine): boolean {
  return isAtLeast(version, START_INTERVAL_FLOOR);
}

async function findCompose(home: string, signal: AbortSignal): Promise<readonly string[] | null> {
  const ours = composePath(home);
  const candidates = [['docker', 'compose'], [ours]];
  for (const argv of candidates) {
    const answer = await tryCommand([...argv, 'version', '--short'], { timeoutMs: PROBE_TIMEOUT_MS, signal }).catch(() => null);
    if (answer?.exitCode === 0 && isAtLeast(answer.stdout.trim(), COMPOSE_FLOOR)) return argv;
  }
  return null;
}

/** Where compose lies when the machine's own will not do. */
export function composePath(home: string): string {
  return join(containersFolder(home), 'compose/usr/libexec/docker/cli-plugins/docker-compose');
}

/**
 * Brings compose from the Debian release of our base image: the machine's own release may have the first version, or none. Nothing is installed;
 * the one program lies below the home.
 */
export async function bringCompose(home: string, signal: AbortSignal): Promise<void> {
  const mirror = await findDebianMirror();
  const folder = join(containersFolder(home), 'compose');
  await runCommand(confinedCommand(['/bin/sh', '-ec', BRING_SCRIPT, 'compose', folder, mirror.uri, mirror.keyring, BASE_SUITE]), {
    label: 'fetching docker-compose',
    signal,
  });
  await access(composePath(home));
}

/** A package index of its own, so that the machine's apt never hears of another release. */
const BRING_SCRIPT = `
folder=$1 mirror=$2 keyring=$3 suite=$4
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
mkdir -p "$work/lists/partial" "$work/cache/archives/partial" "$work/out"
echo "deb [signed-by=$keyring] $mirror $suite main" >"$work/sources.list"
set -- -q -o "Dir::Etc::sourcelist=$work/sources.list" -o Dir::Etc::sourceparts=- -o "Dir::State::lists=$work/lists" -o "Dir::Cache=$work/cache" \
  -o Acquire::Check-Valid-Until=false -o Acquire::Check-Date=false -o APT::Sandbox::User=root
apt-get "$@" update
cd "$work/out"
apt-get "$@" download docker-compose
rm -rf "$folder"
mkdir -p "$folder"
dpkg-deb -x docker-compose_*.deb "$folder"
`;
