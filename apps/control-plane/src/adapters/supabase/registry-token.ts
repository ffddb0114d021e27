// What a server's token says of itself. Read, not verified: only the registry has the key, and it verifies each request.
import { readFile } from 'node:fs/promises';
import { z } from 'zod';
import type { RegistryIdentity } from '#ports/server-registry.ts';

const name = z.string().regex(/^[A-Za-z0-9_-]{1,64}$/);
const claimsSchema = z.object({ server_id: name, fleet_id: name, exp: z.number().int().positive().optional() });

/** Reads the token's file. Throws, naming the file and never quoting the token, when it is no token of a server. */
export async function readRegistryToken(path: string): Promise<{ readonly token: string; readonly identity: RegistryIdentity }> {
  let token: string;
  try {
    token = (await readFile(path, 'utf8')).trim();
  } catch (cause) {
    throw new Error('the file of SUPABASE_TOKEN_FILE cannot be read', { cause });
  }
  const identity = identityOf(token);
  if (!identity)
    throw new Error(`${path}: must hold a JWT with the claims server_id and fleet_id, made as provision/supabase/README.md says`);
  return { token, identity };
}

/** Null for what is no token of a server. */
export function identityOf(token: string): RegistryIdentity | null {
  const [, payload = '', signature] = token.split('.');
  if (signature === undefined) return null;
  let claims: unknown;
  try {
    claims = JSON.parse(Buffer.from(payload, 'base64url').toString());
  } catch {
    return null;
  }
  const parsed = claimsSchema.safeParse(claims);
  if (!parsed.success) return null;
  const { server_id: serverId, fleet_id: fleetId, exp } = parsed.data;
  return { serverId, fleetId, expiresAt: exp === undefined ? null : new Date(exp * 1_000) };
}
