import { describe, expect, it } from 'vitest';
import type { DirectoryPhone, DirectoryTrunk } from '#ports/telephony-directory.ts';
import { firstDifference, keyOfEndpoint, objectNames, toObjects } from './directory-objects.ts';

const phone: DirectoryPhone = {
  kind: 'phone',
  username: '2001-clinica',
  organizationSlug: 'clinica',
  extension: '2001',
  displayName: "Recepción d'Or",
  digestHa1: '0123456789abcdef0123456789abcdef',
};
const trunk: DirectoryTrunk = {
  kind: 'trunk',
  name: 'carrier',
  host: 'sip.carrier.example',
  port: 5070,
  matches: ['192.0.2.0/24', '198.51.100.7'],
  credentials: { username: 'clinic', password: 'p@ss' },
  registers: true,
};
const fieldsOf = (entry: DirectoryPhone | DirectoryTrunk, type: string, id: string) => {
  const found = toObjects(entry).find((object) => object.type === type && object.id === id);
  return found?.fields && Object.fromEntries(found.fields.map(({ attribute, value }) => [attribute, value]));
};

describe('a phone', () => {
  it('is known by its name, calls as itself, and carries its organization', () => {
    expect(fieldsOf(phone, 'endpoint', '2001-clinica')).toMatchObject({
      context: 'from-phones',
      callerid: `"Recepción d'Or" <2001>`,
      tenantid: 'clinica',
      identify_by: 'auth_username,username',
    });
    expect(fieldsOf(phone, 'auth', '2001-clinica')).toEqual({
      auth_type: 'md5',
      username: '2001-clinica',
      realm: 'asterisk',
      md5_cred: phone.digestHa1,
    });
  });

  it.each<[string, string, Partial<DirectoryPhone>]>([
    ["another organization's name", 'is of another organization', { organizationSlug: 'dental' }],
    ["another extension's name", 'is of another organization', { extension: '2002' }],
    ['a name that ends its quotes', 'displayName of phone', { displayName: 'x" <9999' }],
    ['a backslash', 'displayName of phone', { displayName: 'x\\' }],
    ['a second line', 'displayName of phone', { displayName: 'x\ny' }],
    ['a password in the place of its digest', 'digestHa1 of phone', { digestHa1: 'secret' }],
    ["a trunk's name", 'cannot be the name of a phone', { username: 'trunk-carrier' }],
  ])('with %s is refused', (_what, reason, differing) => {
    expect(() => toObjects({ ...phone, ...differing })).toThrow(reason);
  });
});

describe('a trunk', () => {
  it('has an object for each of its addresses, and none for those that it has no more', () => {
    expect(fieldsOf(trunk, 'identify', 'trunk-carrier.2')).toEqual({ endpoint: 'trunk-carrier', match: '198.51.100.7' });
    expect(fieldsOf(trunk, 'identify', 'trunk-carrier.3')).toBeNull();
    expect(toObjects(trunk).map(({ type, id }) => `${type} ${id}`)).toEqual(
      objectNames({ kind: 'trunk', name: 'carrier' }).map(({ type, id }) => `${type} ${id}`),
    );
  });

  it('registers as its user, and not at all without one', () => {
    expect(fieldsOf(trunk, 'registration', 'trunk-carrier')).toMatchObject({
      server_uri: 'sip:sip.carrier.example:5070',
      client_uri: 'sip:clinic@sip.carrier.example:5070',
      outbound_auth: 'trunk-carrier',
    });
    const open = { ...trunk, credentials: null };
    expect([fieldsOf(open, 'registration', 'trunk-carrier'), fieldsOf(open, 'auth', 'trunk-carrier')]).toEqual([null, null]);
    expect(fieldsOf(open, 'endpoint', 'trunk-carrier')).toMatchObject({ outbound_auth: '', context: 'from-trunk', identify_by: 'ip' });
  });

  it.each<[string, string, Partial<DirectoryTrunk>]>([
    ['a parameter behind its host', 'host of trunk carrier', { host: 'a;transport=tls' }],
    ['a user in its host', 'host of trunk carrier', { host: 'a@b' }],
    ['a port that is none', 'port of trunk carrier', { port: 0 }],
    ['a word for an address', 'matches of trunk carrier', { matches: ['all'] }],
    [
      'more addresses than there are objects',
      'more than 16 addresses',
      { matches: Array.from({ length: 17 }, (_, index) => `192.0.2.${index}`) },
    ],
    ['a host in its user', 'username of trunk carrier', { credentials: { username: 'x@y', password: 'p' } }],
    ['a password of two lines', 'password of trunk-carrier', { credentials: { username: 'x', password: 'p\nq' } }],
    ['a dot in its name', 'cannot be the name of a trunk', { name: 'carrier.1' }],
  ])('with %s is refused', (_what, reason, differing) => {
    expect(() => toObjects({ ...trunk, ...differing })).toThrow(reason);
  });
});

describe('what Asterisk tells', () => {
  it('is the same in its own spelling, and what nobody asked for is left alone', () => {
    const wanted = [
      { attribute: 'disallow', value: 'all' },
      { attribute: 'allow', value: 'ulaw,alaw' },
      { attribute: 'direct_media', value: 'no' },
      { attribute: 'match', value: '192.0.2.0/24' },
    ];
    const found = [
      { attribute: 'allow', value: '(ulaw|alaw)' },
      { attribute: 'direct_media', value: 'false' },
      { attribute: 'match', value: '192.0.2.0/255.255.255.0' },
      { attribute: 'webrtc', value: 'no' },
    ];
    expect(firstDifference(wanted, found)).toBeNull();
    expect(firstDifference(wanted, found.with(2, { attribute: 'match', value: '192.0.2.0/255.255.0.0' }))).toBe('match');
    expect(firstDifference(wanted, found.slice(1))).toBe('allow');
  });

  it("belongs to a phone, a trunk, or to nobody's entry", () => {
    expect(keyOfEndpoint('2001-clinica')).toEqual({ kind: 'phone', name: '2001-clinica' });
    expect(keyOfEndpoint('trunk-carrier')).toEqual({ kind: 'trunk', name: 'carrier' });
    expect([keyOfEndpoint('test-caller'), keyOfEndpoint('trunk-'), keyOfEndpoint('2001')]).toEqual([null, null, null]);
  });
});
