// Which agent answers a dialled number: on the way of every call's setup, so answered from memory when it was asked moments ago.
import { sql } from 'drizzle-orm';
import type { Database } from '#db/client.ts';
import { toAgentProfile } from '#features/agents/agent-store.ts';
import type { CallRoute, CallRouting, OverloadWish } from '#ports/call-routing.ts';
import type { Clock } from '#shared/clock.ts';
import { DIALLED_NUMBER_FORM } from '#shared/dialled-number.ts';
import type { OrganizationId } from '#shared/id.ts';
import type { Log } from '#shared/log.ts';
import { loggableError } from '#shared/loggable-error.ts';
import { orAborted } from '#shared/waiting.ts';
import { mintOrgScope } from '#shared/org-scope.ts';

/** A change of an agent or a number is heard by the next call after this time at the latest. */
const FRESH_MS = 5_000;
/** Numbers that nobody owns are asked for by scanners; a number just created must work soon. */
const FRESH_UNKNOWN_MS = 1_000;
/** While the database is away, calls go on with what was last known, for this long. */
const USABLE_WHEN_AWAY_MS = 3_600_000;
/** The caller hears ringing meanwhile; a lookup takes about 1 ms. */
const LOOKUP_DEADLINE_MS = 2_000;
/** About 10 kB each with a large flow; at the limit the entry that was stored first goes. */
const MAX_REMEMBERED = 2_000;

type Remembered = { readonly route: CallRoute | null; readonly storedAtMs: number };

/** Routing by the numbers table. `findRoute` throws only when the database is away and the number was not seen lately. */
export function createCallRoutingStore(options: {
  database: Database;
  clock: Clock;
  log: Log;
  /** The appliance's longest call, ms: an agent that was saved with more, before this was lowered, gets this. Default: none. */
  maxCallMs?: number;
}): CallRouting {
  const { database, clock, log, maxCallMs = Infinity } = options;
  const remembered = new Map<string, Remembered>();
  const underway = new Map<string, Promise<CallRoute | null>>();

  function remember(number: string, route: CallRoute | null) {
    remembered.delete(number);
    remembered.set(number, { route, storedAtMs: clock.nowMs() });
    const [oldest] = remembered.keys();
    if (remembered.size > MAX_REMEMBERED && oldest !== undefined) remembered.delete(oldest);
    return route;
  }

  /** One query per number at a time, however many call it at once. */
  function lookUp(number: string): Promise<CallRoute | null> {
    const running = underway.get(number);
    if (running) return running;
    const started = readRoute(database, number, maxCallMs)
      .then((route) => remember(number, route))
      .finally(() => underway.delete(number));
    underway.set(number, started);
    return started;
  }

  return {
    async findRoute(dialledNumber, { signal }) {
      if (!DIALLED_NUMBER_FORM.test(dialledNumber)) return null;
      const known = remembered.get(dialledNumber);
      const ageMs = known ? clock.nowMs() - known.storedAtMs : Infinity;
      if (known && ageMs < (known.route ? FRESH_MS : FRESH_UNKNOWN_MS)) return known.route;
      try {
        return await orAborted(lookUp(dialledNumber), AbortSignal.any([signal, AbortSignal.timeout(LOOKUP_DEADLINE_MS)]));
      } catch (error) {
        signal.throwIfAborted();
        if (!known?.route || ageMs > USABLE_WHEN_AWAY_MS) throw error;
        log.warn(
          { error: loggableError(error), ageMs: Math.round(ageMs), agentId: known.route.agent.agentId },
          'routing lookup failed, last known route used',
        );
        return known.route;
      }
    },
  };
}

async function readRoute(database: Database, number: string, maxCallMs: number): Promise<CallRoute | null> {
  const [row] = await database.unscoped((queries) =>
    queries
      .select({
        organizationId: sql<OrganizationId>`org_id`,
        slug: sql<string>`slug`,
        concurrentCalls: sql<number>`concurrent_calls`,
        choice: sql<OverloadWish['choice']>`overload_choice`,
        destination: sql<string | null>`overload_destination`,
        maxWaitSeconds: sql<number>`overload_max_wait_seconds`,
        positionEverySeconds: sql<number | null>`overload_position_every_seconds`,
        agentId: sql<string>`agent_id`,
        name: sql<string>`name`,
        language: sql<string>`language`,
        voice: sql<string>`voice`,
        profile: sql<unknown>`profile`,
      })
      .from(sql`find_route(${number})`),
  );
  if (!row) return null;
  const { organizationId, slug: organizationSlug, concurrentCalls, choice, destination, maxWaitSeconds, positionEverySeconds } = row;
  const tellPositionEveryMs = positionEverySeconds === null ? null : positionEverySeconds * 1_000;
  const overload = { choice, destination, maxWaitMs: maxWaitSeconds * 1_000, tellPositionEveryMs };
  const agent = toAgentProfile(row);
  const conversation = { ...agent.conversation, maxCallMs: Math.min(agent.conversation.maxCallMs, maxCallMs) };
  return { scope: mintOrgScope(organizationId), organizationSlug, concurrentCalls, overload, agent: { ...agent, conversation } };
}
