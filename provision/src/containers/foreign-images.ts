/** Images that others publish and nobody builds here: which of them a run needs, which are missing, and how they are fetched before anything else is done. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parse } from 'yaml';
import { z } from 'zod';
import { tryCommand } from '#command.ts';
import { parseEnvFile } from '#env-file.ts';
import { ObstacleError } from '#place.ts';
import type { Finding } from '#place.ts';

const ASK_TIMEOUT_MS = 30_000;
/** The largest, Triton with vLLM, is 10.3 GB: at 12 Mbit/s. */
const PULL_TIMEOUT_MS = 2 * 3_600_000;
/** A line of progress at most this often. */
const PROGRESS_EVERY_MS = 10_000;

const composeSchema = z.object({
  services: z.record(z.string(), z.object({ profiles: z.array(z.string()).default([]), image: z.string() })),
});

/** References of the compose file's images for these profiles, as the operator's `.env` completes them: those that our own images' variables do not name. */
export async function listForeignImages(parts: {
  /** The tree whose compose file is brought up. */
  readonly tree: string;
  readonly profiles: readonly string[];
  readonly environmentText: string;
}): Promise<readonly string[]> {
  const text = await readFile(join(parts.tree, 'docker-compose.yml'), 'utf8');
  const { services } = composeSchema.parse(parse(text, { merge: true }));
  const values = parseEnvFile(parts.environmentText);
  const references = Object.values(services)
    .filter(({ profiles, image }) => !image.includes(':?') && profiles.some((profile) => parts.profiles.includes(profile)))
    .map(({ image }) => image.replaceAll(/\$\{(\w+):-([^}]*)\}/g, (_place, name: string, usual: string) => values.get(name) || usual));
  return [...new Set(references)];
}

/** Those that this machine's engine has not. */
export async function listMissingForeign(references: readonly string[], signal: AbortSignal): Promise<readonly string[]> {
  const missing: string[] = [];
  for (const reference of references) {
    const argv = ['docker', 'image', 'inspect', '--format', '{{.Id}}', reference];
    if ((await tryCommand(argv, { timeoutMs: ASK_TIMEOUT_MS, signal })).exitCode !== 0) missing.push(reference);
  }
  return missing;
}

/** A bare id names no registry that could be asked for it. */
function isFetchable(reference: string): boolean {
  return reference.includes('@');
}

/** What must be brought here by hand before a run. */
export function findUnfetchable(missing: readonly string[]): readonly Finding[] {
  return missing
    .filter((reference) => !isFetchable(reference))
    .map((reference) => ({
      name: 'images',
      reason: `the image ${reference} is named in .env and not on this machine, and an id alone can be fetched from nowhere`,
      fix: 'docker load -i FILE with what `docker save` wrote where it was made, or make it here (inference/models/Dockerfile), then run again',
    }));
}

/** Fetches one image. Throws `ObstacleError` with the words of the registry, and what brings the image here otherwise. */
export async function pullImage(
  reference: string,
  { log, signal }: { log: (message: string) => void; signal: AbortSignal },
): Promise<void> {
  let said = '';
  let toldAtMs = Date.now();
  const onOutput = (text: string): void => {
    said += text;
    if (Date.now() - toldAtMs < PROGRESS_EVERY_MS) return;
    toldAtMs = Date.now();
    log(`image ${reference}: ${countLayers(said)}`);
  };
  log(`image ${reference}: fetching it`);
  const argv = ['docker', 'pull', reference];
  try {
    const { exitCode, stderr, stdout } = await tryCommand(argv, { timeoutMs: PULL_TIMEOUT_MS, signal, onOutput });
    if (exitCode !== 0) throw new Error((stderr || stdout).trim().split('\n').at(-1) || `exit code ${exitCode}`);
  } catch (cause) {
    signal.throwIfAborted();
    throw new ObstacleError([pullFault(reference, (cause as Error).message)], { cause });
  }
}

function pullFault(reference: string, words: string): Finding {
  return {
    name: 'images',
    reason: `the image ${reference} is not on this machine and could not be fetched: ${words}`,
    fix: `see that \`docker pull ${reference}\` works (network, proxy of the engine, docker login), or copy it into a registry that this machine reaches and name that in .env (TRITON_REGISTRY, GRAFANA_REPOSITORY), then run again`,
  };
}

/** From what `docker pull` has said so far, a line for each layer that begins or ends. */
export function countLayers(said: string): string {
  const all = said.match(/: (Pulling fs layer|Already exists)/g)?.length ?? 0;
  const done = said.match(/: (Pull complete|Already exists)/g)?.length ?? 0;
  return `${done} of ${all} layers`;
}
