// With which SIP account `centralita test --call` dials: one that is named, or on the appliance its own test caller.
import { homedir } from 'node:os';
import { join } from 'node:path';
import { z } from 'zod';
import { usageFailure } from './command-failure.ts';
import type { CallAccount } from './call-telephone.ts';
import { parseJson } from './json-text.ts';
import type { Terminal } from './terminal.ts';

/** What was said on the command line. */
export type AccountOptions = { readonly phone: string | undefined; readonly sip: string | undefined; readonly voice: string | undefined };

/** Where the account's parts are looked for. */
type TerminalOfAccount = Pick<Terminal, 'env' | 'readFile'>;

const SIP_PORT = 5060;
/** The account that provisioning makes for its own test call; it may call from the appliance alone. */
const TEST_CALLER = 'test-caller';
const secretsSchema = z.object({ testCaller: z.string() });

/** Puts the account together. `apiUrl` tells where the appliance is when nothing else does. Throws saying how to give one. */
export async function chooseAccount(terminal: TerminalOfAccount, options: AccountOptions, apiUrl: string): Promise<CallAccount> {
  const { env } = terminal;
  const server = parseServer(options.sip || env['CENTRALITA_SIP'] || new URL(apiUrl).hostname);
  const phone = options.phone || env['CENTRALITA_PHONE'] || TEST_CALLER;
  const password = env['CENTRALITA_PHONE_PASSWORD'] || (phone === TEST_CALLER ? await ownPassword(terminal) : '');
  if (password === '') throw usageFailure(`there is no password of the phone ${phone}: set CENTRALITA_PHONE_PASSWORD`);
  const cache = env['XDG_CACHE_HOME'] || join(env['HOME'] || homedir(), '.cache');
  return { server, username: phone, password, voice: options.voice ?? null, speechFolder: join(cache, 'centralita', 'speech') };
}

/** The test caller's password, which root alone reads on the appliance. */
async function ownPassword(terminal: TerminalOfAccount): Promise<string> {
  const how =
    'name a phone with --phone and set CENTRALITA_PHONE_PASSWORD (centralita phone create makes one), or run this as root on the appliance';
  const home = terminal.env['CENTRALITA_HOME'];
  if (!home) throw usageFailure(`there is no phone to call with: ${how}`);
  const text = await terminal.readFile(join(home, 'secrets.json')).catch(() => '');
  const parsed = secretsSchema.safeParse(parseJson(text));
  if (!parsed.success) throw usageFailure(`the password of ${TEST_CALLER} cannot be read: ${how}`);
  return parsed.data.testCaller;
}

function parseServer(text: string): CallAccount['server'] {
  const [, host, port] = /^([A-Za-z0-9.-]+)(?::([0-9]{1,5}))?$/.exec(text) ?? [];
  if (host === undefined || Number(port ?? SIP_PORT) > 65_535)
    throw usageFailure(`"${text}" is no telephone system: write it as 192.0.2.10:5060`);
  return { host, port: Number(port ?? SIP_PORT) };
}
