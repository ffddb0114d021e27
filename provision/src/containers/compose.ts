/** How compose is called on this installation, and what its services say of themselves. */
import { readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { runCommand, tryCommand } from '#command.ts';
import type { CommandOptions } from '#command.ts';
import { readComposeFile } from './compose-file.ts';
import { lintCompose } from './compose-lint.ts';
import { containersFolder } from './container-appliance.ts';
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

const serviceSchema = z.object({ Service: z.string(), State: z.string(), Health: z.string().default(''), ExitCode: z.number().default(0) });
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

/** What each container says; none while there are no containers. */
export async function readServices(compose: Compose, signal: AbortSignal): Promise<readonly ServiceReport[]> {
  if (!compose.engine.compose) return [];
  const answer = await tryCommand(composeCommand(compose, ['ps', '--all', '--format', 'json']), { signal, timeoutMs: 60_000 });
  if (answer.exitCode !== 0) return [];
  return parseServices(answer.stdout);
}

/** Parses `compose ps --format json`: one object a line. A one-shot that ended well is up. */
export function parseServices(text: string): readonly ServiceReport[] {
  return text
    .split('\n')
    .filter((line) => line.trim() !== '')
    .map((line) => {
      const { Service, State, Health, ExitCode } = serviceSchema.parse(JSON.parse(line));
      const isUp =
        State === 'running' ? Health === '' || Health === 'healthy' : State === 'exited' && ExitCode === 0 && Service === 'migrate';
      return { name: Service, isUp, words: State === 'exited' ? `ended with ${ExitCode}` : [State, Health].filter(Boolean).join(', ') };
    });
}
