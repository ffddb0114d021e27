// How phones and trunks look on the wire. What gets past these schemas is written into Asterisk: everything that could mean more there than it
// says is refused here, by naming what may be in a text and not what may not.
import { isIPv4 } from 'node:net';
import { z } from '@hono/zod-openapi';
import type { TelephonyState } from './directory-sync.ts';
import type { PhoneSummary } from './phone-store.ts';
import type { TrunkSummary } from './trunk-store.ts';

/** As Asterisk's adapter can tell it: one object for each. */
const MAX_MATCHES = 16;
/** A trunk that owned more than a sixteenth of the internet would answer for strangers. */
const MIN_NETWORK_BITS = 8;

const extension = z
  .string()
  .regex(/^[0-9]{2,8}$/, 'an extension has 2 to 8 digits')
  .openapi({ example: '2001' });
const displayName = z
  .string()
  .regex(
    /^[\p{L}\p{N}](?:[\p{L}\p{N} .'-]{0,58}[\p{L}\p{N}.])?$/u,
    "1 to 60 letters, digits, spaces and . ' -, the first a letter or a digit",
  )
  .openapi({ example: 'Recepción' });
const trunkName = z
  .string()
  .regex(/^[a-z][a-z0-9-]{0,31}$/, '1 to 32 lower-case letters, digits and -, the first a letter')
  .openapi({ example: 'carrier-a' });
const host = z
  .string()
  .max(253)
  // Each label ends in a full stop, so there is one way to cut a text: with optional ones a wrong text of 40 letters took hours.
  .regex(/^(?:[A-Za-z0-9][A-Za-z0-9-]{0,62}\.)*[A-Za-z0-9][A-Za-z0-9-]{0,62}\.?$/, 'a host name or an IPv4 address, without a port')
  .refine((text) => !/^[0-9.]+$/.test(text) || isIPv4(text), 'an address has four numbers from 0 to 255')
  .openapi({ example: 'sip.carrier.example' });
const port = z.int().min(1).max(65_535);
const match = z
  .string()
  .max(18)
  .refine(isNetwork, `an IPv4 address or a network such as 192.0.2.0/24, of ${MIN_NETWORK_BITS} bits or more and without bits behind them`)
  .openapi({ example: '192.0.2.0/24' });
const matches = z
  .array(match)
  .min(1)
  .max(MAX_MATCHES)
  .refine((all) => new Set(all).size === all.length, 'each address once')
  .openapi({ description: 'Addresses and networks whose calls belong to the trunk: there is no other proof of who calls' });
const trunkUsername = z
  .string()
  .regex(/^[A-Za-z0-9._+-]{1,64}$/, '1 to 64 letters, digits and . _ + -')
  .openapi({ description: 'User at the carrier; null for a carrier that knows us by our address' });
const trunkPassword = z
  .string()
  .regex(
    /^[A-Za-z0-9!#$%&()*+,./:=?@^_|~-]{1,128}$/,
    '1 to 128 letters, digits and signs, without spaces, quotes, semicolons, brackets and backslashes',
  )
  .openapi({ description: 'Stored sealed; never told again' });

const telephony = z
  .object({ state: z.enum(['pending', 'applied', 'failed']), reason: z.string().nullable() })
  .openapi('TelephonyState', { description: 'Whether the telephone system has it as it is here. What failed is tried again by itself.' });

export const newPhoneSchema = z.strictObject({ extension, displayName }).openapi('NewPhone');
export const phoneChangeSchema = z.strictObject({ displayName }).openapi('PhoneChange');
export const phoneSchema = z
  .object({
    organizationId: z.string(),
    phoneId: z.string(),
    extension: z.string(),
    username: z.string().openapi({ description: 'SIP user, at the appliance', example: '2001-dental-norte' }),
    displayName: z.string(),
    telephony,
    createdAt: z.iso.datetime(),
    updatedAt: z.iso.datetime(),
  })
  .openapi('Phone');
export const phoneWithPasswordSchema = phoneSchema
  .extend({ password: z.string().openapi({ description: 'Shown this once' }) })
  .openapi('PhoneWithPassword');
export const phonePageSchema = z.object({ phones: z.array(phoneSchema), nextCursor: z.string().nullable() });
export const phoneParams = z.object({ phoneId: z.string().max(100) });
/** Where a page of phones ends. */
export const phonePositionSchema = z.strictObject({ username: z.string().max(41) });

const trunkFields = { host, port, matches, username: trunkUsername.nullable(), registers: z.boolean() };
export const newTrunkSchema = z
  .strictObject({
    name: trunkName,
    ...trunkFields,
    port: port.default(5060),
    username: trunkUsername.nullable().default(null),
    password: trunkPassword.nullable().default(null),
    registers: z.boolean().default(false).openapi({ description: 'Whether we register at the carrier; needs a user name and a password' }),
  })
  .openapi('NewTrunk');
export const trunkChangesSchema = z
  .strictObject({ ...trunkFields, password: trunkPassword.nullable() })
  .partial()
  .refine((changes) => Object.keys(changes).length > 0, 'must change something')
  .openapi('TrunkChanges');
export const trunkSchema = z
  .object({
    trunkId: z.string(),
    name: z.string(),
    host: z.string(),
    port: z.int(),
    matches: z.array(z.string()),
    username: z.string().nullable(),
    registers: z.boolean(),
    telephony,
    createdAt: z.iso.datetime(),
    updatedAt: z.iso.datetime(),
  })
  .openapi('Trunk');
export const trunkPageSchema = z.object({ trunks: z.array(trunkSchema), nextCursor: z.string().nullable() });
export const trunkParams = z.object({ trunkId: z.string().max(100) });
/** Where a page of trunks ends. */
export const trunkPositionSchema = z.strictObject({ name: z.string().max(32) });

/** What is told of something that was deleted. */
export const removedSchema = z.object({ telephony }).openapi('Removed');

const key = z.object({ kind: z.enum(['phone', 'trunk']), name: z.string() });
export const reconciliationSchema = z
  .object({
    at: z.iso.datetime(),
    durationMs: z.int(),
    unchanged: z.int(),
    pushed: z.array(key),
    removed: z.array(key),
    failed: z.array(key.extend({ reason: z.string() })),
    error: z.string().nullable().openapi({ description: 'Why nothing could be compared; null when it could' }),
  })
  .openapi('Reconciliation');
export const telephonySchema = z
  .object({
    reconciliation: reconciliationSchema.nullable().openapi({ description: 'The last comparison; null before the first' }),
    outOfStep: z.array(key.extend({ state: z.enum(['pending', 'failed']), reason: z.string().nullable() })),
  })
  .openapi('Telephony');

/** A phone as it is answered; `state` when the telephone system was just told. */
export function phoneBody({ pushState, pushError, ...phone }: PhoneSummary, state?: TelephonyState) {
  return {
    ...phone,
    telephony: state ?? { state: pushState, reason: pushError },
    createdAt: phone.createdAt.toISOString(),
    updatedAt: phone.updatedAt.toISOString(),
  };
}

/** A trunk as it is answered; `state` when the telephone system was just told. */
export function trunkBody({ pushState, pushError, ...trunk }: TrunkSummary, state?: TelephonyState) {
  return {
    ...trunk,
    matches: [...trunk.matches],
    telephony: state ?? { state: pushState, reason: pushError },
    createdAt: trunk.createdAt.toISOString(),
    updatedAt: trunk.updatedAt.toISOString(),
  };
}

/** Whether it is an address, or a network without bits of an address behind its own. */
function isNetwork(text: string): boolean {
  const [address = '', bits, ...rest] = text.split('/');
  if (!isIPv4(address) || rest.length > 0) return false;
  if (bits === undefined) return address !== '0.0.0.0';
  if (!/^[0-9]{1,2}$/.test(bits) || Number(bits) < MIN_NETWORK_BITS || Number(bits) > 32) return false;
  const number = address.split('.').reduce((sum, part) => sum * 256 + Number(part), 0);
  return number % 2 ** (32 - Number(bits)) === 0;
}
