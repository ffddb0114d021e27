/** The installation's secrets: made once, kept in one file that root alone reads, never made anew while they exist. */
import { createHash, randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { z } from 'zod';
import { replaceFile } from './rendered-files.ts';

const secretsSchema = z.object({
  ari: z.string(),
  databaseMigrator: z.string(),
  databaseApp: z.string(),
  testCaller: z.string(),
  /** Password of the demo phone, extension 2001. */
  phone: z.string(),
  /** Hex SHA-256 of the admin key; the control plane knows no more of it. */
  adminKeyHash: z.string(),
  /** The admin key itself, from its making until it has been shown; then it is forgotten. */
  adminKey: z.string().optional(),
});

export type Secrets = z.infer<typeof secretsSchema>;

/** Parses the secrets' file. Null when there is none; throws when it is damaged, because making new ones would lock the database. */
export function parseSecrets(text: string | null, path: string): Secrets | null {
  if (text === null) return null;
  const parsed = secretsSchema.safeParse(parseJson(text));
  if (parsed.success) return parsed.data;
  throw new Error(
    `${path}: damaged (${z.prettifyError(parsed.error)}). Restore it from a copy; new secrets would not open the existing database`,
  );
}

/** Undefined for what is no JSON: the schema then says so with the rest. */
function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** New secrets: 192 random bits each, in characters that need no quoting anywhere. */
export function makeSecrets(): Secrets {
  return {
    ari: randomSecret(),
    databaseMigrator: randomSecret(),
    databaseApp: randomSecret(),
    testCaller: randomSecret(),
    phone: randomBytes(9).toString('hex'),
    ...makeAdminKey(),
  };
}

/** The same secrets with another admin key, for an operator who has lost his. */
export function withNewAdminKey(secrets: Secrets): Secrets {
  return { ...secrets, ...makeAdminKey() };
}

/** Writes the secrets below `home`, for root alone. */
export async function writeSecrets(home: string, secrets: Secrets): Promise<void> {
  await replaceFile(join(home, 'secrets.json'), `${JSON.stringify(secrets, null, 2)}\n`, { uid: 0, gid: 0, mode: 0o600 });
}

function makeAdminKey(): Required<Pick<Secrets, 'adminKey' | 'adminKeyHash'>> {
  const adminKey = `ck_admin_${randomBytes(32).toString('hex')}`;
  return { adminKey, adminKeyHash: createHash('sha256').update(adminKey).digest('hex') };
}

/** What stays of the secrets once the admin key has been shown. */
export function forgetAdminKey(secrets: Secrets): Secrets {
  const { adminKey: _shown, ...rest } = secrets;
  return rest;
}

function randomSecret(): string {
  return randomBytes(24).toString('hex');
}
