// centralita plan: what organizations may use.
import type { CommandGroup, CommandSpec } from './command-group.ts';
import { pathOf } from './command-group.ts';
import { usageFailure } from './command-failure.ts';
import { limitOption, numberOf, numberOption, pick, requiredOption, textOption } from './options.ts';
import type { Column } from './table.ts';

const columns: readonly Column[] = [
  ['PLAN', 'planId'],
  ['NAME', 'name'],
  ['CALLS AT ONCE', 'concurrentCalls'],
  ['AGENTS', 'agents'],
  ['REQUESTS/MIN', 'requestsPerMinute'],
  ['DIALS/DAY', 'dailyDials'],
  ['STORAGE BYTES', 'storageBytes'],
  ['RECORDING DAYS', 'recordingRetentionDays'],
  ['TEXT DAYS', 'textRetentionDays'],
];

/** The API's own bounds are narrower and answer with a sentence. */
const any = { from: 0, to: 2 ** 50 };
const limits = () => [
  numberOption('--concurrent-calls <calls>', 'calls up at once', any),
  numberOption('--agents <agents>', 'agents registered', any),
  numberOption('--requests-per-minute <requests>', 'API requests a minute, all tokens together', any),
  numberOption('--daily-dials <calls>', 'calls placed a day', any),
  numberOption('--storage-bytes <bytes>', 'recordings kept', any),
  numberOption('--recording-retention-days <days>', 'days that recordings are kept', any),
  numberOption('--text-retention-days <days>', 'days that texts are kept', any),
];
const fields = [
  'name',
  'concurrentCalls',
  'agents',
  'requestsPerMinute',
  'dailyDials',
  'storageBytes',
  'recordingRetentionDays',
  'textRetentionDays',
];

const list: CommandSpec = {
  name: 'list',
  options: [limitOption],
  summary: 'all plans',
  example: 'plan list',
  run: (invocation, { options }) => invocation.list({ path: '/admin/plans', plural: 'plans', limit: numberOf(options, 'limit') }, columns),
};

const show: CommandSpec = {
  name: 'show',
  args: ['plan'],
  summary: 'one plan',
  example: 'plan show standard',
  run: async (invocation, { args }) => invocation.show(await (await invocation.api()).get(pathOf('/admin/plans', args['plan'] ?? ''))),
};

const create: CommandSpec = {
  name: 'create',
  args: ['plan'],
  options: [requiredOption('--name <name>', 'as people read it'), ...limits().map((option) => option.makeOptionMandatory())],
  summary: 'add a plan',
  example:
    'plan create small --name Small --concurrent-calls 2 --agents 3 --requests-per-minute 60 --daily-dials 100 --storage-bytes 10000000000 --recording-retention-days 30 --text-retention-days 90',
  run: async (invocation, { args, options }) =>
    invocation.show(await (await invocation.api()).send('POST', '/admin/plans', { planId: args['plan'], ...pick(options, fields) })),
};

const update: CommandSpec = {
  name: 'update',
  args: ['plan'],
  options: [textOption('--name <name>', 'as people read it'), ...limits()],
  summary: 'change a plan for every organization that is on it',
  example: 'plan update small --agents 5',
  run: async (invocation, { args, options }) => {
    const changes = pick(options, fields);
    if (Object.keys(changes).length === 0) throw usageFailure('nothing to change: give at least one option, --help lists them');
    invocation.show(await (await invocation.api()).send('PATCH', pathOf('/admin/plans', args['plan'] ?? ''), changes));
  },
};

const remove: CommandSpec = {
  name: 'delete',
  args: ['plan'],
  summary: 'delete a plan that no organization is on',
  example: 'plan delete small',
  isDestructive: true,
  run: async (invocation, { args }) => {
    await invocation.confirm(`Delete the plan ${args['plan']}?`);
    invocation.show(await (await invocation.api()).send('DELETE', pathOf('/admin/plans', args['plan'] ?? '')), 'Deleted.');
  },
};

export const planCommands: CommandGroup = {
  name: 'plan',
  summary: 'what organizations may use',
  commands: [list, show, create, update, remove],
};
