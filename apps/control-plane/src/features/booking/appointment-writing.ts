// What everything that writes in the appointment book works with.
import type { Database } from '#db/client.ts';
import type { AuditTrail } from '#features/access/audit-store.ts';
import type { Actor } from '#shared/actor.ts';
import type { Clock } from '#shared/clock.ts';

export type AppointmentWriting = {
  readonly database: Database;
  readonly audit: AuditTrail;
  readonly clock: Clock;
  /** Whose writes are audited; null for a conversation, whose id stands in the row. */
  readonly actor: Actor | null;
};
