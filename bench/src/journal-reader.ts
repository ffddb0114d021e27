/** Reads what the control plane wrote about its calls: the figures come from its own journal, as its operators would see them. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Database } from '@centralita/control-plane/db/client.ts';
import { callEvents } from '@centralita/control-plane/db/schema/call-events.ts';
import { calls } from '@centralita/control-plane/db/schema/calls.ts';
import { turns } from '@centralita/control-plane/db/schema/turns.ts';
import { mintApplianceScope } from '@centralita/control-plane/shared/appliance-scope.ts';
import { asc, gte, isNull } from 'drizzle-orm';

export type CallRow = typeof calls.$inferSelect;
export type TurnRow = typeof turns.$inferSelect;
export type NoteRow = typeof callEvents.$inferSelect;

/** Calls since an instant, with their turns and notes in order. */
export type JournalledCall = { readonly call: CallRow; readonly turns: readonly TurnRow[]; readonly notes: readonly NoteRow[] };

export type JournalReader = {
  /** Waits until no call is open, then reads the calls begun since. Throws when calls stay open. */
  endedSince(since: Date, options: { signal: AbortSignal }): Promise<readonly JournalledCall[]>;
  /** Reads the calls begun since, as they stand. */
  since(since: Date): Promise<readonly JournalledCall[]>;
};

/** The journal is written every 100 ms; a machine at its limit needs longer. */
const SETTLE_MS = 20_000;

export function openJournalReader(database: Database): JournalReader {
  const appliance = mintApplianceScope();
  const openCalls = () =>
    database.inAppliance(appliance, (queries) => queries.select({ id: calls.id }).from(calls).where(isNull(calls.endedAt)));
  const readSince = (since: Date): Promise<readonly JournalledCall[]> =>
    database.inAppliance(appliance, async (queries) => {
      const rows = await queries.select().from(calls).where(gte(calls.startedAt, since));
      const said = await queries.select().from(turns).orderBy(asc(turns.callId), asc(turns.seq));
      const noted = await queries.select().from(callEvents).orderBy(asc(callEvents.at), asc(callEvents.position));
      const turnsOf = Map.groupBy(said, (turn) => turn.callId);
      const notesOf = Map.groupBy(noted, (note) => note.callId);
      return rows.map((call) => ({ call, turns: turnsOf.get(call.id) ?? [], notes: notesOf.get(call.id) ?? [] }));
    });
  return {
    async endedSince(since, { signal }) {
      const giveUpAt = Date.now() + SETTLE_MS;
      for (let open = await openCalls(); open.length > 0; open = await openCalls()) {
        if (Date.now() > giveUpAt) throw new Error(`${open.length} calls are still open ${SETTLE_MS} ms after everybody hung up`);
        await sleep(200, undefined, { signal });
      }
      return await readSince(since);
    },
    since: readSince,
  };
}
