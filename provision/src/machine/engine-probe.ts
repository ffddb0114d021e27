/** The container engine, if there is one that answers, and whether a container really sees a board. */
import { z } from 'zod';
import { parseJson } from '#json-text.ts';
import type { Engine, Known } from './hardware.ts';
import type { MachineSource } from './machine-source.ts';
import { askCommand } from './probe-command.ts';
import type { CommandAnswer } from './probe-command.ts';

/** Of `docker info`; a client without its server answers with `ServerErrors` and exit code 1. */
const dockerSchema = z.object({
  ServerVersion: z.string().default(''),
  Driver: z.string().default(''),
  SecurityOptions: z.array(z.string()).nullish(),
  Runtimes: z.record(z.string(), z.unknown()).nullish(),
  ServerErrors: z.array(z.string()).nullish(),
});
/** Of `podman info`, which is also what podman's stand-in for docker prints. */
const podmanSchema = z.object({
  host: z.object({ security: z.object({ rootless: z.boolean() }).optional(), ociRuntime: z.object({ name: z.string() }).optional() }),
  store: z.object({ graphDriverName: z.string() }).optional(),
  version: z.object({ Version: z.string() }),
});

type EngineFound = Omit<Engine, 'gpuInContainer'>;

/** The engine without the trial of a board in a container, which waits for other probes. Null: there is none. */
export async function probeEngine(source: MachineSource, deadline: AbortSignal): Promise<Known<EngineFound | null>> {
  const docker = await askCommand(['docker', 'info', '--format', '{{json .}}'], { env: source.env, deadline });
  if (docker.kind !== 'absent') return await readEngine(docker, 'docker', { source, deadline });
  const podman = await askCommand(['podman', 'info', '--format', 'json'], { env: source.env, deadline });
  if (podman.kind !== 'absent') return await readEngine(podman, 'podman', { source, deadline });
  return { kind: 'known', value: null };
}

async function readEngine(
  answer: Exclude<CommandAnswer, { kind: 'absent' }>,
  program: 'docker' | 'podman',
  where: { readonly source: MachineSource; readonly deadline: AbortSignal },
): Promise<Known<EngineFound | null>> {
  if (answer.kind === 'hung') return unknown(`${program} info did not answer`, `restart the engine: systemctl restart ${program}`);
  if (answer.kind === 'failed') return unknown(`${program} could not be run: ${answer.reason}`, `install ${program} again`);
  const json = parseJson(answer.stdout);
  const podman = podmanSchema.safeParse(json);
  if (podman.success) {
    const { host, store, version } = podman.data;
    const engine = { name: 'podman', version: version.Version, isRootless: host.security?.rootless ?? false } as const;
    // Podman hands boards to containers by CDI, not by a runtime of that name.
    return known({
      ...engine,
      composeVersion: await findCompose(program, where),
      storageDriver: store?.graphDriverName ?? null,
      hasNvidiaRuntime: false,
    });
  }
  const docker = dockerSchema.safeParse(json);
  const complaint = docker.data?.ServerErrors?.[0] ?? answer.stderr.trim().split('\n')[0] ?? '';
  if (!docker.success || docker.data.ServerVersion === '') {
    const isRefused = /permission denied/i.test(complaint);
    return unknown(
      `${program} is installed and its engine does not answer: ${complaint.slice(0, 200) || `exit code ${answer.exitCode}`}`,
      isRefused ? 'run this as root' : `systemctl enable --now ${program}`,
    );
  }
  const { ServerVersion: version, Driver, SecurityOptions, Runtimes } = docker.data;
  return known({
    name: 'docker',
    version,
    composeVersion: await findCompose(program, where),
    isRootless: (SecurityOptions ?? []).some((option) => option.includes('rootless')),
    storageDriver: Driver || null,
    hasNvidiaRuntime: 'nvidia' in (Runtimes ?? {}),
  });
}

/** Version of compose: the engine's own command, else the program of old, which is version 1. */
async function findCompose(
  program: 'docker' | 'podman',
  { source, deadline }: { readonly source: MachineSource; readonly deadline: AbortSignal },
): Promise<string | null> {
  for (const argv of [
    [program, 'compose', 'version', '--short'],
    ['docker-compose', 'version', '--short'],
  ]) {
    const answer = await askCommand(argv, { env: source.env, deadline });
    const version = answer.kind === 'ended' && answer.exitCode === 0 ? /(\d+\.\d+\.\d+)/.exec(answer.stdout)?.[1] : undefined;
    if (version !== undefined) return version;
  }
  return null;
}

function known(value: EngineFound): Known<EngineFound> {
  return { kind: 'known', value };
}

function unknown(reason: string, fix: string): Known<never> {
  return { kind: 'unknown', reason, fix };
}
