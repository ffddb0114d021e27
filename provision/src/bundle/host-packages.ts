/** The machine's own Debian packages that the installation needs: fetched into a bundle, and installed from it without a network. */
import { mkdir, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { runCommand, tryCommand } from '#command.ts';
import { REQUIRED_PROGRAMS } from '#machine-facts.ts';

const FETCH_TIMEOUT_MS = 900_000;

/** Fetches the packages with everything that they need, as for a machine that has nothing: what the other machine has is not known here. */
export async function fetchHostPackages(folder: string, signal: AbortSignal): Promise<void> {
  const archives = join(folder, 'archives');
  await mkdir(join(archives, 'partial'), { recursive: true });
  const status = join(folder, 'status');
  await writeFile(status, '');
  const packages = [...new Set(Object.values(REQUIRED_PROGRAMS))];
  const options = [
    '-o',
    `Dir::State::status=${status}`,
    '-o',
    `Dir::Cache::archives=${archives}`,
    '-o',
    'Debug::NoLocking=1',
    '-o',
    'APT::Sandbox::User=root',
  ];
  const argv = ['apt-get', '-q', ...options, 'install', '--download-only', '--no-install-recommends', '-y', ...packages];
  await runCommand(argv, { signal, timeoutMs: FETCH_TIMEOUT_MS, env: { DEBIAN_FRONTEND: 'noninteractive' } });
}

/** Installs those of a folder's packages that the machine lacks. One that is there, in whatever version, stays as it is. */
export async function installHostPackages(folder: string, signal: AbortSignal): Promise<readonly string[]> {
  const files = (await readdir(folder)).filter((name) => name.endsWith('.deb')).toSorted();
  const missing: string[] = [];
  for (const file of files) if (!(await isInstalled(file.split('_')[0] ?? ''))) missing.push(file);
  if (missing.length > 0)
    await runCommand(['dpkg', '--install', ...missing.map((file) => join(folder, file))], {
      signal,
      timeoutMs: FETCH_TIMEOUT_MS,
      env: { DEBIAN_FRONTEND: 'noninteractive' },
    });
  return missing;
}

async function isInstalled(name: string): Promise<boolean> {
  const { exitCode, stdout } = await tryCommand(['dpkg-query', '-W', '-f', '${db:Status-Status}', name], { timeoutMs: 20_000 });
  return exitCode === 0 && stdout.includes('installed') && !stdout.includes('not-installed');
}
