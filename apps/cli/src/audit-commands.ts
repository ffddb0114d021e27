// centralita audit: who did what, and whether anybody touched the record of it.
import { z } from 'zod';
import type { ApiClient } from './api-client.ts';
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
  ['WHO', 'actor.name'],
  ['FROM', 'actor.address'],
  ['ACTION', 'action'],
  ['ON', 'resource'],
];
const chainOption = textOption('--chain <chain>', 'id or slug of an organization, or `appliance`');

const list: CommandSpec = {
  name: 'list',
  options: [chainOption, limitOption],
  summary: 'what was done, newest first; without a chain, to the appliance',
  example: 'audit list --chain acme --limit 20',
  run: async (invocation, { options }) => {
    const chain = await findChain(invocation, textOf(options, 'chain'));
    await invocation.list({ path: '/admin/audit', plural: 'entries', query: { chain }, limit: numberOf(options, 'limit') }, columns);
  },
};

const faultSchema = z.object({ kind: z.string(), seq: z.number(), message: z.string() });
const chainSchema = z.object({ chain: z.string(), intact: z.boolean(), entries: z.number(), faults: z.array(faultSchema) });
const reportSchema = z.object({
  intact: z.boolean(),
  chains: z.array(chainSchema),
  unreadableAnchorLines: z.array(z.number()).default([]),
  nextCursor: z.string().nullable(),
});
type Report = Omit<z.infer<typeof reportSchema>, 'nextCursor'>;
const chainColumns: readonly Column[] = [
  ['CHAIN', 'chain'],
  ['ENTRIES', 'entries'],
  ['INTACT', 'intact'],
];
const faultColumns: readonly Column[] = [
  ['CHAIN', 'chain'],
  ['SEQ', 'seq'],
  ['FAULT', 'kind'],
  ['WHAT', 'message'],
];

const verify: CommandSpec = {
  name: 'verify',
  options: [chainOption],
  summary: 'look for entries that were edited, deleted, moved or cut off; exit code 4 when there are',
  example: 'audit verify',
  run: async (invocation, { options }) => {
    const chain = await findChain(invocation, textOf(options, 'chain'));
    const report = await readReport(await invocation.api(), chain);
    invocation.terminal.out(invocation.common.json ? `${JSON.stringify(report)}\n` : renderReport(report));
    if (!report.intact || report.chains.some(({ intact }) => !intact)) throw new CommandFailure(4, 'the audit log is damaged');
  },
};

/** The whole report: a long log is checked in parts, and a chain may have several. */
async function readReport(api: ApiClient, chain: string | undefined): Promise<Report> {
  const chains = new Map<string, Report['chains'][number]>();
  const unreadableAnchorLines: number[] = [];
  let intact = true;
  let cursor: string | undefined;
  for (;;) {
    const parsed = reportSchema.safeParse((await api.get('/admin/audit/verify', { chain, cursor })).body);
    if (!parsed.success || (cursor !== undefined && parsed.data.nextCursor === cursor))
      throw new CommandFailure(3, '/admin/audit/verify answers no report: is this address a Centralita of this release?');
    const part = parsed.data;
    intact &&= part.intact;
    unreadableAnchorLines.push(...part.unreadableAnchorLines);
    for (const found of part.chains) chains.set(found.chain, joined(chains.get(found.chain), found));
    if (part.nextCursor === null) return { intact, chains: [...chains.values()], unreadableAnchorLines };
    cursor = part.nextCursor;
  }
}

function joined(before: Report['chains'][number] | undefined, found: Report['chains'][number]): Report['chains'][number] {
  if (!before) return found;
  const { chain } = found;
  const intact = before.intact && found.intact;
  return { chain, intact, entries: before.entries + found.entries, faults: [...before.faults, ...found.faults] };
}

function renderReport({ chains, unreadableAnchorLines }: Report): string {
  const faults = chains.flatMap(({ chain, faults: own }) => own.map((fault) => ({ chain, ...fault })));
  const anchors =
    unreadableAnchorLines.length === 0 ? '' : `\nLines of the file of anchors that are none: ${unreadableAnchorLines.join(', ')}\n`;
  return renderTable(chainColumns, chains) + (faults.length === 0 ? '' : `\n${renderTable(faultColumns, faults)}`) + anchors;
}

async function findChain(invocation: Invocation, text: string | undefined): Promise<string | undefined> {
  return text === undefined || text === 'appliance' ? text : await findOrganization(invocation, text);
}

export const auditCommands: CommandGroup = { name: 'audit', summary: 'who did what', commands: [list, verify] };
