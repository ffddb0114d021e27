// The admin key: kept for later commands, and replaced.
import { join, resolve } from 'node:path';
import { adminCredential, createApiClient } from './api-client.ts';
import { CommandFailure, usageFailure } from './command-failure.ts';
import type { CommandGroup, CommandSpec } from './command-group.ts';
import { chooseUrl, credentialsPath, isAdminKey, readCredentials, storeAdminKey } from './credentials.ts';
import { readSecret } from './options.ts';

/** The provisioner of the checkout that this file belongs to. */
const PROVISIONER = join(resolve(import.meta.dirname, '..', '..', '..'), 'provision.sh');

export const loginCommand: CommandSpec = {
  name: 'login',
  summary: 'store the address and the admin key for later commands, in a file that you alone can read',
  example: 'login --url http://127.0.0.1:8080',
  run: async ({ terminal, common }) => {
    const { env, signal } = terminal;
    const url = chooseUrl(env, common.url, await readCredentials(env));
    const adminKey = await readSecret(terminal, `Admin key of ${url}: `);
    if (!isAdminKey(adminKey)) throw usageFailure('this is no admin key: it is one word, such as cca_…');
    // A key that does not work is not worth storing.
    await createApiClient({ url, credential: adminCredential(adminKey), signal }).get('/admin/plans', { limit: 1 });
    terminal.err(`Stored in ${await storeAdminKey(env, url, adminKey)}\n`);
  },
};

const rotate: CommandSpec = {
  name: 'rotate',
  summary: 'on the appliance, as root: make another admin key, shown this once; the old one is refused at once and nothing restarts',
  example: 'admin-key rotate',
  isDestructive: true,
  run: async (invocation) => {
    const { terminal } = invocation;
    await invocation.confirm('Replace the admin key? Whatever uses the present one is refused at once.');
    const exitCode = await terminal.run([PROVISIONER, 'new-admin-key']);
    if (exitCode !== 0) throw new CommandFailure(1, `the admin key was not replaced: provision.sh ended with ${exitCode}`);
    if (await readCredentials(terminal.env))
      terminal.err(`${credentialsPath(terminal.env)} still holds the old key: store the new one with centralita login\n`);
  },
};

export const adminKeyCommands: CommandGroup = { name: 'admin-key', summary: 'the key that opens the admin API', commands: [rotate] };
