// centralita org: the organizations of the appliance.
import { CommandFailure } from './command-failure.ts';
import type { CommandGroup, CommandSpec } from './command-group.ts';
import { pathOf } from './command-group.ts';
import { findOrganization } from './lookup.ts';
import { limitOption, numberOf, numberOption, pick, textOf, textOption } from './options.ts';
import type { Column } from './table.ts';

const columns: readonly Column[] = [
  ['ID', 'organizationId'],
  ['SLUG', 'slug'],
  ['NAME', 'name'],
  ['PLAN', 'planId'],
  ['ACTIVE', 'active'],
  ['DELETED AFTER', 'deleteAfter'],
];

/** A command that posts to one organization and needs nothing else. */
function action(name: string, summary: string): CommandSpec {
  return {
    name,
    args: ['organization'],
    summary,
    example: `org ${name} acme`,
    run: async (invocation, { args }) => {
      const id = await findOrganization(invocation, args['organization'] ?? '');
      invocation.show(await (await invocation.api()).send('POST', pathOf('/admin/organizations', id, name)));
    },
  };
}

const list: CommandSpec = {
  name: 'list',
  options: [limitOption],
  summary: 'all organizations, newest first',
  example: 'org list',
  run: (invocation, { options }) =>
    invocation.list({ path: '/admin/organizations', plural: 'organizations', limit: numberOf(options, 'limit') }, columns),
};

const show: CommandSpec = {
  name: 'show',
  args: ['organization'],
  summary: 'one organization',
  example: 'org show acme',
  run: async (invocation, { args }) => {
    const id = await findOrganization(invocation, args['organization'] ?? '');
    invocation.show(await (await invocation.api()).get(pathOf('/admin/organizations', id)));
  },
};

const usage: CommandSpec = {
  name: 'usage',
  args: ['organization'],
  summary: 'what it uses of what its plan allows',
  example: 'org usage acme --json',
  run: async (invocation, { args }) => {
    const id = await findOrganization(invocation, args['organization'] ?? '');
    invocation.show(await (await invocation.api()).get(pathOf('/admin/organizations', id, 'usage')));
  },
};

const create: CommandSpec = {
  name: 'create',
  args: ['name'],
  options: [textOption('--slug <slug>', 'its short name; made from the name when left out'), textOption('--plan <plan>', 'its plan')],
  summary: 'add an organization',
  example: "org create 'Acme Dental' --slug acme --plan standard",
  run: async (invocation, { args, options }) => {
    const plan = textOf(options, 'plan');
    const body = { name: args['name'], ...pick(options, ['slug']), ...(plan === undefined ? {} : { planId: plan }) };
    invocation.show(await (await invocation.api()).send('POST', '/admin/organizations', body));
  },
};

const setPlan: CommandSpec = {
  name: 'set-plan',
  args: ['organization', 'plan'],
  summary: 'put it on another plan',
  example: 'org set-plan acme premium',
  run: async (invocation, { args }) => {
    const id = await findOrganization(invocation, args['organization'] ?? '');
    invocation.show(await (await invocation.api()).send('PATCH', pathOf('/admin/organizations', id), { planId: args['plan'] }));
  },
};

const setOverload: CommandSpec = {
  name: 'set-overload',
  args: ['organization', 'choice'],
  options: [
    textOption('--destination <extension>', 'its extension that is rung instead, or when the wait was too long'),
    numberOption('--max-wait-seconds <seconds>', 'the longest that a caller is held', { from: 5, to: 3_600 }),
    numberOption('--tell-position <seconds>', 'how often a held caller is told his place in the line', { from: 10, to: 600 }),
    textOption('--no-tell-position', 'a held caller is not told his place: music alone'),
  ],
  summary: 'what becomes of its calls when there is no room: refuse, queue or fallback',
  example: 'org set-overload acme queue --max-wait-seconds 90 --destination 2001',
  run: async (invocation, { args, options }) => {
    const id = await findOrganization(invocation, args['organization'] ?? '');
    const told = options['tellPosition'];
    const position = told === undefined ? {} : { positionEverySeconds: told === false ? null : told };
    const overload = { choice: args['choice'], ...pick(options, ['destination', 'maxWaitSeconds']), ...position };
    invocation.show(await (await invocation.api()).send('PATCH', pathOf('/admin/organizations', id), { overload }));
  },
};

const remove: CommandSpec = {
  name: 'delete',
  args: ['organization'],
  options: [numberOption('--grace-days <days>', 'until it is gone for good; 30 when left out', { from: 1, to: 90 })],
  summary: 'switch it off now, export it, and delete it for good after a grace period; refused while calls are up',
  example: 'org delete acme --grace-days 30',
  isDestructive: true,
  run: async (invocation, { args, options }) => {
    const name = args['organization'] ?? '';
    const id = await findOrganization(invocation, name);
    await invocation.confirm(`Delete the organization ${name} with all that is its own?`);
    // The export that comes first is made by the appliance; `org export` shows how far it is.
    invocation.show(await (await invocation.api()).send('DELETE', pathOf('/admin/organizations', id), pick(options, ['graceDays'])));
  },
};

const exportOne: CommandSpec = {
  name: 'export',
  args: ['organization'],
  options: [textOption('--output <file>', 'download the finished export into this file')],
  summary: 'the state of its export, or the export itself',
  example: 'org export acme --output acme.tar.gz',
  run: async (invocation, { args, options }) => {
    const api = await invocation.api();
    const path = pathOf('/admin/organizations', await findOrganization(invocation, args['organization'] ?? ''), 'export');
    const output = textOf(options, 'output');
    if (output === undefined) return invocation.show(await api.get(path));
    if (output === '-') throw new CommandFailure(2, 'an export goes into a file: --output acme.tar.gz');
    const bytes = await api.download(`${path}/download`, output);
    invocation.terminal.err(`${output}: ${bytes} bytes\n`);
  },
};

export const orgCommands: CommandGroup = {
  name: 'org',
  summary: 'organizations',
  commands: [
    list,
    show,
    usage,
    create,
    action('activate', 'switch it on: its numbers are answered and its tokens work'),
    action('deactivate', 'switch it off: its numbers are not answered and its tokens are refused'),
    setPlan,
    setOverload,
    remove,
    action('restore', 'call its deletion off; it stays inactive until it is activated'),
    exportOne,
  ],
};
