// centralita number: which dialled number leads to which agent.
import type { CommandGroup, CommandSpec } from './command-group.ts';
import { pathOf } from './command-group.ts';
import { findNumber, findOrganization, findOrganizationOf } from './lookup.ts';
import { limitOption, numberOf, organizationFilter, organizationOption, requiredOption, textOf } from './options.ts';
import type { Column } from './table.ts';

const columns: readonly Column[] = [
  ['ID', 'numberId'],
  ['NUMBER', 'number'],
  ['AGENT', 'agentId'],
  ['ORGANIZATION', 'organizationId'],
];
const agentOption = requiredOption('--agent <agent>', 'id of the agent that it leads to');

const list: CommandSpec = {
  name: 'list',
  options: [organizationFilter, limitOption],
  summary: 'numbers of all organizations or of one',
  example: 'number list --org acme',
  run: async (invocation, { options }) => {
    const organizationId = await findOrganizationOf(invocation, textOf(options, 'org'));
    await invocation.list(
      { path: '/admin/numbers', plural: 'numbers', query: { organizationId }, limit: numberOf(options, 'limit') },
      columns,
    );
  },
};

const create: CommandSpec = {
  name: 'create',
  args: ['number'],
  options: [organizationOption, agentOption],
  summary: 'give an organization a number',
  example: 'number create +34910000001 --org acme --agent agent_0198c0ffee…',
  run: async (invocation, { args, options }) => {
    const id = await findOrganization(invocation, textOf(options, 'org') ?? '');
    const body = { number: args['number'], agentId: options['agent'] };
    invocation.show(await (await invocation.api()).send('POST', pathOf('/admin/organizations', id, 'numbers'), body));
  },
};

const assign: CommandSpec = {
  name: 'assign',
  args: ['number'],
  options: [agentOption],
  summary: 'lead a number to another agent of its organization',
  example: 'number assign +34910000001 --agent agent_0198c0ffee…',
  run: async (invocation, { args, options }) => {
    const path = pathOf('/admin/numbers', await findNumber(invocation, args['number'] ?? ''));
    invocation.show(await (await invocation.api()).send('PATCH', path, { agentId: options['agent'] }));
  },
};

const remove: CommandSpec = {
  name: 'delete',
  args: ['number'],
  summary: 'take a number away; whoever dials it hears that it is not in use',
  example: 'number delete +34910000001',
  isDestructive: true,
  run: async (invocation, { args }) => {
    const id = await findNumber(invocation, args['number'] ?? '');
    await invocation.confirm(`Delete the number ${args['number']}?`);
    invocation.show(await (await invocation.api()).send('DELETE', pathOf('/admin/numbers', id)), 'Deleted.');
  },
};

export const numberCommands: CommandGroup = {
  name: 'number',
  summary: 'numbers that are dialled',
  commands: [list, create, assign, remove],
};
