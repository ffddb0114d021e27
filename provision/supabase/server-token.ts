/**
 * Makes the token of one server for the registry. Run where the project's JWT secret is known, which is never the server itself:
 *
 *   npm run --silent registry:token -- --fleet north --server mad-1 [--days 90] [--generation 1] < jwt-secret > registry-token
 */
import { createHmac } from 'node:crypto';
import { text } from 'node:stream/consumers';
import { parseArgs } from 'node:util';

/** Whose token it is, and until when. */
export type ServerTokenClaims = {
  readonly fleet: string;
  readonly server: string;
  readonly generation: number;
  readonly issuedAt: Date;
  readonly days: number;
};

/** A quarter: long enough to be forgotten, so an alert tells a week before. */
const DEFAULT_DAYS = 90;
const NAME = /^[A-Za-z0-9_-]{1,64}$/;
const EXIT_USAGE = 2;

/** A JWT signed with HS256. Throws when a name is none, or the secret is shorter than the 32 characters that Supabase makes. */
export function makeServerToken({ fleet, server, generation, issuedAt, days }: ServerTokenClaims, secret: string): string {
  if (!NAME.test(fleet) || !NAME.test(server)) throw new Error('--fleet and --server must be 1 to 64 letters, digits, _ and -');
  if (!Number.isInteger(generation) || generation < 1) throw new Error('--generation must be a whole number from 1');
  if (!Number.isInteger(days) || days < 1 || days > 366) throw new Error('--days must be a whole number from 1 to 366');
  if (secret.length < 32) throw new Error("the standard input must hold the project's JWT secret, 32 characters or more");
  const iat = Math.floor(issuedAt.getTime() / 1_000);
  const claims = {
    role: 'authenticated',
    aud: 'authenticated',
    iat,
    exp: iat + days * 86_400,
    fleet_id: fleet,
    server_id: server,
    generation,
  };
  const part = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url');
  const signed = `${part({ alg: 'HS256', typ: 'JWT' })}.${part(claims)}`;
  return `${signed}.${createHmac('sha256', secret).update(signed).digest('base64url')}`;
}

async function run(): Promise<void> {
  const { values } = parseArgs({
    options: { fleet: { type: 'string' }, server: { type: 'string' }, days: { type: 'string' }, generation: { type: 'string' } },
  });
  const claims = {
    fleet: values.fleet ?? '',
    server: values.server ?? '',
    days: Number(values.days ?? DEFAULT_DAYS),
    generation: Number(values.generation ?? 1),
    issuedAt: new Date(),
  };
  process.stdout.write(`${makeServerToken(claims, (await text(process.stdin)).trim())}\n`);
}

if (import.meta.main) {
  await run().catch((error: unknown) => {
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
    process.exitCode = EXIT_USAGE;
  });
}
