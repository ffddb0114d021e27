/** What the tests with real Asterisk, PostgreSQL and espeak-ng run on: built here, so that a machine with nothing but npm can run them all. */
import { spawnSync } from 'node:child_process';
import { ensureLlamaServer, llamaServerSettings } from '@centralita/provision/cpu-engines/llama-server.ts';
import { espeakCommand } from '@centralita/provision/espeak.ts';
import { findMissingPrograms } from '@centralita/provision/machine-facts.ts';
import { installPackages, packagesFor } from '@centralita/provision/packages.ts';
import { ensureRoot } from '@centralita/provision/private-root.ts';

/** Of the provisioner's programs those that a rig needs: it has no supervisor. */
const PROGRAMS = ['debootstrap', 'setpriv', 'unshare', 'mount', 'useradd'] as const;

/** What readers of the documentation have, because its examples and its pages are tried as they would: program -> Debian package. */
const READERS_PROGRAMS = { curl: 'curl', python3: 'python3', chromium: 'chromium' } as const;

/** 17 s on a fast line. */
const LLAMA_INSTALL_MS = 300_000;

/** Whether an espeak-ng can be run as the tests would run it without a rig. */
export function hasOwnEspeak(): boolean {
  return process.env['ESPEAK_COMMAND'] !== undefined || spawnSync('espeak-ng', ['--version']).status === 0;
}

/**
 * Builds the private root below `home` and returns the environment in which every test speaks with its espeak-ng and thinks with its llama-server.
 * Needs root; installs Debian's packages when the machine lacks a program. A finished root is found in milliseconds.
 */
export async function prepareRig(home: string): Promise<Readonly<Record<string, string>>> {
  if (process.getuid?.() !== 0)
    throw new Error(
      'only root can build the private Debian that these tests run on. Run as root, or choose steps that need none, such as: npm test -- format lint types dead-code db walk; unit needs espeak-ng (apt-get install espeak-ng)',
    );
  const readers = Object.entries(READERS_PROGRAMS).filter(([program]) => spawnSync(program, ['--version']).error !== undefined);
  const missing = [...packagesFor(await findMissingPrograms(PROGRAMS)), ...readers.map(([, packageName]) => packageName)];
  if (missing.length > 0) {
    console.log(`installing ${missing.join(', ')} with apt-get`);
    await installPackages(missing);
  }
  const root = await ensureRoot({ home, log: (message) => console.log(message) });
  const espeak = espeakCommand(root);
  // With it the inference server's tests run llama.cpp itself, on a model made by hand.
  if (await ensureLlamaServer(root, AbortSignal.timeout(LLAMA_INSTALL_MS))) console.log('private root: llama-server installed');
  return { ...espeak.env, ESPEAK_COMMAND: JSON.stringify(espeak.argv), ...llamaServerSettings(root) };
}
