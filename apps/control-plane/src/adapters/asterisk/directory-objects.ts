// A phone or a trunk as Asterisk's SIP objects: which there are, what each one says, and whether Asterisk's copy says the same.
import type { ConfigTuple } from 'asterisk-ari-client/generated/models.ts';
import type { DirectoryEntry, DirectoryKey, DirectoryPhone, DirectoryTrunk } from '#ports/telephony-directory.ts';

/** Kinds of object, in the order in which they are pushed: what an endpoint names is there before it, what names the endpoint after it. Removed backwards. */
export type ObjectType = 'auth' | 'aor' | 'endpoint' | 'identify' | 'registration';

/** Names an object. */
export type ObjectName = { readonly type: ObjectType; readonly id: string };

/** One object and what it says. Null: there must be none. */
export type SipObject = ObjectName & { readonly fields: readonly ConfigTuple[] | null };

/** Addresses and networks of one trunk. Each is an object of its own: Asterisk's database keeps only the last address of an object. */
export const MAX_TRUNK_MATCHES = 16;

const PHONE_NAME = /^[0-9]{2,8}-[a-z][a-z0-9-]{1,31}$/;
const TRUNK_PREFIX = 'trunk-';
const TRUNK_NAME = /^[a-z][a-z0-9-]{0,31}$/;

/** The transport of `pjsip.conf`. */
const TRANSPORT = { transport: 'transport-udp' };

/** What every endpoint says, as the one in `pjsip.conf` does. */
const ENDPOINT = {
  ...TRANSPORT,
  disallow: 'all',
  allow: 'ulaw,alaw,g722',
  direct_media: 'no',
  rtp_symmetric: 'yes',
  force_rport: 'yes',
  rewrite_contact: 'yes',
  allow_transfer: 'no',
  allow_overlap: 'no',
  dtmf_mode: 'auto',
  // A caller whose network died sends no BYE: his silence, in seconds, ends the call.
  rtp_timeout: '30',
  rtp_timeout_hold: '300',
};

/** A refused or unanswered registration is tried again after this many seconds, and never given up: the carrier may put it right. */
const REGISTRATION = {
  retry_interval: '30',
  forbidden_retry_interval: '300',
  fatal_retry_interval: '300',
  max_retries: '1000000',
  auth_rejection_permanent: 'no',
  expiration: '3600',
};

/** The name under which the port knows an entry. */
export function keyOf(entry: DirectoryEntry): DirectoryKey {
  return { kind: entry.kind, name: entry.kind === 'phone' ? entry.username : entry.name };
}

/** The name of an entry's endpoint. */
export function endpointName({ kind, name }: DirectoryKey): string {
  return kind === 'phone' ? name : `${TRUNK_PREFIX}${name}`;
}

/** The entry that an endpoint belongs to; null for an endpoint that is none of the directory's, such as the test caller's. */
export function keyOfEndpoint(endpoint: string): DirectoryKey | null {
  if (PHONE_NAME.test(endpoint)) return { kind: 'phone', name: endpoint };
  const name = endpoint.startsWith(TRUNK_PREFIX) ? endpoint.slice(TRUNK_PREFIX.length) : '';
  return TRUNK_NAME.test(name) ? { kind: 'trunk', name } : null;
}

/** Names of all the objects that an entry may have, in the order in which they are pushed. */
export function objectNames(key: DirectoryKey): readonly ObjectName[] {
  const id = endpointName(key);
  const own: ObjectName[] = [
    { type: 'auth', id },
    { type: 'aor', id },
    { type: 'endpoint', id },
  ];
  if (key.kind === 'phone') return own;
  // A dot is in no trunk's name, so that these are never another trunk's.
  const addresses = Array.from({ length: MAX_TRUNK_MATCHES }, (_, index): ObjectName => ({ type: 'identify', id: `${id}.${index + 1}` }));
  return [...own, ...addresses, { type: 'registration', id }];
}

/**
 * The objects of an entry, in the order in which they are pushed. Throws for a name or a text that would mean more to Asterisk than it says:
 * whoever let it in has a bug.
 */
export function toObjects(entry: DirectoryEntry): readonly SipObject[] {
  const key = keyOf(entry);
  if (keyOfEndpoint(endpointName(key))?.kind !== entry.kind)
    throw new Error(`"${printable(key.name)}" cannot be the name of a ${entry.kind}`);
  if (entry.kind === 'phone') checkPhone(entry);
  else checkTrunk(entry);
  const fieldsOf = entry.kind === 'phone' ? phoneFields(entry) : trunkFields(entry, endpointName(key));
  const objects = objectNames(key).map((name) => ({ ...name, fields: fieldsOf(name) }));
  for (const { id, fields } of objects) for (const tuple of fields ?? []) refuseControlCharacters(id, tuple);
  return objects;
}

/** The first attribute in which Asterisk's copy differs from what is wanted, or null. Attributes that nobody asked for are not compared. */
export function firstDifference(wanted: readonly ConfigTuple[], found: readonly ConfigTuple[]): string | null {
  const there = new Map(found.map(({ attribute, value }) => [attribute, asRead(attribute, value)]));
  // `disallow` empties the list of codecs before `allow` fills it, and is never told.
  const differs = ({ attribute, value }: ConfigTuple): boolean =>
    attribute !== 'disallow' && there.get(attribute) !== asRead(attribute, value);
  return wanted.find(differs)?.attribute ?? null;
}

