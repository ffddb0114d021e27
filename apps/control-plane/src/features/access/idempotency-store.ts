// Writes that a client may repeat: the first request with a key does the work, the others get its answer.
import { and, eq, isNull, lt, lte, or, sql } from 'drizzle-orm';
import type { Database, Queries } from '#db/client.ts';
import { idempotencyKeys } from '#db/schema/idempotency-keys.ts';
import type { ApplianceScope } from '#shared/appliance-scope.ts';
import type { Clock } from '#shared/clock.ts';
import type { OrgScope } from '#shared/org-scope.ts';

/** How long an answer is kept for. */
const KEPT_MS = 86_400_000;
/** A reservation that was not renewed for so long died with its process. */
const ABANDONED_MS = 60_000;

/** Work that takes longer says this often that it goes on: two renewals may fail before it counts as abandoned. */
export const RENEW_EVERY_MS = 20_000;

/** An answer as it is kept. */
export type StoredAnswer = { readonly status: number; readonly contentType: string | null; readonly body: string };

/** What a key stands for when a request comes with it. `reserved`: nobody has answered, and this request now does. */
export type Reservation =
  | { readonly kind: 'reserved'; readonly reservedAt: Date }
  | { readonly kind: 'answered'; readonly answer: StoredAnswer }
  | { readonly kind: 'under_way' }
  | { readonly kind: 'other_request' };

/** A request: its key, and a hash of everything that makes it the same or another. */
export type KeyedRequest = { readonly key: string; readonly requestHash: string };

export type IdempotencyStore = {
  reserve(scope: OrgScope, request: KeyedRequest): Promise<Reservation>;
  /** Says that the work of a reserved request goes on. Returns when it is reserved since, for the next renewal and the answer. */
  renew(scope: OrgScope, request: KeyedRequest & { reservedAt: Date }): Promise<Date>;
  /** Keeps the answer of a reserved request; without an answer the key is free again. Does nothing once another request took the key over. */
  settle(scope: OrgScope, request: KeyedRequest & { reservedAt: Date }, answer: StoredAnswer | null): Promise<void>;
  /** Removes the keys of every organization that are over a day old. For the hourly job. */
  removeExpired(scope: ApplianceScope): Promise<void>;
};

export function createIdempotencyStore({ database, clock }: { database: Database; clock: Clock }): IdempotencyStore {
  return {
    reserve: (scope, request) => database.inOrg(scope, (queries) => reserveKey(queries, { ...request, scope, now: clock.wallAt() })),
    renew: (scope, request) =>
      database.inOrg(scope, async (queries) => {
        const now = clock.wallAt();
        const renewed = await queries
          .update(idempotencyKeys)
          .set({ createdAt: now })
          .where(isReserved(scope, request))
          .returning({ key: idempotencyKeys.key });
        return renewed.length > 0 ? now : request.reservedAt;
      }),
    settle: (scope, request, answer) =>
      database.inOrg(scope, async (queries) => {
        const own = isReserved(scope, request);
        if (answer) await queries.update(idempotencyKeys).set(answer).where(own);
        else await queries.delete(idempotencyKeys).where(own);
      }),
    removeExpired: (scope) =>
      database.inAppliance(scope, async (queries) => {
        await queries.delete(idempotencyKeys).where(lte(idempotencyKeys.expiresAt, clock.wallAt()));
      }),
  };
}

type Attempt = KeyedRequest & { readonly scope: OrgScope; readonly now: Date };

async function reserveKey(queries: Queries, { key, requestHash, scope, now }: Attempt): Promise<Reservation> {
  const fresh = { requestHash, status: null, contentType: null, body: null, createdAt: now, expiresAt: new Date(now.getTime() + KEPT_MS) };
  const isAbandoned = and(
    isNull(idempotencyKeys.status),
    eq(idempotencyKeys.requestHash, requestHash),
    lt(idempotencyKeys.createdAt, new Date(now.getTime() - ABANDONED_MS)),
  );
  const reserved = await queries
    .insert(idempotencyKeys)
    .values({ ...fresh, orgId: scope.organizationId, key })
    .onConflictDoUpdate({
      target: [idempotencyKeys.orgId, idempotencyKeys.key],
      set: fresh,
      setWhere: sql`${or(lte(idempotencyKeys.expiresAt, now), isAbandoned)}`,
    })
    .returning({ key: idempotencyKeys.key });
  if (reserved.length > 0) return { kind: 'reserved', reservedAt: now };
  const [row] = await queries.select().from(idempotencyKeys).where(isKey(scope, key));
  // Freed between the two statements: the next attempt gets it.
  if (!row) return { kind: 'under_way' };
  if (row.requestHash !== requestHash) return { kind: 'other_request' };
  if (row.status === null) return { kind: 'under_way' };
  return { kind: 'answered', answer: { status: row.status, contentType: row.contentType, body: row.body ?? '' } };
}

/** Holds while nobody else took the key over. */
function isReserved(scope: OrgScope, { key, reservedAt }: { key: string; reservedAt: Date }) {
  return and(isKey(scope, key), isNull(idempotencyKeys.status), eq(idempotencyKeys.createdAt, reservedAt));
}

function isKey(scope: OrgScope, key: string) {
  return and(eq(idempotencyKeys.orgId, scope.organizationId), eq(idempotencyKeys.key, key));
}
