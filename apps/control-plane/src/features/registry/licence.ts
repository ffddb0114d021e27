// What this server may do, as the operator of the registry wrote it: told to people and shown, never carried out. No call is refused for it.
import { z } from 'zod';
import { licenceFields } from './remote-schemas.ts';
import type { KeptRow } from './remote-store.ts';

/** `grace`: it has ended, and a server that cannot reach the registry cannot know of its successor. */
export const licenceStandings = ['valid', 'grace', 'expired', 'suspended'] as const;

export type Licence = {
  readonly plan: string;
  readonly standing: (typeof licenceStandings)[number];
  readonly maxConcurrentCalls: number | null;
  readonly validUntil: string | null;
};

/** What a registry may be away for. */
const GRACE_MS = 30 * 86_400_000;

/** Null without one, or where what is kept is none. */
export function licenceOf(rows: readonly Pick<KeptRow, 'fields'>[], at: Date): Licence | null {
  const parsed = z.safeParse(licenceFields, rows[0]?.fields);
  if (!parsed.success) return null;
  const { plan, state, max_concurrent_calls: maxConcurrentCalls, valid_until: validUntil } = parsed.data;
  return { plan, standing: state === 'suspended' ? state : standingAt(validUntil, at), maxConcurrentCalls, validUntil };
}

function standingAt(validUntil: string | null, at: Date): Licence['standing'] {
  const overMs = validUntil === null ? -1 : at.getTime() - Date.parse(validUntil);
  if (overMs < 0) return 'valid';
  return overMs < GRACE_MS ? 'grace' : 'expired';
}
