// One list of calls, as both APIs ask for it: a search that runs into the database's time limit says what to do about it.
import type { ReadScope } from '#db/client.ts';
import { ProblemError } from '#http/problem.ts';
import type { CallQuery } from './call-conditions.ts';
import type { CallStore, CallSummary } from './call-store.ts';

/** SQLSTATE of a statement that was cancelled at its time limit. */
const QUERY_CANCELED = '57014';

/** Reads a list. Throws a problem when a search takes longer than the database allows. */
export async function listCalls(calls: CallStore, scope: ReadScope, query: CallQuery): Promise<CallSummary[]> {
  try {
    return await calls.list(scope, query);
  } catch (cause) {
    if (query.search === undefined || !isCanceled(cause)) throw cause;
    const detail = 'search: it took too long; give startedFrom and startedTo of a shorter period, or an agentId';
    throw new ProblemError('unavailable', detail, { fields: [{ path: 'search', message: 'took too long' }], cause });
  }
}

function isCanceled(error: unknown): boolean {
  for (let current = error; current instanceof Error; current = current.cause) {
    if ('code' in current && current.code === QUERY_CANCELED) return true;
  }
  return false;
}
