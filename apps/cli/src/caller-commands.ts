// centralita message, outcome and contact: what calls leave behind, with the token of the organization.
import { Option } from 'commander';
import type { CommandGroup, CommandSpec } from './command-group.ts';
import { pathOf } from './command-group.ts';
import { limitOption, numberOf, textOf, textOption } from './options.ts';
import type { Column } from './table.ts';

const messageColumns: readonly Column[] = [
  ['ID', 'messageId'],
  ['AT', 'createdAt'],
  ['FROM', 'fromName'],
  ['CALL BACK', 'callbackNumber'],
  ['URGENT', 'isUrgent'],
  ['HANDLED', 'handledAt'],
  ['MESSAGE', 'text'],
];
const contactColumns: readonly Column[] = [
  ['ID', 'contactId'],
  ['NUMBER', 'number'],
  ['CONSENT', 'consent'],
  ['LAST SEEN', 'lastSeenAt'],
];
const organization = { asks: 'organization' } as const;

const messages: CommandSpec = {
  ...organization,
  name: 'list',
  options: [
    textOption('--agent <agent>', 'only of this agent: an id'),
    new Option('--state <state>', 'only these').choices(['waiting', 'handled']),
    limitOption,
  ],
  summary: 'messages that callers left, newest first',
  example: 'message list --state waiting',
  run: (invocation, { options }) => {
    const query = { agentId: textOf(options, 'agent'), state: textOf(options, 'state') };
    return invocation.list({ path: '/caller-messages', plural: 'messages', query, limit: numberOf(options, 'limit') }, messageColumns);
  },
};

const handled: CommandSpec = {
  ...organization,
  name: 'handled',
  args: ['message'],
  summary: 'note that somebody has seen to a message',
  example: 'message handled msg_0198c0ffee…',
  run: async (invocation, { args }) =>
    invocation.show(await (await invocation.api()).send('PATCH', pathOf('/caller-messages', args['message'] ?? ''), { isHandled: true })),
};

const deleteMessage: CommandSpec = {
  ...organization,
  name: 'delete',
  args: ['message'],
  summary: 'delete a message',
  example: 'message delete msg_0198c0ffee…',
  isDestructive: true,
  run: async (invocation, { args }) => {
    await invocation.confirm(`Delete the message ${args['message']}?`);
    invocation.show(await (await invocation.api()).send('DELETE', pathOf('/caller-messages', args['message'] ?? '')), 'Deleted.');
  },
};

const outcome: CommandSpec = {
  ...organization,
  name: 'show',
  args: ['call'],
  summary: 'what a call came to: summary, sentiment, disposition, and the fields that its agent asks for',
  example: 'outcome show call_0198c0ffee…',
  run: async (invocation, { args }) => invocation.show(await (await invocation.api()).get(pathOf('/calls', args['call'] ?? '', 'outcome'))),
};

const contacts: CommandSpec = {
  ...organization,
  name: 'list',
  options: [textOption('--number <number>', 'only who calls from this number'), limitOption],
  summary: 'whom agents know, the last seen first',
  example: 'contact list --number +34600111222',
  run: (invocation, { options }) => {
    const query = { number: textOf(options, 'number') };
    return invocation.list({ path: '/contacts', plural: 'contacts', query, limit: numberOf(options, 'limit') }, contactColumns);
  },
};

const showContact: CommandSpec = {
  ...organization,
  name: 'show',
  args: ['contact'],
  summary: 'one contact with what agents remember',
  example: 'contact show contact_0198c0ffee… --json',
  run: async (invocation, { args }) => invocation.show(await (await invocation.api()).get(pathOf('/contacts', args['contact'] ?? ''))),
};

const erase: CommandSpec = {
  ...organization,
  name: 'erase',
  args: ['contact'],
  summary: 'forget a contact and everything that agents remember of them',
  example: 'contact erase contact_0198c0ffee…',
  isDestructive: true,
  run: async (invocation, { args }) => {
    await invocation.confirm(`Erase the contact ${args['contact']} with everything that is remembered?`);
    invocation.show(await (await invocation.api()).send('DELETE', pathOf('/contacts', args['contact'] ?? '')), 'Erased.');
  },
};

const withToken = 'with the token in CENTRALITA_TOKEN';
export const messageCommands: CommandGroup = {
  name: 'message',
  summary: `messages that callers left, ${withToken}`,
  commands: [messages, handled, deleteMessage],
};
export const outcomeCommands: CommandGroup = { name: 'outcome', summary: `what calls came to, ${withToken}`, commands: [outcome] };
export const contactCommands: CommandGroup = {
  name: 'contact',
  summary: `whom agents know, ${withToken}`,
  commands: [contacts, showContact, erase],
};
