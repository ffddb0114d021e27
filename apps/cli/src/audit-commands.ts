// centralita audit: who did what, and whether anybody touched the record of it.
import { z } from 'zod';
import { CommandFailure } from './command-failure.ts';
import type { CommandGroup, CommandSpec } from './command-group.ts';
import type { Invocation } from './invocation.ts';
import { findOrganization } from './lookup.ts';
import { limitOption, numberOf, textOf, textOption } from './options.ts';
import type { Column } from './table.ts';
import { renderTable } from './table.ts';

const columns: readonly Column[] = [
  ['SEQ', 'seq'],
  ['AT', 'at'],
  ['WHO', 'actorName'],
  ['FROM', 'address'],
  ['ACTION', 'action'],
  ['ON', 'resource'],
];
const chainOption = textOption('--chain <chain>', 'id or slug of an organization, or `appliance`');

const list: CommandSpec = {
  name: 'list',
  options: [chainOption, limitOption],
  summary: 'what was done, newest first',
  example: 'audit list --chain acme --limit 20',
  run: async (invocation, { options }) => {
    const chain = await findChain(invocation, textOf(options, 'chain'));
    await invocation.list({ path: '/admin/audit', plural: 'entries', query: { chain }, limit: numberOf(options, 'limit') }, columns);
  },
};

const answerSchema = z.object({ chains: z.array(z.record(z.string(), z.unknown())) });
const verdictColumns: readonly Column[] = [
  ['CHAIN', 'chain'],
  ['ENTRIES', 'entries'],
  ['SOUND', 'ok'],
  ['BROKEN AT', 'brokenAt'],
  ['REASON', 'reason'],
];

const verify: CommandSpec = {
  name: 'verify',
  options: [chainOption],
  summary: 'look for entries that were edited, deleted, moved or cut off; exit code 4 when there are',
  example: 'audit verify',
  run: async (invocation, { options }) => {
    const chain = await findChain(invocation, textOf(options, 'chain'));
    const answer = await (await invocation.api()).get('/admin/audit/verify', { chain });
    const parsed = answerSchema.safeParse(answer.body);
    if (!parsed.success)
      throw new CommandFailure(3, '/admin/audit/verify answers no list of chains: is this address a Centralita of this release?');
    const { chains } = parsed.data;
    invocation.terminal.out(invocation.common.json ? `${answer.text}\n` : renderTable(verdictColumns, chains));
    // Whatever does not say that it is sound is not.
    const damaged = chains.filter(({ ok }) => ok !== true);
    if (damaged.length > 0) throw new CommandFailure(4, `the audit log is damaged in ${damaged.length} of ${chains.length} chains`);
  },
};

async function findChain(invocation: Invocation, text: string | undefined): Promise<string | undefined> {
  return text === undefined || text === 'appliance' ? text : await findOrganization(invocation, text);
}

export const auditCommands: CommandGroup = { name: 'audit', summary: 'who did what', commands: [list, verify] };
