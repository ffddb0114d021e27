// What is done with calls under somebody's name: hanging up, and the admin's look at what was said. Each leaves its line in the audit log first.
import type { Database } from '#db/client.ts';
import type { AuditTrail } from '#features/access/audit-store.ts';
import type { Actor } from '#shared/actor.ts';
import type { AdminOrgScope, OneOrganization } from '#shared/appliance-scope.ts';
import type { CallDetails } from './call-store.ts';
import { readCall } from './call-store.ts';

/** Who looks, and the reason that was given for it. */
export type BreakGlass = { readonly actor: Actor; readonly reason: string };

export type CallAccessStore = {
  /** Reads a call with its words for the admin; the look is in the organization's log before a word is read. Null when there is no such call. */
  openForAdmin(scope: AdminOrgScope, callId: string, by: BreakGlass): Promise<CallDetails | null>;
  /** Notes that the admin searched what was said in the organization's calls. The words searched for stay out of the log. */
  noteSearch(scope: AdminOrgScope, by: BreakGlass): Promise<void>;
  /** Notes that somebody wants a call ended: committed before it is, so that no call is ended unseen. */
  noteHangUp(scope: OneOrganization, callId: string, actor: Actor): Promise<void>;
};

export function createCallAccessStore({ database, audit }: { database: Database; audit: AuditTrail }): CallAccessStore {
  return {
    openForAdmin: (scope, callId, { actor, reason }) =>
      database.inScope(scope, async (queries) => {
        if (!(await readCall(queries, { scope, callId, isOpen: false }))) return null;
        await audit.append(queries, { scope, actor }, { action: 'call.opened_by_admin', resource: callId, details: { reason } });
        return readCall(queries, { scope, callId, isOpen: true });
      }),
    noteSearch: (scope, { actor, reason }) =>
      database.inScope(scope, (queries) =>
        audit.append(queries, { scope, actor }, { action: 'calls.searched_by_admin', resource: scope.organizationId, details: { reason } }),
      ),
    noteHangUp: (scope, callId, actor) =>
      database.inScope(scope, (queries) => audit.append(queries, { scope, actor }, { action: 'call.hang_up_requested', resource: callId })),
  };
}
