// A call's event as one line of text and back, for the log on the local disk.
import { z } from 'zod';
import type { CallEvent } from '#ports/call-event.ts';
import type { OrganizationId } from '#shared/id.ts';
import { mintOrgScope } from '#shared/org-scope.ts';
import type { QueuedEvent } from './call-event-writer.ts';

/** Kinds that have rows; the others are news for this process alone. */
export type StoredCallEvent = Exclude<CallEvent, { kind: 'call_resumed' | 'call_let_go' }>;

export function isStored(event: CallEvent): event is StoredCallEvent {
  return event.kind !== 'call_resumed' && event.kind !== 'call_let_go';
}

const scope = z.object({ organizationId: z.string() }).transform(({ organizationId }) => mintOrgScope(organizationId as OrganizationId));
const instant = z.iso.datetime().transform((text) => new Date(text));
const plain = z.record(z.string(), z.unknown());
const conversation = z.object({ state: plain, trace: plain.nullable(), nextStep: plain.optional() });
const turn = z.looseObject({ seq: z.int(), role: z.enum(['caller', 'agent']), text: z.string(), startedAt: instant, endedAt: instant });

/** Every kind that is stored: one that is forgotten here would be lost with a crash, so the compiler asks for it. */
const kinds = {
  call_started: true,
  call_rejected: true,
  call_answered: true,
  turn_recorded: true,
  conversation_moved: true,
  note: true,
  leg_measured: true,
  call_ended: true,
} as const satisfies Record<StoredCallEvent['kind'], true>;

// Beside what rows hang on, the fields are what this same code wrote, and the line's checksum says so.
const schema = z.object({
  id: z.uuid(),
  event: z.looseObject({
    callId: z.string(),
    at: instant,
    kind: z.enum(Object.keys(kinds) as [StoredCallEvent['kind']]),
    scope: scope.nullable(),
    turn: turn.exactOptional(),
    conversation: conversation.nullish(),
  }),
});

export function textOfEvent(item: QueuedEvent): string {
  return JSON.stringify(item);
}

/** Null when it is no event: written by a release whose events were others. */
export function eventOfText(text: string): QueuedEvent | null {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return null;
  }
  const parsed = schema.safeParse(value);
  return parsed.success ? (parsed.data as unknown as QueuedEvent) : null;
}