type FieldsOf = (name: ObjectName) => SipObject['fields'];

function phoneFields({ username, organizationSlug, extension, displayName, digestHa1 }: DirectoryPhone): FieldsOf {
  const fields: Partial<Record<ObjectType, ConfigTuple[]>> = {
    // The password itself could be read out of Asterisk again; its digest opens nothing but this realm.
    auth: tuples({ auth_type: 'md5', username, realm: 'asterisk', md5_cred: digestHa1 }),
    aor: tuples({ max_contacts: '1', remove_existing: 'yes', minimum_expiration: '60', default_expiration: '300' }),
    endpoint: tuples({
      ...ENDPOINT,
      context: 'from-phones',
      // By its user name too: the first REGISTER and INVITE carry no digest, and a trunk at the same address would answer for the phone.
      identify_by: 'auth_username,username',
      auth: username,
      aors: username,
      callerid: `"${displayName}" <${extension}>`,
      tenantid: organizationSlug,
    }),
  };
  return ({ type }) => fields[type] ?? null;
}

function trunkFields({ host, port, matches, credentials, registers }: DirectoryTrunk, name: string): FieldsOf {
  const carrier = `${host}:${port}`;
  const endpoint = { ...ENDPOINT, context: 'from-trunk', identify_by: 'ip', aors: name, outbound_auth: credentials ? name : '' };
  return ({ type, id }) => {
    switch (type) {
      case 'auth':
        return credentials && tuples({ auth_type: 'userpass', ...credentials });
      case 'aor':
        return tuples({ contact: `sip:${carrier}` });
      case 'endpoint':
        return tuples(endpoint);
      case 'identify': {
        const match = matches[Number(id.slice(name.length + 1)) - 1];
        return match === undefined ? null : tuples({ endpoint: name, match });
      }
      case 'registration':
        return credentials && registers ? registrationFields({ name, carrier, username: credentials.username }) : null;
    }
  };
}

function registrationFields({ name, carrier, username }: { name: string; carrier: string; username: string }): ConfigTuple[] {
  const addresses = { server_uri: `sip:${carrier}`, client_uri: `sip:${username}@${carrier}`, contact_user: username };
  return tuples({ ...TRANSPORT, ...REGISTRATION, ...addresses, outbound_auth: name });
}

function tuples(fields: Readonly<Record<string, string>>): ConfigTuple[] {
  return Object.entries(fields).map(([attribute, value]) => ({ attribute, value }));
}

/** One spelling for what Asterisk tells in another one than it was told. */
function asRead(attribute: string, value: string): string {
  if (attribute === 'allow') return value.replaceAll(/[()]/g, '').replaceAll('|', ',');
  if (attribute === 'match') return asNetwork(value);
  return value === 'yes' ? 'true' : value === 'no' ? 'false' : value;
}

/** `192.0.2.0/255.255.255.0` -> `192.0.2.0/24`, `192.0.2.1` -> `192.0.2.1/32`. */
function asNetwork(text: string): string {
  const [address = '', mask = '32'] = text.split('/', 2);
  if (!mask.includes('.')) return `${address}/${mask}`;
  const bits = mask.split('.').map((part) => Number(part).toString(2).padStart(8, '0'));
  return `${address}/${bits.join('').replace(/0+$/, '').length}`;
}

/** The name says whose colleagues the phone rings, as its organization does: they may not differ. */
function checkPhone({ username, extension, organizationSlug, displayName, digestHa1 }: DirectoryPhone): void {
  if (username !== `${extension}-${organizationSlug}`)
    throw new Error(`phone ${username} is of another organization or extension than its name says`);
  // In a caller's identity the name stands in quotes.
  if (!/^[^"\\\p{Cc}]{1,60}$/u.test(displayName))
    throw new Error(`displayName of phone ${username} holds a quote, a backslash or a control character`);
  if (!/^[0-9a-f]{32}$/.test(digestHa1)) throw new Error(`digestHa1 of phone ${username} is no digest`);
}

/** Host and user name become parts of a SIP address. */
function checkTrunk({ name, host, port, matches, credentials }: DirectoryTrunk): void {
  if (matches.length > MAX_TRUNK_MATCHES) throw new Error(`trunk ${name} has more than ${MAX_TRUNK_MATCHES} addresses`);
  if (!/^[A-Za-z0-9.-]{1,253}$/.test(host)) throw new Error(`host of trunk ${name} is no host name`);
  if (!Number.isInteger(port) || port < 1 || port > 65_535) throw new Error(`port of trunk ${name} is none`);
  if (!matches.every((match) => /^[0-9.]{7,15}(?:\/[0-9]{1,2})?$/.test(match)))
    throw new Error(`matches of trunk ${name} are no addresses`);
  if (credentials && !/^[A-Za-z0-9._+-]{1,64}$/.test(credentials.username)) throw new Error(`username of trunk ${name} is none`);
}

function refuseControlCharacters(name: string, { attribute, value }: ConfigTuple): void {
  if (/\p{Cc}/u.test(value)) throw new Error(`${attribute} of ${name} holds a control character`);
}

function printable(text: string): string {
  return text.replaceAll(/[^\x20-\x7e]/g, '?').slice(0, 60);
}
