// centralita trunk: the SIP uplinks of the appliance.
import type { CommandGroup, CommandSpec, Given } from './command-group.ts';
import { pathOf } from './command-group.ts';
import { usageFailure } from './command-failure.ts';
import type { Invocation } from './invocation.ts';
import { findTrunk } from './lookup.ts';
import { limitOption, numberOf, numberOption, pick, readSecret, repeatedOption, requiredOption, textOption } from './options.ts';
import type { Column } from './table.ts';
import { Option } from 'commander';

const columns: readonly Column[] = [
  ['ID', 'trunkId'],
  ['NAME', 'name'],
  ['HOST', 'host'],
  ['PORT', 'port'],
  ['CALLS FROM', 'matches'],
  ['REGISTERS', 'registers'],
  ['ASTERISK', 'telephony.state'],
];
const settings = () => [
  numberOption('--port <port>', "the carrier's SIP port", { from: 1, to: 65_535 }),
  repeatedOption('--match <address>', 'an address or network whose calls belong to it; may be repeated'),
  textOption('--username <user>', 'at the carrier'),
  new Option('--with-password', 'ask for the password at the carrier, or read it from standard input'),
  new Option('--no-credentials', 'the carrier knows us by our address: no user name and no password'),
  new Option('--registers', 'register at the carrier'),
];

const list: CommandSpec = {
  name: 'list',
  options: [limitOption],
  summary: 'all trunks',
  example: 'trunk list',
  run: (invocation, { options }) =>
    invocation.list({ path: '/admin/trunks', plural: 'trunks', limit: numberOf(options, 'limit') }, columns),
};

const create: CommandSpec = {
  name: 'create',
  args: ['name'],
  options: [requiredOption('--host <host>', "the carrier's host"), ...settings()],
  summary: 'add a trunk',
  example: 'trunk create carrier --host sip.example.com --match 192.0.2.10 --match 198.51.100.0/24',
  run: async (invocation, given) => {
    const body = { name: given.args['name'], ...(await readSettings(invocation, given)) };
    invocation.show(await (await invocation.api()).send('POST', '/admin/trunks', body));
  },
};

const update: CommandSpec = {
  name: 'update',
  args: ['trunk'],
  options: [textOption('--host <host>', "the carrier's host"), ...settings(), new Option('--no-registers', 'do not register')],
  summary: 'change a trunk',
  example: 'trunk update carrier --host sip2.example.com',
  run: async (invocation, given) => {
    const changes = await readSettings(invocation, given);
    if (Object.keys(changes).length === 0) throw usageFailure('nothing to change: give at least one option, --help lists them');
    const path = pathOf('/admin/trunks', await findTrunk(invocation, given.args['trunk'] ?? ''));
    invocation.show(await (await invocation.api()).send('PATCH', path, changes));
  },
};

const remove: CommandSpec = {
  name: 'delete',
  args: ['trunk'],
  summary: 'delete a trunk; calls over it are no longer taken',
  example: 'trunk delete carrier',
  isDestructive: true,
  run: async (invocation, { args }) => {
    const id = await findTrunk(invocation, args['trunk'] ?? '');
    await invocation.confirm(`Delete the trunk ${args['trunk']}?`);
    invocation.show(await (await invocation.api()).send('DELETE', pathOf('/admin/trunks', id)), 'Deleted.');
  },
};

async function readSettings({ terminal }: Invocation, { options }: Given): Promise<Record<string, unknown>> {
  const { match, withPassword, credentials } = options;
  if (credentials === false && (withPassword === true || options['username'] !== undefined))
    throw usageFailure('--no-credentials goes with neither --username nor --with-password');
  return {
    ...pick(options, ['host', 'port', 'username', 'registers']),
    ...(match === undefined ? {} : { matches: match }),
    ...(credentials === false ? { username: null, password: null } : {}),
    ...(withPassword === true ? { password: await readSecret(terminal, 'Password at the carrier: ') } : {}),
  };
}

export const trunkCommands: CommandGroup = { name: 'trunk', summary: 'SIP uplinks', commands: [list, create, update, remove] };
