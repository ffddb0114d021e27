// One run of a command: the API it talks to, how it prints, what it asks before it destroys.
import { z } from 'zod';
import { adminCredential, createApiClient } from './api-client.ts';
import type { Answer, ApiClient, ListRequest } from './api-client.ts';
import { usageFailure } from './command-failure.ts';
import { chooseAdminKey, chooseUrl, isReadableOnTheWay, readCredentials } from './credentials.ts';
import { openOrganizationAccess } from './organization-access.ts';
import type { Column } from './table.ts';
import { renderFields, renderTable } from './table.ts';
import type { Terminal } from './terminal.ts';

/** Options that every command takes. */
export type CommonOptions = {
  readonly url?: string | undefined;
  readonly json?: boolean | undefined;
  readonly yes?: boolean | undefined;
};

export type Invocation = {
  readonly terminal: Terminal;
  readonly common: CommonOptions;
  /** The API with its key; looked for when first asked, because not every command needs it. */
  api(): Promise<ApiClient>;
  /** Prints an answer: the API's own JSON, or its fields; `done` is said where there are none. */
  show(answer: Answer, done?: string): void;
  /** Reads a list to its end and prints it. */
  list(request: ListRequest, columns: readonly Column[]): Promise<void>;
  /** Returns when a person said yes, or `--yes` did. Throws otherwise. */
  confirm(question: string): Promise<void>;
};

/** Whose API a command asks: the admin's with the key, or an organization's with its token. */
export type ApiOwner = 'admin' | 'organization';

export function createInvocation(terminal: Terminal, common: CommonOptions, owner: ApiOwner = 'admin'): Invocation {
  let opened: Promise<ApiClient> | null = null;
  const api = () => (opened ??= owner === 'admin' ? openApi(terminal, common) : openOrganizationApi(terminal, common));
  return {
    terminal,
    common,
    api,
    show(answer, done = 'Done.') {
      if (common.json) return terminal.out(answer.text === '' ? '' : `${answer.text.trimEnd()}\n`);
      const fields = fieldsSchema.safeParse(answer.body);
      terminal.out(fields.success ? renderFields(fields.data) : `${done}\n`);
    },
    async list(request, columns) {
      const { rows, nextCursor } = await (await api()).list(request);
      if (common.json) return terminal.out(`${JSON.stringify({ [request.plural]: rows, nextCursor })}\n`);
      terminal.out(renderTable(columns, rows));
      if (nextCursor !== null) terminal.err(`The first ${rows.length}; there are more.\n`);
    },
    async confirm(question) {
      if (common.yes) return;
      if (!terminal.isInteractive) throw usageFailure(`${question} Nobody is there to be asked: say --yes`);
      const reply = await terminal.ask(`${question} [y/N] `);
      if (!/^(y|yes)$/i.test(reply.trim())) throw usageFailure('nothing was done');
    },
  };
}

const fieldsSchema = z.record(z.string(), z.unknown());

async function openApi(terminal: Terminal, { url: option }: CommonOptions): Promise<ApiClient> {
  const { env, signal } = terminal;
  const credentials = await readCredentials(env);
  const url = chooseUrl(env, option, credentials);
  const adminKey = chooseAdminKey(env, url, credentials);
  if (isReadableOnTheWay(url)) terminal.err(`warning: ${url} is not encrypted, and the admin key crosses the network\n`);
  return createApiClient({ url, credential: adminCredential(adminKey), signal });
}

async function openOrganizationApi(terminal: Terminal, { url }: CommonOptions): Promise<ApiClient> {
  const how = 'centralita token create knowledge --org … --scope agent:read --scope agent:write';
  return createApiClient(await openOrganizationAccess(terminal, url, how));
}
