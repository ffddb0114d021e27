import { describe, expect, it } from 'vitest';
import { chooseAccount } from './call-account.ts';
import type { AccountOptions } from './call-account.ts';
import type { Terminal } from './terminal.ts';

const none: AccountOptions = { phone: undefined, sip: undefined, voice: undefined };
const URL_OF_API = 'https://centralita.example.com/api';

function choose(
  env: Readonly<Record<string, string>>,
  options: Partial<AccountOptions> = {},
  files: Readonly<Record<string, string>> = {},
) {
  const readFile = async (path: string): Promise<string> => {
    const text = files[path];
    if (text === undefined) throw new Error(`${path} cannot be read`);
    return text;
  };
  const terminal: Pick<Terminal, 'env' | 'readFile'> = { env: { HOME: '/home/eva', ...env }, readFile };
  return chooseAccount(terminal, { ...none, ...options }, URL_OF_API);
}

describe('the account that calls', () => {
  it('is the one that is named, at the API’s own host unless another is', async () => {
    const env = { CENTRALITA_PHONE_PASSWORD: 'secret' };
    expect(await choose(env, { phone: '2001-acme', voice: 'es+f2' })).toEqual({
      server: { host: 'centralita.example.com', port: 5060 },
      username: '2001-acme',
      password: 'secret',
      voice: 'es+f2',
      speechFolder: '/home/eva/.cache/centralita/speech',
    });
    expect(await choose({ ...env, CENTRALITA_SIP: '192.0.2.7:5062', CENTRALITA_PHONE: '2002-acme' })).toMatchObject({
      server: { host: '192.0.2.7', port: 5062 },
      username: '2002-acme',
    });
    expect(await choose({ ...env, CENTRALITA_SIP: '192.0.2.7' }, { sip: 'pbx:5080' })).toMatchObject({
      server: { host: 'pbx', port: 5080 },
    });
  });

  it('is on the appliance its own test caller, for whoever may read its password', async () => {
    const secrets = { '/srv/home/secrets.json': '{"testCaller":"made-once","ari":"other"}' };
    expect(await choose({ CENTRALITA_HOME: '/srv/home' }, {}, secrets)).toMatchObject({ username: 'test-caller', password: 'made-once' });
    await expect(choose({ CENTRALITA_HOME: '/srv/home' })).rejects.toThrow('name a phone with --phone and set CENTRALITA_PHONE_PASSWORD');
    await expect(choose({ CENTRALITA_HOME: '/srv/home' }, {}, { '/srv/home/secrets.json': '{' })).rejects.toThrow('cannot be read');
    await expect(choose({})).rejects.toThrow('there is no phone to call with');
  });

  it('is refused without a password, and where its telephone system is none', async () => {
    await expect(choose({}, { phone: '2001-acme' })).rejects.toThrow('no password of the phone 2001-acme: set CENTRALITA_PHONE_PASSWORD');
    for (const sip of ['sip:pbx', 'pbx:99999', 'pbx:', 'a b'])
      await expect(choose({ CENTRALITA_PHONE_PASSWORD: 'secret' }, { phone: 'p', sip })).rejects.toThrow(`"${sip}" is no telephone system`);
  });
});
