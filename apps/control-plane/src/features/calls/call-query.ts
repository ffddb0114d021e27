// How a list of calls is asked for: filters, orders and cursors of the client's list and the admin's, parsed into what the store takes.
import { z } from '@hono/zod-openapi';
import { callStates } from '#db/schema/calls.ts';
import { adminPageQuerySchema, fromCursor, pageQuerySchema, toPage } from '#http/page.ts';
import { ProblemError } from '#http/problem.ts';
import type { CallOutcome } from '#ports/call-event.ts';
import type { CallPosition, CallQuery, CallSort } from './call-conditions.ts';
import type { CallSummary } from './call-store.ts';

const DAY_MS = 86_400_000;
/** A search reads every word of the period: about 10 µs a turn, and a busy organization has some 20,000 turns a day. */
const MAX_SEARCH_DAYS = 31;
const DEFAULT_SEARCH_DAYS = 30;
/** Instants outside of it are typing errors, and PostgreSQL knows no year 0. */
const EARLIEST = Date.parse('1970-01-01T00:00:00Z');
const LATEST = Date.parse('9999-01-01T00:00:00Z');

const outcomes = Object.keys({
  completed: true,
  caller_hung_up: true,
  transferred: true,
  no_input: true,
  max_duration: true,
  failed: true,
  rejected_unknown_number: true,
  rejected_at_capacity: true,
  rejected_not_ready: true,
  abandoned_waiting: true,
  rejected_stopped: true,
} satisfies Record<CallOutcome, true>) as [CallOutcome, ...CallOutcome[]];

const sorts = ['-startedAt', 'startedAt', '-durationMs', 'durationMs'] as const satisfies readonly CallSort[];

const instantSchema = z.iso
  .datetime({ offset: true, error: 'must be an instant such as 2026-11-21T10:00:00Z' })
  .refine((text) => isPlausible(Date.parse(text)), 'must lie between the years 1970 and 9999');
const callIdForm = /^call_[0-9a-z_]{1,64}$/;

/** The filters that both lists know. */
const filters = {
  agentId: z
    .string()
    .regex(/^agent_[0-9a-f]{32}$/, 'must be the id of an agent, such as agent_ and 32 hexadecimal digits')
    .optional(),
  state: z.enum(callStates).optional(),
  outcome: z.enum(outcomes).optional(),
  dialledNumber: z
    .string()
    .regex(/^[+]?[0-9]{2,20}$/, 'must be a number of 2 to 20 digits, with or without a +')
    .optional(),
  callerNumber: z
    .string()
    .regex(/^[\x20-\x7e]{1,64}$/, 'must have 1 to 64 printable characters')
    .optional()
    .openapi({ description: "Exactly the caller's number, as a call shows it." }),
  startedFrom: instantSchema.optional().openapi({ description: 'Calls that began then or later.' }),
  startedTo: instantSchema.optional().openapi({ description: 'Calls that began before then.' }),
  search: z
    .string()
    .min(1)
    .max(200)
    .regex(/^[^\0]*$/, 'must hold no NUL character')
    .optional()
    .openapi({
      description: `Words that somebody said in one turn, in web search syntax. The period may have ${MAX_SEARCH_DAYS} days; without one, the last ${DEFAULT_SEARCH_DAYS} are searched.`,
    }),
  sort: z.enum(sorts).default('-startedAt'),
} as const;

/** Query of the client's list. */
export const callQuerySchema = pageQuerySchema.extend(filters);
/** Query of the admin's list. */
export const adminCallQuerySchema = adminPageQuerySchema.extend(filters);

type AskedQuery = z.output<typeof callQuerySchema>;

const positions = {
  startedAt: z.strictObject({ sort: z.enum(sorts), at: instantSchema, callId: z.string().regex(callIdForm) }),
  durationMs: z.strictObject({ sort: z.enum(sorts), ms: z.number().nullable(), callId: z.string().regex(callIdForm) }),
};

/** What the store is asked. One row more than the page shows tells whether another page follows. Throws a problem naming the field. */
export function toCallQuery(asked: AskedQuery, now: Date): CallQuery {
  const { agentId, state, outcome, dialledNumber, callerNumber, search, sort, limit } = asked;
  const period = toPeriod(asked, now);
  return { agentId, state, outcome, dialledNumber, callerNumber, search, sort, ...period, limit: limit + 1, after: toPosition(asked) };
}

/** The page of the rows that the store gave, and the cursor of the next one. */
export function toCallPage(rows: readonly CallSummary[], { limit, sort }: AskedQuery) {
  const { page, nextCursor } = toPage(rows, limit, ({ callId, startedAt, durationMs }) =>
    byDuration(sort) ? { sort, ms: durationMs, callId } : { sort, at: startedAt.toISOString(), callId },
  );
  return { calls: page, nextCursor };
}

function toPosition({ cursor, sort }: AskedQuery): CallPosition | null {
  const schema: z.ZodType<{ sort: CallSort; callId: string; at?: string; ms?: number | null }> = byDuration(sort)
    ? positions.durationMs
    : positions.startedAt;
  const position = fromCursor(schema, cursor);
  if (position === null) return null;
  if (position.sort !== sort) throw refused('cursor', `belongs to a list sorted by ${position.sort}: ask for the first page again`);
  const { callId, at, ms } = position;
  return at === undefined ? { callId, durationMs: ms ?? null } : { callId, startedAt: new Date(at) };
}

function toPeriod({ startedFrom, startedTo, search }: AskedQuery, now: Date): Pick<CallQuery, 'startedFrom' | 'startedTo'> {
  const from = startedFrom === undefined ? undefined : new Date(startedFrom);
  const to = startedTo === undefined ? undefined : new Date(startedTo);
  if (from && to && from > to) throw refused('startedTo', 'must not lie before startedFrom');
  if (search === undefined) return { startedFrom: from, startedTo: to };
  const end = to ?? now;
  const begin = from ?? new Date(end.getTime() - DEFAULT_SEARCH_DAYS * DAY_MS);
  if (end.getTime() - begin.getTime() > MAX_SEARCH_DAYS * DAY_MS) {
    const most = `a search needs a period of at most ${MAX_SEARCH_DAYS} days: give startedFrom and startedTo`;
    throw refused('search', `${most}; without them the last ${DEFAULT_SEARCH_DAYS} days are searched`);
  }
  return { startedFrom: begin, startedTo: to };
}

function byDuration(sort: CallSort): boolean {
  return sort === 'durationMs' || sort === '-durationMs';
}

function isPlausible(ms: number): boolean {
  return ms >= EARLIEST && ms < LATEST;
}

function refused(path: string, message: string): ProblemError {
  return new ProblemError('invalid_request', `query: ${path} ${message}`, { fields: [{ path, message }] });
}
