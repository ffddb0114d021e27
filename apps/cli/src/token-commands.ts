// centralita token: what organizations' own systems log in with.
import type { CommandGroup, CommandSpec } from './command-group.ts';
import { pathOf } from './command-group.ts';
import { usageFailure } from './command-failure.ts';
import { findOrganization } from './lookup.ts';
import { limitOption, numberOf, numberOption, organizationOption, pick, repeatedOption, textOf, textOption } from './options.ts';
import type { Column } from './table.ts';

const columns: readonly Column[] = [
  ['ID', 'tokenId'],
  ['NAME', 'name'],
  ['SCOPES', 'scopes'],
  ['STATE', 'state'],
  ['EXPIRES', 'expiresAt'],
  ['LAST USED', 'lastUsedAt'],
];
const expiry = numberOption('--expires-in-days <days>', 'how long it is good for; 90 when left out', { from: 1, to: 90 });

const list: CommandSpec = {
  name: 'list',
  options: [organizationOption, limitOption],
  summary: "an organization's tokens, those of the past too",
  example: 'token list --org acme',
  run: async (invocation, { options }) => {
    const id = await findOrganization(invocation, textOf(options, 'org') ?? '');
    await invocation.list(
      { path: pathOf('/admin/organizations', id, 'tokens'), plural: 'tokens', limit: numberOf(options, 'limit') },
      columns,
    );
  },
};

const create: CommandSpec = {
  name: 'create',
  args: ['name'],
  options: [
    organizationOption,
    textOption('--preset <preset>', 'a usual set of scopes: reporting, quality, integration, builder, full'),
    repeatedOption('--scope <scope>', 'one scope, such as calls:read; may be repeated'),
    expiry,
  ],
  summary: 'make a token; it is shown this once',
  example: 'token create crm --org acme --preset integration',
  run: async (invocation, { args, options }) => {
    const { preset, scope: scopes } = options;
    if ((preset === undefined) === (scopes === undefined))
      throw usageFailure('say what it may do: either --preset, or --scope once or more');
    const id = await findOrganization(invocation, textOf(options, 'org') ?? '');
    const body = { name: args['name'], ...pick(options, ['preset', 'expiresInDays']), ...(scopes === undefined ? {} : { scopes }) };
    invocation.show(await (await invocation.api()).send('POST', pathOf('/admin/organizations', id, 'tokens'), body));
  },
};

const rotate: CommandSpec = {
  name: 'rotate',
  args: ['token'],
  options: [
    numberOption('--grace-hours <hours>', 'how long the old one still works; not at all when left out', { from: 0, to: 168 }),
    expiry,
  ],
  summary: 'make a token in the place of another; it is shown this once',
  example: 'token rotate tok_0198c0ffee… --grace-hours 24',
  run: async (invocation, { args, options }) => {
    const body = { tokenId: args['token'], ...pick(options, ['graceHours', 'expiresInDays']) };
    invocation.show(await (await invocation.api()).send('POST', '/admin/tokens/rotate', body));
  },
};

const revoke: CommandSpec = {
  name: 'revoke',
  args: ['token'],
  summary: 'end a token at once and for good',
  example: 'token revoke tok_0198c0ffee…',
  isDestructive: true,
  run: async (invocation, { args }) => {
    await invocation.confirm(`Revoke the token ${args['token']}? What uses it is refused within seconds.`);
    invocation.show(await (await invocation.api()).send('POST', pathOf('/admin/tokens', args['token'] ?? '', 'revoke')), 'Revoked.');
  },
};

export const tokenCommands: CommandGroup = {
  name: 'token',
  summary: "organizations' tokens",
  commands: [list, create, rotate, revoke],
};
