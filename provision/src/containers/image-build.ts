/** Builds our images from one Debian base, with a Debian mirror and npm alone: no container registry is asked for anything. */
import { chmod, copyFile, cp, mkdir, readFile, rm } from 'node:fs/promises';
import { basename, join, sep } from 'node:path';
import { findDebianMirror } from '#apt-source.ts';
import { confinedCommand, runCommand, tryCommand } from '#command.ts';
import { isThere } from '#path-presence.ts';
import { containersFolder, IMAGE_NAMES } from './container-appliance.ts';
import type { ImageName } from './container-appliance.ts';
import { BASE_SUITE, IDENTITIES } from './identities.ts';

const BUILD_TIMEOUT_MS = 1_800_000;
const BASE_IMAGE = 'centralita/base';

/** Folder of each image's Dockerfile, below the repository. */
const DOCKERFILES: Readonly<Record<ImageName, string>> = {
  'control-plane': 'apps/control-plane',
  'cpu-server': 'inference/cpu-server',
  asterisk: 'asterisk',
  postgres: 'provision/postgres',
  monitoring: 'provision/monitoring',
};
/** What the control plane's image carries of the repository; the call of the test lies in e2e. */
const SOURCES = [
  'apps',
  'asterisk',
  'e2e',
  'inference',
  'provision',
  'prometheus',
  'scripts',
  'package.json',
  'package-lock.json',
  '.npmrc',
];
/** Packages that run in the image; npm brings what these ask for and nothing of the others. */
const WORKSPACES = [
  'apps/control-plane',
  'apps/cli',
  'inference/cpu-server',
  'inference/triton-client',
  'asterisk/ari-client',
  'asterisk/sip-caller',
  'provision',
  'e2e',
];

export type BuildTools = {
  readonly home: string;
  readonly repository: string;
  readonly log: (message: string) => void;
  readonly signal: AbortSignal;
};

/** Makes the base image (debootstrap, about a minute and 110 MB) and returns its id. */
export async function buildBase({ home, repository, log, signal }: BuildTools): Promise<string> {
  const mirror = await findDebianMirror();
  const folder = join(containersFolder(home), 'base.building');
  log(`base image: Debian ${BASE_SUITE} with debootstrap`);
  await rm(folder, { recursive: true, force: true });
  await mkdir(folder, { recursive: true });
  const users = Object.entries(IDENTITIES)
    .map(([name, id]) => `${name}:${id}:${id}`)
    .join(' ');
  const script = join(repository, 'provision/base-image/make-root.sh');
  const make = confinedCommand([script, join(folder, 'root'), BASE_SUITE, mirror.uri, mirror.keyring, users]);
  try {
    const tar = join(folder, 'base.tar');
    // The shell only opens the file that the script's output goes to.
    await runCommand(['/bin/sh', '-c', 'out=$1; shift; exec "$@" >"$out"', 'base', tar, ...make], {
      label: 'the base image',
      timeoutMs: BUILD_TIMEOUT_MS,
      signal,
    });
    return (
      await runCommand(['docker', 'import', '-c', 'ENV LC_ALL=C.UTF-8', tar, `${BASE_IMAGE}:latest`], {
        timeoutMs: BUILD_TIMEOUT_MS,
        signal,
      })
    ).trim();
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** Builds one image and returns its id, the digest of its contents. The earlier ones in `IMAGE_NAMES` must be there. */
export async function buildImage(name: ImageName, tools: BuildTools): Promise<string> {
  const { home, repository, log, signal } = tools;
  const context = name === 'control-plane' ? await stageCheckout(tools) : join(repository, DOCKERFILES[name]);
  log(`image ${name}: building`);
  const idFile = join(containersFolder(home), `${name}.id`);
  // The machine's network: packages come from where the machine gets its own.
  const argv = ['docker', 'build', '--network', 'host', '--iidfile', idFile, '-t', `centralita/${name}:latest`];
  try {
    // The classic builder tells what failed on standard output, the newer one on standard error.
    let said = '';
    const onOutput = (text: string): void => void (said = (said + text).slice(-4_096));
    const build = [...argv, '-f', join(repository, DOCKERFILES[name], 'Dockerfile'), context];
    const { exitCode } = await tryCommand(build, { label: `image ${name}`, timeoutMs: BUILD_TIMEOUT_MS, signal, onOutput });
    if (exitCode !== 0) throw new Error(`image ${name}: its build ended with ${exitCode}\n${said.trim()}`);
    return (await readFile(idFile, 'utf8')).trim();
  } finally {
    await rm(idFile, { force: true });
    if (name === 'control-plane') await rm(context, { recursive: true, force: true });
  }
}

/** Which of the images the engine still has, by the id that the build gave. */
export async function listMissingImages(
  ids: Readonly<Partial<Record<ImageName, string>>>,
  signal: AbortSignal,
): Promise<readonly ImageName[]> {
  const missing: ImageName[] = [];
  for (const name of IMAGE_NAMES) {
    const id = ids[name];
    const answer =
      id === undefined ? null : await tryCommand(['docker', 'image', 'inspect', '--format', '{{.Id}}', id], { timeoutMs: 30_000, signal });
    if (answer?.exitCode !== 0) missing.push(name);
  }
  return missing;
}

/** A copy of what runs, with its packages: the machine's own npm installs them, as it is configured, and no script of a package runs. */
async function stageCheckout({ home, repository, log, signal }: BuildTools): Promise<string> {
  const context = join(containersFolder(home), 'context');
  await rm(context, { recursive: true, force: true });
  await mkdir(context, { recursive: true });
  // A release has nothing that is hidden: of a checkout npm's settings come along.
  for (const source of SOURCES)
    if (await isThere(join(repository, source)))
      await cp(join(repository, source), join(context, source), {
        recursive: true,
        filter: (path) => isShipped(path.slice(repository.length)),
      });
  log('image control-plane: npm ci of what runs');
  const words = WORKSPACES.flatMap((workspace) => ['-w', workspace]);
  await runCommand(['npm', 'ci', '--omit=dev', '--ignore-scripts', '--no-audit', '--no-fund', '--loglevel=error', ...words], {
    cwd: context,
    label: 'npm ci of what runs in the images',
    timeoutMs: BUILD_TIMEOUT_MS,
    signal,
  });
  const foreign = ['darwin', 'win32'].map((system) => `node_modules/onnxruntime-node/bin/napi-v6/${system}`);
  for (const path of [...foreign, '.npmrc']) await rm(join(context, path), { recursive: true, force: true });
  // The Node that runs this is the project's own, from npm too.
  await mkdir(join(context, 'bin'));
  await copyFile(process.execPath, join(context, 'bin/node'));
  await chmod(join(context, 'bin/node'), 0o755);
  return context;
}

/** No tests, no packages of the checkout's own, nothing hidden. */
function isShipped(path: string): boolean {
  const name = basename(path);
  if (path.split(sep).includes('node_modules')) return false;
  return name === '.npmrc' || (!name.startsWith('.') && !/\.(test|db\.test|walk\.test|e2e\.test)\.ts$/.test(name));
}
