// When and from where each token was used last: collected in memory and written now and then, so that no request waits for it.
import { and, eq, sql } from 'drizzle-orm';
import type { Database } from '#db/client.ts';
import { apiTokens } from '#db/schema/api-tokens.ts';
import type { Clock } from '#shared/clock.ts';
import type { ApiTokenId, OrganizationId } from '#shared/id.ts';
import type { Log } from '#shared/log.ts';
import { loggableError } from '#shared/loggable-error.ts';
import type { OrgScope } from '#shared/org-scope.ts';

/** The column tells a person which token nobody uses any more: seconds do not matter. */
const FLUSH_MS = 10_000;
/** Tokens used within one period; a use beyond them is not noted. */
const MAX_NOTED = 10_000;

type Use = { readonly at: Date; readonly address: string };

/** Disposing it writes what is left. */
export type TokenUsage = AsyncDisposable & {
  /** A token was used now. Never waits and never throws. */
  note(scope: OrgScope, tokenId: ApiTokenId, address: string): void;
  /** Writes what was noted, one update per organization. What cannot be written is dropped and logged: the next use comes. */
  flush(): Promise<void>;
};

export function openTokenUsage(parts: { database: Pick<Database, 'inOrg'>; clock: Clock; log: Log; flushMs?: number }): TokenUsage {
  const { database, clock, log, flushMs = FLUSH_MS } = parts;
  let noted = new Map<OrganizationId, { scope: OrgScope; uses: Map<ApiTokenId, Use> }>();
  let size = 0;
  let writing: Promise<void> = Promise.resolve();

  async function write(batch: typeof noted): Promise<void> {
    for (const { scope, uses } of batch.values()) {
      try {
        await writeUses(database, scope, uses);
      } catch (error) {
        log.warn({ error: loggableError(error), organizationId: scope.organizationId }, 'last uses of tokens were not written');
      }
    }
  }

  /** One at a time, in order: a slow database does not pile up transactions. */
  function flush(): Promise<void> {
    if (size === 0) return writing;
    const batch = noted;
    noted = new Map();
    size = 0;
    writing = writing.then(() => write(batch));
    return writing;
  }

  let isWriting = false;
  // A write that takes longer than the period is not followed by a queue of others: what is noted meanwhile waits in one place, with its limit.
  async function flushUnlessBusy(): Promise<void> {
    if (isWriting) return;
    isWriting = true;
    await flush();
    isWriting = false;
  }

  const timer = setInterval(() => void flushUnlessBusy(), flushMs).unref();
  return {
    note(scope, tokenId, address) {
      const { organizationId } = scope;
      const entry = noted.get(organizationId) ?? { scope, uses: new Map<ApiTokenId, Use>() };
      if (!entry.uses.has(tokenId)) {
        if (size >= MAX_NOTED) return;
        size += 1;
      }
      entry.uses.set(tokenId, { at: clock.wallAt(), address });
      noted.set(organizationId, entry);
    },
    flush,
    async [Symbol.asyncDispose]() {
      clearInterval(timer);
      await flush();
    },
  };
}

async function writeUses(database: Pick<Database, 'inOrg'>, scope: OrgScope, uses: ReadonlyMap<ApiTokenId, Use>): Promise<void> {
  const rows = [...uses].map(([tokenId, { at, address }]) => sql`(${tokenId}::text, ${at.toISOString()}::timestamptz, ${address}::text)`);
  const seen = sql`(values ${sql.join(rows, sql`, `)}) as seen (id, used_at, address)`;
  // Another process may have seen the token later than this one did.
  const isNewer = sql`(${apiTokens.lastUsedAt} is null or ${apiTokens.lastUsedAt} < seen.used_at)`;
  await database.inOrg(scope, (queries) =>
    queries
      .update(apiTokens)
      .set({ lastUsedAt: sql`seen.used_at`, lastUsedAddress: sql`seen.address` })
      .from(seen)
      .where(and(eq(apiTokens.orgId, scope.organizationId), sql`${apiTokens.id} = seen.id`, isNewer)),
  );
}
