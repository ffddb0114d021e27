// centralita phone: the SIP phones of representatives.
import type { CommandGroup, CommandSpec } from './command-group.ts';
import { pathOf } from './command-group.ts';
import { findOrganization, findOrganizationOf } from './lookup.ts';
import { limitOption, numberOf, organizationFilter, organizationOption, requiredOption, textOf } from './options.ts';
import type { Column } from './table.ts';

const columns: readonly Column[] = [
  ['ID', 'phoneId'],
  ['EXTENSION', 'extension'],
  ['SIP USER', 'username'],
  ['NAME', 'displayName'],
  ['ASTERISK', 'telephony.state'],
  ['ORGANIZATION', 'organizationId'],
];

const list: CommandSpec = {
  name: 'list',
  options: [organizationFilter, limitOption],
  summary: 'phones of all organizations or of one',
  example: 'phone list --org acme',
  run: async (invocation, { options }) => {
    const organizationId = await findOrganizationOf(invocation, textOf(options, 'org'));
    await invocation.list(
      { path: '/admin/phones', plural: 'phones', query: { organizationId }, limit: numberOf(options, 'limit') },
      columns,
    );
  },
};

const create: CommandSpec = {
  name: 'create',
  args: ['extension'],
  options: [organizationOption, requiredOption('--name <name>', 'whose phone it is')],
  summary: 'add a phone; its password is shown this once',
  example: "phone create 2001 --org acme --name 'Front desk'",
  run: async (invocation, { args, options }) => {
    const id = await findOrganization(invocation, textOf(options, 'org') ?? '');
    const body = { extension: args['extension'], displayName: options['name'] };
    invocation.show(await (await invocation.api()).send('POST', pathOf('/admin/organizations', id, 'phones'), body));
  },
};

const resetPassword: CommandSpec = {
  name: 'reset-password',
  args: ['phone'],
  summary: 'give a phone another password, shown this once; the old one no longer registers',
  example: 'phone reset-password phone_0198c0ffee…',
  run: async (invocation, { args }) =>
    invocation.show(await (await invocation.api()).send('POST', pathOf('/admin/phones', args['phone'] ?? '', 'reset-password'))),
};

const rename: CommandSpec = {
  name: 'rename',
  args: ['phone', 'name'],
  summary: 'say whose phone it is now',
  example: "phone rename phone_0198c0ffee… 'Back office'",
  run: async (invocation, { args }) =>
    invocation.show(
      await (await invocation.api()).send('PATCH', pathOf('/admin/phones', args['phone'] ?? ''), { displayName: args['name'] }),
    ),
};

const remove: CommandSpec = {
  name: 'delete',
  args: ['phone'],
  summary: 'delete a phone; it no longer registers',
  example: 'phone delete phone_0198c0ffee…',
  isDestructive: true,
  run: async (invocation, { args }) => {
    await invocation.confirm(`Delete the phone ${args['phone']}?`);
    invocation.show(await (await invocation.api()).send('DELETE', pathOf('/admin/phones', args['phone'] ?? '')), 'Deleted.');
  },
};

export const phoneCommands: CommandGroup = {
  name: 'phone',
  summary: "representatives' SIP phones",
  commands: [list, create, resetPassword, rename, remove],
};
