// centralita agent: the agents of organizations, from their registration to their work.
import type { CommandGroup, CommandSpec } from './command-group.ts';
import { pathOf } from './command-group.ts';
import { findOrganization, findOrganizationOf } from './lookup.ts';
import { limitOption, numberOf, organizationFilter, organizationOption, pick, readJson, textOf, textOption } from './options.ts';
import type { Column } from './table.ts';

const columns: readonly Column[] = [
  ['ID', 'agentId'],
  ['NAME', 'name'],
  ['LANGUAGE', 'language'],
  ['STATE', 'state'],
  ['VERSION', 'version'],
  ['ORGANIZATION', 'organizationId'],
];

const list: CommandSpec = {
  name: 'list',
  options: [organizationFilter, limitOption],
  summary: 'agents of all organizations or of one',
  example: 'agent list --org acme',
  run: async (invocation, { options }) => {
    const organizationId = await findOrganizationOf(invocation, textOf(options, 'org'));
    await invocation.list(
      { path: '/admin/agents', plural: 'agents', query: { organizationId }, limit: numberOf(options, 'limit') },
      columns,
    );
  },
};

const show: CommandSpec = {
  name: 'show',
  args: ['agent'],
  summary: 'one agent; --json prints its whole draft',
  example: 'agent show agent_0198c0ffee… --json',
  run: async (invocation, { args }) => invocation.show(await (await invocation.api()).get(pathOf('/admin/agents', args['agent'] ?? ''))),
};

const register: CommandSpec = {
  name: 'register',
  args: ['file'],
  options: [organizationOption],
  summary: 'add an agent from a JSON file, or from standard input when the file is -; it answers nothing until it is provisioned',
  example: 'agent register reception.json --org acme',
  run: async (invocation, { args, options }) => {
    const draft = await readJson(invocation.terminal, args['file'] ?? '');
    const id = await findOrganization(invocation, textOf(options, 'org') ?? '');
    invocation.show(await (await invocation.api()).send('POST', pathOf('/admin/organizations', id, 'agents'), draft));
  },
};

const provision: CommandSpec = {
  name: 'provision',
  args: ['agent'],
  options: [textOption('--number <number>', 'that leads to it from now on, such as +34910000001')],
  summary: 'put an agent to work, with a number when one is given',
  example: 'agent provision agent_0198c0ffee… --number +34910000001',
  run: async (invocation, { args, options }) => {
    const path = pathOf('/admin/agents', args['agent'] ?? '', 'provision');
    invocation.show(await (await invocation.api()).send('POST', path, pick(options, ['number'])));
  },
};

function action(name: string, summary: string): CommandSpec {
  return {
    name,
    args: ['agent'],
    summary,
    example: `agent ${name} agent_0198c0ffee…`,
    run: async (invocation, { args }) =>
      invocation.show(await (await invocation.api()).send('POST', pathOf('/admin/agents', args['agent'] ?? '', name))),
  };
}

const remove: CommandSpec = {
  name: 'delete',
  args: ['agent'],
  summary: 'delete an agent that no number leads to and no call names',
  example: 'agent delete agent_0198c0ffee…',
  isDestructive: true,
  run: async (invocation, { args }) => {
    await invocation.confirm(`Delete the agent ${args['agent']} with its versions?`);
    invocation.show(await (await invocation.api()).send('DELETE', pathOf('/admin/agents', args['agent'] ?? '')), 'Deleted.');
  },
};

export const agentCommands: CommandGroup = {
  name: 'agent',
  summary: 'agents',
  commands: [
    list,
    show,
    register,
    provision,
    action('activate', 'let a provisioned agent answer its numbers'),
    action('deactivate', 'stop an agent from answering; calls that are up go on'),
    remove,
  ],
};
