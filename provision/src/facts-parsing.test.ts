// What the machine says of itself, in the forms that real machines use.
import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { parseAptSources } from './apt-source.ts';
import { checkAsterisk, isCurrent } from './private-root.ts';
import { forgetAdminKey, makeSecrets, parseSecrets, withNewAdminKey } from './secrets.ts';
import { readSettings } from './settings.ts';
import { parsePasswd } from './system-user.ts';
import { fillTemplate } from './template.ts';

describe('sources of packages', () => {
  it('reads the one-line form, with and without a keyring', () => {
    const text =
      '# comment\ndeb http://mirror.example/debian bookworm main\ndeb [signed-by=/k.gpg arch=amd64] https://b.example/debian/ bookworm main contrib\n';
    expect(parseAptSources(text)).toEqual([
      { uri: 'http://mirror.example/debian', keyring: '/usr/share/keyrings/debian-archive-keyring.gpg' },
      { uri: 'https://b.example/debian', keyring: '/k.gpg' },
    ]);
  });

  it('reads the deb822 form and leaves out other vendors, security and disabled sources', () => {
    const text = [
      'Types: deb\nURIs: http://mirror.example/debian\nSuites: bookworm\nComponents: main\nSigned-By: /usr/share/keyrings/k.gpg',
      'Types: deb\nURIs: http://mirror.example/debian-security\nSuites: bookworm-security\nComponents: main',
      'Types: deb\nURIs: http://vendor.example/node\nSuites: x\nComponents: main',
      'Enabled: no\nTypes: deb\nURIs: http://off.example/debian\nSuites: bookworm\nComponents: main',
      'Types: deb-src\nURIs: http://source.example/debian\nSuites: bookworm\nComponents: main',
    ].join('\n\n');
    expect(parseAptSources(text)).toEqual([{ uri: 'http://mirror.example/debian', keyring: '/usr/share/keyrings/k.gpg' }]);
  });
});

describe('the private root', () => {
  it('accepts Asterisk 22 from 22.10.1 on', () => {
    for (const version of ['1:22.10.1+dfsg', '1:22.11.0~rc1', '22.10.2']) expect(() => checkAsterisk(version)).not.toThrow();
  });

  it('refuses older ones, other majors and nonsense, naming what it needs', () => {
    for (const version of ['1:22.10.0+dfsg', '1:20.19.0', '1:23.0.0', '', 'x']) expect(() => checkAsterisk(version)).toThrow(/22\.10\.1/);
  });

  it('is built anew when its packages are no longer all of ours', () => {
    expect(isCurrent({ buildVersion: 1, suite: 'forky', packages: ['asterisk'] })).toBe(false);
  });
});

describe('the machine', () => {
  it('finds a user in a passwd file, never one whose name only begins the same', () => {
    const text = 'root:x:0:0::/root:/bin/sh\ncentralita-asterisk:x:998:997::/:/x\ncentralita:x:996:995::/:/x\n';
    expect(parsePasswd(text, 'centralita')).toEqual({ uid: 996, gid: 995 });
    expect(parsePasswd(text, 'central')).toBeNull();
  });
});

describe('settings and secrets', () => {
  it('names every wrong setting and the file', () => {
    const wrong = new Map([
      ['SIP_PORT', '70000'],
      ['BEHIND_BALANCER', 'yes'],
    ]);
    expect(() => readSettings(wrong, '/srv/.env')).toThrow(/\/srv\/\.env[\s\S]*SIP_PORT[\s\S]*BEHIND_BALANCER/);
  });

  it('makes secrets that differ each time, and forgets nothing but the admin key', () => {
    const [one, two] = [makeSecrets(), makeSecrets()];
    expect(one.ari).not.toBe(two.ari);
    const kept = forgetAdminKey(one);
    expect(kept).not.toHaveProperty('adminKey');
    expect({ ...kept, adminKey: one.adminKey }).toEqual(one);
    expect(parseSecrets(JSON.stringify(kept), 'secrets.json')).toEqual(kept);
    const later = { ...kept, ofALaterRelease: 'kept' };
    expect(parseSecrets(JSON.stringify(later), 'secrets.json')).toEqual(later);
  });

  it("replaces a lost admin key and nothing else; the hash is the new key's", () => {
    const before = forgetAdminKey(makeSecrets());
    const { adminKey, ...after } = withNewAdminKey(before);
    expect(after.adminKeyHash).not.toBe(before.adminKeyHash);
    expect(
      createHash('sha256')
        .update(adminKey ?? '')
        .digest('hex'),
    ).toBe(after.adminKeyHash);
    expect({ ...after, adminKeyHash: before.adminKeyHash }).toEqual(before);
  });

  it('does not make new secrets over a damaged file', () => {
    for (const text of ['{"ari":"x"}', '{"ari":', '[]', ''])
      expect(() => parseSecrets(text, '/srv/secrets.json')).toThrow(/\/srv\/secrets\.json.*damaged/);
    expect(parseSecrets(null, 'secrets.json')).toBeNull();
  });
});

describe('templates', () => {
  it('fails for a place without a value and for a value without a place', () => {
    expect(fillTemplate('a {{x}} b {{x}}', { x: 1 })).toBe('a 1 b 1');
    expect(() => fillTemplate('{{x}}', {})).toThrow(/\{\{x\}\}/);
    expect(() => fillTemplate('text', { y: 1 })).toThrow(/y/);
  });
});
