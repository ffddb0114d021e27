// Writes into the audit log what became of calls whose models failed: each change of state. Waits for a model that is only slow are in the call's notes.
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
  bridging: 'call.bridging_begun',
  steady: 'call.recovered_after_failure',
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
  /** Calls in which a try failed since an agent was last heard to the end: the waits of others are no failure, and there are many of them under load. */
  const failing = new Set<string>();

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
      if (event.kind === 'call_ended' || event.kind === 'call_let_go') failing.delete(event.callId);
      if (event.kind === 'turn_recorded' && event.turn.role === 'agent') failing.delete(event.callId);
      if (event.kind !== 'note') return;
      if (event.name === 'model_retried') failing.add(event.callId);
      if (event.name !== 'failure_state') return;
      const to = String(event.fields['to']);
      const action = ACTIONS[to];
      if (action === undefined || ((to === 'bridging' || to === 'steady') && !failing.has(event.callId))) return;
      if (waiting >= MAX_WAITING) return log.warn({ callId: event.callId, action }, 'a failure is not in the audit log: too many wait');
      waiting += 1;
      written = written.then(() => write(event, action));
    },
    [Symbol.asyncDispose]: () => written,
  };
}

type Note = Extract<CallEvent, { kind: 'note' }>;
