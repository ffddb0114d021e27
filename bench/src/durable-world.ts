/** The product's own journal with its spool on a database server that can be killed, and what the bench of durability sees of both. */
import { join } from 'node:path';
import { openAppendLog } from '@centralita/control-plane/adapters/disk/append-log.ts';
import { agents } from '@centralita/control-plane/db/schema/agents.ts';
import { calls } from '@centralita/control-plane/db/schema/calls.ts';
import { conversations } from '@centralita/control-plane/db/schema/conversations.ts';
import { organizations } from '@centralita/control-plane/db/schema/organizations.ts';
import { turns } from '@centralita/control-plane/db/schema/turns.ts';
import type { Database } from '@centralita/control-plane/db/client.ts';
import { createCallEventWriter } from '@centralita/control-plane/features/calls/call-event-writer.ts';
import type { CallEventWriter } from '@centralita/control-plane/features/calls/call-event-writer.ts';
import { openCallJournal } from '@centralita/control-plane/features/calls/call-journal-store.ts';
import type { CallJournalStore } from '@centralita/control-plane/features/calls/call-journal-store.ts';
import type { AppendLog } from '@centralita/control-plane/ports/append-log.ts';
import { mintApplianceScope } from '@centralita/control-plane/shared/appliance-scope.ts';
import { newId } from '@centralita/control-plane/shared/id.ts';
import type { Log } from '@centralita/control-plane/shared/log.ts';
import { mintOrgScope } from '@centralita/control-plane/shared/org-scope.ts';
import type { OrgScope } from '@centralita/control-plane/shared/org-scope.ts';
import { and, asc, eq, getTableColumns } from 'drizzle-orm';
import { openBenchDatabase } from './bench-database.ts';
import type { BenchDatabase } from './bench-database.ts';
import type { SaidTurn } from './durable-count.ts';

/** A batch is a transaction for each organization in it: with several, a kill can meet one that is written in part. */
const ORGANIZATIONS = 3;

export type TalkingOrganization = { readonly scope: OrgScope; readonly agentId: string };

/** Disposing it closes the journal, the spool, the connections and the server, in this order. */
export type DurableWorld = AsyncDisposable & {
  readonly journal: CallJournalStore;
  readonly spool: AppendLog;
  readonly server: BenchDatabase['server'];
  readonly database: Database;
  readonly organizations: readonly TalkingOrganization[];
  /** Batches that the database has committed so far. */
  readonly committed: () => number;
  /** Whether a batch is on its way to the database at this moment. */
  readonly isWriting: () => boolean;
};

/** `forgotten`: so many turns are kept from the database although their batch is reported as written, to see that the count sees them. */
export async function openDurableWorld(options: { forgotten: number; log: (message: string) => void }): Promise<DurableWorld> {
  await using opened = new AsyncDisposableStack();
  const { database, server } = opened.use(await openBenchDatabase());
  const owners: TalkingOrganization[] = [];
  for (let index = 0; index < ORGANIZATIONS; index++) owners.push(await addOrganization(database, index));
  const log = errorsOnly(options.log);
  // Beside the server's own files: the same disk, removed with them.
  const spool = opened.use(await openAppendLog({ folder: join(server.instance.dir, 'spool'), log }));
  const writing = watchWrites(forgetting(createCallEventWriter({ database, log }), options.forgotten));
  const journal = opened.use(openCallJournal({ write: writing.write, log, spool }));
  const { committed, isWriting } = writing;
  const running = opened.move();
  const parts = { journal, spool, server, database, organizations: owners, committed, isWriting };
  return { ...parts, [Symbol.asyncDispose]: () => running.disposeAsync() };
}

async function addOrganization(database: Database, index: number): Promise<TalkingOrganization> {
  const scope = mintOrgScope(newId('organization'));
  const orgId = scope.organizationId;
  const agentId = newId('agent');
  await database.inAppliance(mintApplianceScope(), async (queries) => {
    await queries.insert(organizations).values({ id: orgId, name: `Organization ${index}`, slug: `organization-${index}` });
    await queries.insert(agents).values({ orgId, id: agentId, name: 'Agent', language: 'es', voice: '', profile: {} });
  });
  return { scope, agentId };
}

/** The journal says of each try that it cannot write, which is what the bench is for; an event that it drops is another matter. */
function errorsOnly(tell: (message: string) => void): Log {
  const silent = (): void => undefined;
  const log: Log = {
    debug: silent,
    info: silent,
    warn: silent,
    error: (fields, message) => tell(`${message}: ${JSON.stringify(fields)}`),
    child: () => log,
  };
  return log;
}

function forgetting(write: CallEventWriter, turnsToForget: number): CallEventWriter {
  const forgotten = new Set<string>();
  return async (batch) => {
    for (const { id, event } of batch) if (event.kind === 'turn_recorded' && forgotten.size < turnsToForget) forgotten.add(id);
    await write(forgotten.size === 0 ? batch : batch.filter(({ id }) => !forgotten.has(id)));
  };
}

function watchWrites(write: CallEventWriter) {
  let [committed, isWriting] = [0, false];
  const watched: CallEventWriter = async (batch) => {
    isWriting = true;
    try {
      await write(batch);
      committed += 1;
    } finally {
      isWriting = false;
    }
  };
  return { write: watched, committed: () => committed, isWriting: () => isWriting };
}

/** Every turn that the database holds, in the order of their numbers within each call, as the organizations themselves may read them. */
export async function readTurns({ database, organizations: owners }: DurableWorld): Promise<readonly SaidTurn[]> {
  const { callId, seq, role, text, startedAt } = getTableColumns(turns);
  const all: SaidTurn[] = [];
  for (const { scope } of owners) {
    const rows = await database.inOrg(scope, (queries) =>
      queries.select({ callId, seq, role, text, startedAt }).from(turns).orderBy(asc(turns.callId), asc(turns.seq)),
    );
    for (const { startedAt: at, ...row } of rows) all.push({ ...row, startedAtMs: at.getTime() });
  }
  return all;
}

/** Of the calls (id -> number of turns) those that are not over in the database, or whose conversation does not stand after their last turn. */
export async function listUnfinished(world: DurableWorld, ended: ReadonlyMap<string, number>): Promise<readonly string[]> {
  const finished = new Set<string>();
  for (const { scope } of world.organizations) {
    const rows = await world.database.inOrg(scope, (queries) =>
      queries
        .select({ callId: calls.id, turns: conversations.turns })
        .from(calls)
        .innerJoin(conversations, and(eq(conversations.orgId, calls.orgId), eq(conversations.id, calls.id)))
        .where(eq(calls.state, 'ended')),
    );
    for (const row of rows) if (ended.get(row.callId) === row.turns) finished.add(row.callId);
  }
  return [...ended.keys()].filter((callId) => !finished.has(callId));
}
