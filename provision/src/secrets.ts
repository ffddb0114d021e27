/** The installation's secrets: made once, kept in one file that root alone reads, never made anew while they exist. */
import { createHash, randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { z } from 'zod';
import { makeBackupKey } from '#backup/backup-cipher.ts';
import type { RenderedFile } from './asterisk-configuration.ts';
import { ObstacleError } from './place.ts';
import { parseEnvFile } from './env-file.ts';
import { parseJson } from './json-text.ts';
import { replaceFile } from './rendered-files.ts';

/** What the control plane asks of its secret keys: version -> 64 hexadecimal digits, the highest version is current. */
const secretKeysSchema = z.record(z.string().regex(/^[1-9][0-9]{0,4}$/), z.string().regex(/^[0-9a-f]{64}$/));

/** Loose: a secret of a newer release outlives the older one that an operator goes back to. */
const secretsSchema = z.looseObject({
  ari: z.string(),
  databaseMigrator: z.string(),
  databaseApp: z.string(),
  testCaller: z.string(),
  /** Of the role that reads the database's statistics, and of who reads Asterisk's. Missing in installations made before Prometheus came. */
  databaseMonitor: z.string().optional(),
  asteriskMetrics: z.string().optional(),
  /** Of Grafana's user admin; in containers alone. */
  grafana: z.string().optional(),
  /** Password of the demo phone, extension 2001. */
  phone: z.string(),
  /** Hex SHA-256 of the admin key; the control plane knows no more of it. */
  adminKeyHash: z.string(),
  /** The admin key itself, from its making until it has been shown; then it is forgotten. */
  adminKey: z.string().optional(),
  /**
   * The keys under which tokens, the audit log, signed addresses and trunks' passwords are kept. A key that is lost takes all of these with it.
   * A new version goes beside the old ones, never in their place. Missing in installations made before there were any.
   */
  secretKeys: secretKeysSchema.optional(),
  /** Opens the backups (`AGE-SECRET-KEY-1…`). Without a copy of it outside this machine they are worth nothing when the machine is lost. */
  backupKey: z.string().optional(),
});

export type Secrets = z.infer<typeof secretsSchema>;

/** Parses the secrets' file. Null when there is none; throws when it is damaged, because making new ones would lock the database. */
export function parseSecrets(text: string | null, path: string): Secrets | null {
  if (text === null) return null;
  const parsed = secretsSchema.safeParse(parseJson(text));
  if (parsed.success) return parsed.data;
  throw new ObstacleError(
    `${path}: damaged (${z.prettifyError(parsed.error)}). Restore it from a copy; new secrets would not open the existing database`,
  );
}

/** New secrets but for the secret keys: 192 random bits each, in characters that need no quoting anywhere. */
export function makeSecrets(): Secrets {
  return {
    ari: randomSecret(),
    databaseMigrator: randomSecret(),
    databaseApp: randomSecret(),
    testCaller: randomSecret(),
    databaseMonitor: randomSecret(),
    asteriskMetrics: randomSecret(),
    phone: randomBytes(9).toString('hex'),
    ...makeAdminKey(),
  };
}

/**
 * The same secrets with secret keys where there were none. What the control plane's file already holds is taken back rather than made anew:
 * tokens were made under it.
 */
export function withSecretKeys(secrets: Secrets, files: readonly RenderedFile[]): Secrets {
  if (secrets.secretKeys) return secrets;
  const text = files.find((file) => file.path === SECRET_KEYS_FILE)?.text ?? null;
  if (text === null) return { ...secrets, ...makeSecretKeys() };
  const parsed = secretKeysSchema.safeParse(parseJson(text));
  if (!parsed.success) throw new Error(`secrets/${SECRET_KEYS_FILE}: damaged. Restore it from a copy; new keys would end every token`);
  return { ...secrets, secretKeys: parsed.data };
}

/** The same secrets with the passwords of the metrics where there were none. */
export function withMetricsPasswords(secrets: Secrets): Secrets {
  return {
    ...secrets,
    databaseMonitor: secrets.databaseMonitor ?? randomSecret(),
    asteriskMetrics: secrets.asteriskMetrics ?? randomSecret(),
  };
}

/** The same secrets with Grafana's password where there was none. What a Grafana that has started was given is taken back: it asks for no other. */
export function withGrafanaPassword(secrets: Secrets, given: string | null): Secrets {
  return { ...secrets, grafana: secrets.grafana ?? given ?? randomSecret() };
}

/** The same secrets with a backup key where there was none: backups that exist need the one that made them. */
export async function withBackupKey(secrets: Secrets): Promise<Secrets & { readonly backupKey: string }> {
  return { ...secrets, backupKey: secrets.backupKey ?? (await makeBackupKey()) };
}

/** What nobody can undo once new secret keys were made where old ones are lost. */
export const LOST_KEYS_WARNING =
  "the secret keys were lost in both places, secrets.json and the control plane's secret-keys.json, and new ones take their place: every API token and " +
  "signed link made before is refused, trunks' passwords must be given again, and audit entries and anchors from before cannot be verified. " +
  'With a copy of either file: put it back and run again';

/**
 * Whether the secret keys that are about to be made replace lost ones. An installation from before there were any has a database too, but its
 * `.env` names no file of keys; without an `.env` nobody can tell, and the worse is said.
 */
export function areSecretKeysLost(facts: {
  readonly secrets: Secrets | null;
  readonly secretFiles: readonly RenderedFile[];
  readonly hasCluster: boolean;
  readonly environmentText: string;
}): boolean {
  if (facts.secrets?.secretKeys || facts.secretFiles.some(({ path }) => path === SECRET_KEYS_FILE)) return false;
  return facts.hasCluster && (facts.environmentText === '' || parseEnvFile(facts.environmentText).has('SECRET_KEYS_FILE'));
}

/** Names of the files in the folder `secrets`, which the control plane reads. */
export const SECRET_KEYS_FILE = 'secret-keys.json';
export const ADMIN_KEY_HASH_FILE = 'admin-key.sha256';

/** Folder of the files that the service user may read and nobody else but root. */
export function secretFilesFolder(home: string): string {
  return join(home, 'secrets');
}

/** The files of that folder; none while the secret keys are still to be made. */
export function renderSecretFiles({ adminKeyHash, secretKeys }: Pick<Secrets, 'adminKeyHash' | 'secretKeys'>): readonly RenderedFile[] {
  if (!secretKeys) return [];
  return [
    { path: ADMIN_KEY_HASH_FILE, text: `${adminKeyHash}\n` },
    { path: SECRET_KEYS_FILE, text: `${JSON.stringify(secretKeys, null, 2)}\n` },
  ];
}

/** The same secrets with another admin key, for an operator who has lost his. */
export function withNewAdminKey(secrets: Secrets): Secrets & Required<Pick<Secrets, 'adminKey'>> {
  return { ...secrets, ...makeAdminKey() };
}

/** Writes the secrets below `home`, for root alone. */
export async function writeSecrets(home: string, secrets: Secrets): Promise<void> {
  await replaceFile(join(home, 'secrets.json'), `${JSON.stringify(secrets, null, 2)}\n`, { uid: 0, gid: 0, mode: 0o600 });
}

function makeAdminKey(): Required<Pick<Secrets, 'adminKey' | 'adminKeyHash'>> {
  // 256 bits, and a form that a scanner of published code can be told to look for. Keys of earlier releases (ck_admin_…) go on working: only the hash counts.
  const adminKey = `cca_${randomBytes(32).toString('base64url')}`;
  return { adminKey, adminKeyHash: createHash('sha256').update(adminKey).digest('hex') };
}

/** What stays of the secrets once the admin key has been shown. */
export function forgetAdminKey(secrets: Secrets): Secrets {
  const { adminKey: _shown, ...rest } = secrets;
  return rest;
}

function makeSecretKeys(): Required<Pick<Secrets, 'secretKeys'>> {
  return { secretKeys: { 1: randomBytes(32).toString('hex') } };
}

function randomSecret(): string {
  return randomBytes(24).toString('hex');
}
