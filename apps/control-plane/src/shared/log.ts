// Logs are JSON lines with a static message and fields; personal data only under `pii`, and not even there unless the operator asks for it.
import { pino } from 'pino';
import type { DestinationStream } from 'pino';
import { limitLines } from './log-limit.ts';
import { loggableError } from './loggable-error.ts';
import { isPersonal } from './personal-fields.ts';

/** The part of a logger that our code uses; pino satisfies it. */
export type Log = {
  debug(fields: object, message: string): void;
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
  error(fields: object, message: string): void;
  /** A logger that adds `fields` to each line: one per call, one per request. */
  child(fields: object): Log;
};

/** The log of a process, which also knows what it left out. */
export type ProcessLog = Log & {
  /** Lines that were left out since the start because there were too many in one second. */
  droppedLines(): number;
};

export type LogOptions = {
  /** One of pino's; `silent` writes nothing. */
  readonly level: string;
  readonly service: string;
  /** Which of several servers writes, for logs that are gathered in one place; default: not said. */
  readonly serverId?: string;
  /** Whether personal data is written; default false: `[hidden]` stands in its place. */
  readonly showsPersonalData?: boolean;
  /** Default: standard output. */
  readonly destination?: DestinationStream;
};

/**
 * Errors under either name. pino's own rendering prints every field of an error, and the values of a failed query are callers'
 * numbers and words; under any other name than `err` it prints `{}`.
 */
const serializers = { err: errorFields, error: errorFields };

function errorFields(value: unknown): unknown {
  return value instanceof Error ? loggableError(value) : value;
}

/** Fields of a nested object that are never written. */
const SECRET = ['password', 'token'];
const IN_ITS_PLACE = '[hidden]';

/** pino's own redaction copies every line's fields; most lines have nothing to hide, and cost a look at their names here. */
function withoutSecrets(fields: Record<string, unknown>): Record<string, unknown> {
  const holders = Object.entries(fields).filter(([, value]) => isHolder(value));
  if (holders.length === 0) return fields;
  return { ...fields, ...Object.fromEntries(holders.map(([name, value]) => [name, hide(value as object)])) };
}

/** A test keeps personal data under `pii`; this is for what it does not see, such as fields that are spread. */
function withoutPersonalData(fields: Record<string, unknown>): Record<string, unknown> {
  const hidden = Object.keys(fields).filter(isPersonal);
  if (hidden.length === 0) return fields;
  return { ...fields, ...Object.fromEntries(hidden.map((name) => [name, IN_ITS_PLACE])) };
}

function isHolder(value: unknown): boolean {
  return typeof value === 'object' && value !== null && SECRET.some((name) => name in value);
}

function hide(holder: object): object {
  return Object.fromEntries(
    Object.entries(holder).map(([name, value]) => [name, SECRET.includes(name) ? IN_ITS_PLACE : (value as unknown)]),
  );
}

/** Opens the process's logger. More than 1,000 lines in a second are left out, counted, and told in a line of their own. */
export function openLog(options: LogOptions): ProcessLog {
  const { level, service, serverId, showsPersonalData = false } = options;
  const base = { service, ...(serverId !== undefined && { serverId }) };
  const log = (fields: Record<string, unknown>) => withoutSecrets(showsPersonalData ? fields : withoutPersonalData(fields));
  const limited = limitLines(options.destination ?? pino.destination({ dest: 1, sync: true }), {
    onDropped: (lines) => logger.error({ droppedLines: lines }, 'lines of the log were left out: too many in one second'),
  });
  const logger = pino({ level, base, serializers, formatters: { log } }, limited);
  return Object.assign(logger, { droppedLines: () => limited.dropped() });
}

/** A logger for tests that look at behaviour, not at lines. */
export const silentLog: Log = pino({ level: 'silent' });
