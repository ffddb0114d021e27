// centralita job: work that is done after calls, looked at and asked for again.
import { Option } from 'commander';
import type { CommandGroup, CommandSpec } from './command-group.ts';
import { pathOf } from './command-group.ts';
import { findOrganizationOf } from './lookup.ts';
import { limitOption, numberOf, organizationFilter, textOf } from './options.ts';
import type { Column } from './table.ts';

const columns: readonly Column[] = [
  ['ID', 'jobId'],
  ['ORGANIZATION', 'organizationId'],
  ['KIND', 'kind'],
  ['ABOUT', 'key'],
  ['STATE', 'state'],
  ['ATTEMPTS', 'attempts'],
  ['WHY', 'lastError'],
];

const list: CommandSpec = {
  name: 'list',
  options: [
    organizationFilter,
    new Option('--state <state>', 'dead: given up').choices(['dead', 'ready', 'running', 'done']).default('dead'),
    limitOption,
  ],
  summary: 'work that was given up and why, or that is in another state, newest first',
  example: 'job list --state dead',
  run: async (invocation, { options }) => {
    const organizationId = await findOrganizationOf(invocation, textOf(options, 'org'));
    const query = { organizationId, state: textOf(options, 'state') };
    await invocation.list({ path: '/admin/jobs', plural: 'jobs', query, limit: numberOf(options, 'limit') }, columns);
  },
};

const retry: CommandSpec = {
  name: 'retry',
  args: ['job'],
  summary: 'have work that was given up done again',
  example: 'job retry job_0198c0ffee…',
  run: async (invocation, { args }) =>
    invocation.show(await (await invocation.api()).send('POST', pathOf('/admin/jobs', args['job'] ?? '', 'retry'))),
};

export const jobCommands: CommandGroup = { name: 'job', summary: 'work that is done after calls', commands: [list, retry] };
