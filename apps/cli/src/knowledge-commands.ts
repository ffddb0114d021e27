// centralita knowledge: the documents that an agent answers from, with the token of its organization.
import { basename } from 'node:path';
import type { CommandGroup, CommandSpec } from './command-group.ts';
import { pathOf } from './command-group.ts';
import { limitOption, numberOf, numberOption, pick, repeatedOption, textOf, textOption } from './options.ts';
import type { Column } from './table.ts';
import { renderTable } from './table.ts';

const columns: readonly Column[] = [
  ['ID', 'documentId'],
  ['NAME', 'name'],
  ['CATEGORY', 'category'],
  ['STATE', 'state'],
  ['PIECES', 'chunkCount'],
  ['PROGRESS', 'progress'],
  ['FAILURE', 'failure'],
];
const passageColumns: readonly Column[] = [
  ['SOURCE', 'source'],
  ['HEADINGS', 'headings'],
  ['TEXT', 'text'],
];

const knowledgePath = (agentId: string | undefined, ...parts: readonly string[]) => pathOf('/agents', agentId ?? '', 'rag', ...parts);

const upload: CommandSpec = {
  name: 'upload',
  args: ['agent', 'file'],
  options: [textOption('--category <category>', 'by which searches may be narrowed')],
  asks: 'organization',
  summary: 'give an agent a document: PDF, DOCX, TXT, MD, HTML or CSV, at most 25 MiB',
  example: 'knowledge upload agent_0198c0ffee… tarifas.pdf --category precios',
  run: async (invocation, { args, options }) => {
    const file = args['file'] ?? '';
    const form = new FormData();
    form.set('file', new File([new Uint8Array(await invocation.terminal.readBytes(file))], basename(file)));
    const category = textOf(options, 'category');
    if (category !== undefined) form.set('category', category);
    invocation.show(await (await invocation.api()).send('POST', knowledgePath(args['agent'], 'upload'), form));
  },
};

const list: CommandSpec = {
  name: 'list',
  args: ['agent'],
  options: [limitOption],
  asks: 'organization',
  summary: 'documents of an agent, newest first, and how far they are indexed',
  example: 'knowledge list agent_0198c0ffee…',
  run: (invocation, { args, options }) =>
    invocation.list({ path: knowledgePath(args['agent'], 'documents'), plural: 'documents', limit: numberOf(options, 'limit') }, columns),
};

const search: CommandSpec = {
  name: 'search',
  args: ['agent', 'question'],
  options: [
    repeatedOption('--category <category>', 'only of this category; may be given several times'),
    numberOption('--limit <passages>', 'at most so many', { from: 1, to: 20 }),
  ],
  asks: 'organization',
  summary: 'try a question: what the agent finds for it',
  example: 'knowledge search agent_0198c0ffee… "¿Cuánto cuesta un masaje?"',
  run: async (invocation, { args, options }) => {
    const { category } = options;
    const body = { question: args['question'], ...pick(options, ['limit']), ...(category === undefined ? {} : { categories: category }) };
    const answer = await (await invocation.api()).send('POST', knowledgePath(args['agent'], 'search'), body);
    if (invocation.common.json) return invocation.show(answer);
    const { passages } = answer.body as { passages: Record<string, unknown>[] };
    invocation.terminal.out(passages.length === 0 ? 'Nothing found.\n' : renderTable(passageColumns, passages));
  },
};

const remove: CommandSpec = {
  name: 'delete',
  args: ['agent', 'document'],
  asks: 'organization',
  summary: 'remove a document; the agent finds nothing of it any more',
  example: 'knowledge delete agent_0198c0ffee… doc_0198c0ffee…',
  isDestructive: true,
  run: async (invocation, { args }) => {
    await invocation.confirm(`Remove the document ${args['document']}?`);
    const path = knowledgePath(args['agent'], 'documents', args['document'] ?? '');
    invocation.show(await (await invocation.api()).send('DELETE', path), 'Removed.');
  },
};

export const knowledgeCommands: CommandGroup = {
  name: 'knowledge',
  summary: 'documents that an agent answers from, with the token in CENTRALITA_TOKEN',
  commands: [upload, list, search, remove],
};
