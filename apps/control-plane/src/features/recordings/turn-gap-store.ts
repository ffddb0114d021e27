// The gaps that recordings show, as rows beside the turns that they belong to: read what is needed for measuring, written once.
import { and, asc, eq } from 'drizzle-orm';
import type { Database, Queries } from '#db/client.ts';
import { calls } from '#db/schema/calls.ts';
import { turnGaps } from '#db/schema/turn-gaps.ts';
import { turns } from '#db/schema/turns.ts';
import type { OrgScope } from '#shared/org-scope.ts';
import type { HeardGap } from './heard-gaps.ts';

/** A call to measure. `gapMs` is what we timed ourselves. */
export type MeasurableCall = {
  readonly recordingPath: string | null;
  readonly wasAnswered: boolean;
  readonly turns: readonly {
    readonly seq: number;
    readonly role: 'caller' | 'agent';
    readonly input: 'speech' | 'dtmf' | null;
    readonly startedAt: Date;
    readonly endedAt: Date;
    readonly gapMs: number | null;
  }[];
};

export type TurnGapStore = {
  /** Null when there is no such call, or it is another organization's. */
  find(scope: OrgScope, callId: string): Promise<MeasurableCall | null>;
};

/** As many turns of a call as the API shows of it. */
const MAX_TURNS = 10_000;

export function createTurnGapStore(database: Database): TurnGapStore {
  return {
    find: (scope, callId) =>
      database.inOrg(scope, async (queries) => {
        const own = and(eq(calls.orgId, scope.organizationId), eq(calls.id, callId));
        const [call] = await queries.select({ recordingPath: calls.recordingPath, answeredAt: calls.answeredAt }).from(calls).where(own);
        if (!call) return null;
        const said = await queries
          .select({
            seq: turns.seq,
            role: turns.role,
            input: turns.input,
            startedAt: turns.startedAt,
            endedAt: turns.endedAt,
            gapMs: turns.gapMs,
          })
          .from(turns)
          .where(and(eq(turns.orgId, scope.organizationId), eq(turns.callId, callId)))
          .orderBy(asc(turns.seq))
          .limit(MAX_TURNS);
        return { recordingPath: call.recordingPath, wasAnswered: call.answeredAt !== null, turns: said };
      }),
  };
}

/** Keeps what was measured, of turns that are still there: retention may have taken the call meanwhile. */
export async function insertTurnGaps(
  queries: Queries,
  { organizationId }: OrgScope,
  { callId, gaps }: { callId: string; gaps: readonly HeardGap[] },
): Promise<void> {
  if (gaps.length === 0) return;
  const own = and(eq(calls.orgId, organizationId), eq(calls.id, callId));
  // Locked: it is not removed before the gaps that name it are there.
  const [call] = await queries.select({ id: calls.id }).from(calls).where(own).for('key share');
  if (!call) return;
  await queries
    .insert(turnGaps)
    .values(gaps.map((gap) => ({ orgId: organizationId, callId, ...gap })))
    .onConflictDoNothing();
}
