// Where the admin key comes from: the environment or a file that its owner alone reads, never an argument, which every user of the machine can see.
import { chmod, mkdir, readFile, rename, stat, writeFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { dirname, join } from 'node:path';
import { z } from 'zod';
import { usageFailure } from './command-failure.ts';
import { parseJson } from './json-text.ts';

type Environment = Readonly<Record<string, string | undefined>>;

const credentialsSchema = z.object({
  /** The address that was logged in to last. */
  url: z.string(),
  /** A key per address: none is ever sent to another address than its own. */
  adminKeys: z.record(z.string(), z.string()),
});

/** What `centralita login` stored. */
export type Credentials = z.infer<typeof credentialsSchema>;

/** Where the API listens unless somebody says otherwise. */
const DEFAULT_URL = 'http://127.0.0.1:8080';

/** The file of credentials for this environment. */
export function credentialsPath(env: Environment): string {
  return join(env['XDG_CONFIG_HOME'] || join(env['HOME'] || homedir(), '.config'), 'centralita', 'credentials.json');
}

/** Reads the file; null when there is none. Throws when others can read it, or when it is damaged. */
export async function readCredentials(env: Environment): Promise<Credentials | null> {
  const path = credentialsPath(env);
  const status = await stat(path).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT' || error.code === 'ENOTDIR') return null;
    throw usageFailure(`${path} cannot be read: ${error.message}`);
  });
  if (!status) return null;
  if ((status.mode & 0o077) !== 0) throw usageFailure(`${path} can be read by others: chmod 600 it, and rotate the admin key if they did`);
  const parsed = credentialsSchema.safeParse(parseJson(await readFile(path, 'utf8')));
  if (!parsed.success) throw usageFailure(`${path} is damaged: remove it and log in again with centralita login`);
  return parsed.data;
}

/** Stores the key of an address, for its owner alone, beside those of other addresses. Returns the path. */
export async function storeAdminKey(env: Environment, url: string, adminKey: string): Promise<string> {
  const path = credentialsPath(env);
  const earlier = await readCredentials(env);
  const credentials: Credentials = { url, adminKeys: { ...earlier?.adminKeys, [url]: adminKey } };
  await mkdir(dirname(path), { recursive: true, mode: 0o700 });
  await writeFile(`${path}.new`, `${JSON.stringify(credentials, null, 2)}\n`, { mode: 0o600 });
  // An earlier, interrupted write may have left the file with other rights.
  await chmod(`${path}.new`, 0o600);
  await rename(`${path}.new`, path);
  return path;
}

/** The address to talk to: the option, CENTRALITA_URL, the last login, what the installed command names, the default. */
export function chooseUrl(env: Environment, option: string | undefined, credentials: Credentials | null): string {
  return normalizeUrl(option || env['CENTRALITA_URL'] || credentials?.url || env['CENTRALITA_DEFAULT_URL'] || DEFAULT_URL);
}

/** The key for that address. Throws saying how to give one. */
export function chooseAdminKey(env: Environment, url: string, credentials: Credentials | null): string {
  const key = env['CENTRALITA_ADMIN_KEY']?.trim() || credentials?.adminKeys[url];
  if (!key) throw usageFailure(`there is no admin key for ${url}: log in with centralita login, or set CENTRALITA_ADMIN_KEY`);
  if (!isAdminKey(key)) throw usageFailure('the admin key holds characters that no admin key has: copy it again, without quotes');
  return key;
}

/** Whether a text can be sent as an admin key at all. */
export function isAdminKey(text: string): boolean {
  return /^[\x21-\x7e]{16,200}$/.test(text);
}

/** An address without its last slash. Throws for what is none. */
export function normalizeUrl(text: string): string {
  const url = URL.parse(text);
  if (!url || !/^https?:$/.test(url.protocol) || url.username || url.search || url.hash)
    throw usageFailure(`"${text}" is no address of an API: write it as http://127.0.0.1:8080`);
  return url.href.replace(/\/+$/, '');
}

/** Whether a key would cross a network that others may read. */
export function isReadableOnTheWay(url: string): boolean {
  const { protocol, hostname } = new URL(url);
  return protocol === 'http:' && !/^(localhost|127\.[0-9.]+|\[::1\])$/.test(hostname);
}
