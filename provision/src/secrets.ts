/** The installation's secrets: made once, kept in one file that root alone reads, never made anew while they exist. */
import { createHash, randomBytes } from 'node:crypto';
import { z } from 'zod';

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
  const parsed = secretsSchema.safeParse(JSON.parse(text));
  if (parsed.success) return parsed.data;
  throw new Error(
    `${path}: damaged (${z.prettifyError(parsed.error)}). Restore it from a copy; new secrets would not open the existing database`,
  );
}

/** New secrets: 192 random bits each, in characters that need no quoting anywhere. */
export function makeSecrets(): Secrets {
  const adminKey = `ck_admin_${randomBytes(32).toString('hex')}`;
  return {
    ari: randomSecret(),
    databaseMigrator: randomSecret(),
    databaseApp: randomSecret(),
    testCaller: randomSecret(),
    phone: randomBytes(9).toString('hex'),
    adminKeyHash: createHash('sha256').update(adminKey).digest('hex'),
    adminKey,
  };
}

/** What stays of the secrets once the admin key has been shown. */
export function forgetAdminKey(secrets: Secrets): Secrets {
  const { adminKey: _shown, ...rest } = secrets;
  return rest;
}

function randomSecret(): string {
  return randomBytes(24).toString('hex');
}
