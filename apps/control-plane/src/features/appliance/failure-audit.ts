// Writes into the audit log what became of calls whose models failed: the apology, the hand-over, the close. Waits that were only filled are in the call's notes.
import type { Database } from '#db/client.ts';
import type { AuditTrail } from '#features/access/audit-store.ts';
import type { CallEvent } from '#ports/call-event.ts';
import type { Actor } from '#shared/actor.ts';
import { mintApplianceScope, onOrganization } from '#shared/appliance-scope.ts';
import type { Log } from '#shared/log.ts';
import { loggableError } from '#shared/loggable-error.ts';

/** Disposing it writes what waits. */
export type FailureAudit = AsyncDisposable & { observe(event: CallEvent): void };

export type FailureAuditParts = { readonly database: Database; readonly audit: AuditTrail; readonly log: Log };

/** By the state that a call's failure policy came to. */
const ACTIONS: Readonly<Record<string, string>> = {
  apologising: 'call.apology_begun',
  handing_over: 'call.hand_over_begun',
  closing: 'call.closed_after_failure',
};
/** Three of every call of a server, which is more than fail before the global stop. */
const MAX_WAITING = 3_000;

const actor: Actor = { kind: 'job', name: 'failure-policy', address: null, requestId: null };

/** One entry at a time: live calls need the pool's connections, and the lines of a chain wait for each other anyway. */
export function openFailureAudit({ database, audit, log }: FailureAuditParts): FailureAudit {
  let written = Promise.resolve();
  let waiting = 0;

  async function write({ callId, scope: { organizationId }, fields }: Note, action: string): Promise<void> {
    const scope = onOrganization(mintApplianceScope(), organizationId);
    const { component, from, afterMs } = fields;
    const entry = { action, resource: callId, details: { component, from, afterMs } };
    try {
      await database.inAppliance(scope, (queries) => audit.append(queries, { scope, actor }, entry));
    } catch (error) {
      // The call's own notes have it too, and those outlive a database that is away.
      log.warn({ error: loggableError(error), callId, organizationId, action }, 'a failure is not in the audit log');
    }
    waiting -= 1;
  }

  return {
    observe(event) {
      if (event.kind !== 'note' || event.name !== 'failure_state') return;
      const action = ACTIONS[String(event.fields['to'])];
      if (action === undefined) return;
      if (waiting >= MAX_WAITING) return log.warn({ callId: event.callId, action }, 'a failure is not in the audit log: too many wait');
      waiting += 1;
      written = written.then(() => write(event, action));
    },
    [Symbol.asyncDispose]: () => written,
  };
}

type Note = Extract<CallEvent, { kind: 'note' }>;
