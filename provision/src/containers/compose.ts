/** How compose is called on this installation, and what its services say of themselves. */
import { readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { runCommand } from '#command.ts';
import type { CommandOptions } from '#command.ts';
import { ObstacleError } from '#place.ts';
import { readComposeFile } from './compose-file.ts';
import { lintCompose } from './compose-lint.ts';
import { containersFolder, PROJECT } from './container-appliance.ts';
import { knowsStartInterval } from './engine.ts';
import type { Engine } from './engine.ts';

export type Compose = { readonly home: string; readonly repository: string; readonly engine: Engine; readonly profiles: readonly string[] };

/** Services with a health check that asks often while they start. */
const PROBED = [
  'postgres',
  'asterisk',
  'control-plane',
  'cpu-server',
  'triton-speech',
  'triton-language',
  'prometheus',
  'postgres-exporter',
  'node-exporter',
  'dcgm-exporter',
  'grafana',
  'backup',
] as const;
/** On an engine that cannot ask more often at the start, all the time. */
const PLAIN_INTERVAL = '5s';

export type ServiceReport = { readonly name: string; readonly isUp: boolean; readonly words: string };

/** What this machine's engine needs said otherwise; for a new engine nothing. */
export function renderOverride(engine: Engine): string {
  const head = '# Rendered by provision.sh for this engine.\n';
  if (knowsStartInterval(engine)) return `${head}services: {}\n`;
  const lines = PROBED.map((name) => `  ${name}: { healthcheck: { interval: ${PLAIN_INTERVAL}, start_interval: !reset null } }`);
  return `${head}# Engine ${engine.version} does not know start_interval.\nservices:\n${lines.join('\n')}\n`;
}

/** Argv of compose with `words`. Throws when there is no compose yet: a bug in the order of steps. */
export function composeCommand({ home, repository, engine, profiles }: Compose, words: readonly string[]): readonly string[] {
  if (!engine.compose) throw new Error('compose is missing: an earlier step did not do its work');
  const folder = containersFolder(home);
  const files = ['-f', join(repository, 'docker-compose.yml'), '-f', join(folder, 'compose.override.yml')];
  const named = profiles.flatMap((profile) => ['--profile', profile]);
  return [
    ...engine.compose,
    '--project-directory',
    folder,
    '--env-file',
    join(folder, '.env'),
    ...files,
    '--ansi',
    'never',
    ...named,
    ...words,
  ];
}

/** Runs compose to its end. Throws with its last words when it fails. */
export async function runCompose(compose: Compose, words: readonly string[], options: CommandOptions = {}): Promise<string> {
  return await runCommand(composeCommand(compose, words), { label: `compose ${words.join(' ')}`, ...options });
}

/** Throws with every rule that the rendered file breaks: such a file is not brought up. */
export async function checkComposeFile(compose: Compose, signal: AbortSignal): Promise<void> {
  const path = join(containersFolder(compose.home), 'rendered.json');
  await runCompose(compose, ['config', '--format', 'json', '--output', path], { signal, timeoutMs: 60_000 });
  const faults = lintCompose(readComposeFile(JSON.parse(await readFile(path, 'utf8'))));
  await rm(path);
  if (faults.length > 0)
    throw new Error(
      `the compose file breaks its rules:\n${faults.map(({ service, rule, message }) => `  ${service} (${rule}): ${message}`).join('\n')}`,
    );
}

/**
 * What each container of this appliance says; none where the engine has none. The engine is asked, not compose: it knows them whatever is, or is not, rendered here.
 * Throws when it does not answer: containers with calls in them must not pass for none.
 */
export async function readServices(signal: AbortSignal): Promise<readonly ServiceReport[]> {
  const argv = ['docker', 'ps', '--all', ...OF_PROJECT, '--format', `{{.Label "${SERVICE_LABEL}"}}\t{{.State}}\t{{.Status}}`];
  return parseServices(await askEngine(argv, signal));
}

/** The container of a service that runs, or is paused, at this moment; null when the engine says that there is none. Throws when it does not say. */
export async function findRunning(service: string, signal?: AbortSignal): Promise<string | null> {
  const isUp = ['--filter', 'status=running', '--filter', 'status=paused'];
  const argv = ['docker', 'ps', '--quiet', ...OF_PROJECT, '--filter', `label=${SERVICE_LABEL}=${service}`, ...isUp];
  const [id = ''] = (await askEngine(argv, signal)).split('\n');
  return id === '' ? null : id;
}

/** Compose's own labels. What `compose run` makes, such as a test call, is no service. */
const SERVICE_LABEL = 'com.docker.compose.service';
const OF_PROJECT = ['--filter', `label=com.docker.compose.project=${PROJECT}`, '--filter', 'label=com.docker.compose.oneoff=False'];
const ASK_TIMEOUT_MS = 60_000;

async function askEngine(argv: readonly string[], signal?: AbortSignal): Promise<string> {
  try {
    return await runCommand(argv, { label: 'docker ps', timeoutMs: ASK_TIMEOUT_MS, ...(signal ? { signal } : {}) });
  } catch (cause) {
    signal?.throwIfAborted();
    throw new ObstacleError(
      [
        {
          name: 'containers',
          reason: `the engine does not say which containers it has, so calls may be up in them (${(cause as Error).message.replaceAll('\n', ' ')})`,
          fix: 'see why with docker ps --all; systemctl restart docker where it hangs; then run again',
        },
      ],
      { cause },
    );
  }
}

/** Parses lines of service, state and status, such as `Up 2 minutes (healthy)` or `Exited (137) 3 days ago`. A one-shot that ended well is up. */
export function parseServices(text: string): readonly ServiceReport[] {
  return text
    .split('\n')
    .filter((line) => line.trim() !== '')
    .map((line) => {
      const [name = '', state = '', status = ''] = line.split('\t');
      const health = /\((?:health: )?(healthy|unhealthy|starting)\)/.exec(status)?.[1] ?? '';
      const exitCode = /^Exited \((\d+)\)/.exec(status)?.[1] ?? '';
      const isUp =
        state === 'running' ? health === '' || health === 'healthy' : state === 'exited' && exitCode === '0' && name === 'migrate';
      return { name, isUp, words: state === 'exited' ? `ended with ${exitCode}` : [state, health].filter(Boolean).join(', ') };
    })
    .toSorted((a, b) => a.name.localeCompare(b.name));
}
