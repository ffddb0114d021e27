// Logs are JSON lines with a static message and fields; personal data only under `pii`.
import { pino } from 'pino';
import type { DestinationStream } from 'pino';
import { loggableError } from './loggable-error.ts';

/** The part of a logger that our code uses; pino satisfies it. */
export type Log = {
  debug(fields: object, message: string): void;
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
  error(fields: object, message: string): void;
  /** A logger that adds `fields` to each line: one per call, one per request. */
  child(fields: object): Log;
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
const HIDDEN = ['password', 'token'];

/** pino's own redaction copies every line's fields; most lines have no nested object, and cost nothing here. */
function withoutSecrets(fields: Record<string, unknown>): Record<string, unknown> {
  const holders = Object.entries(fields).filter(([, value]) => isHolder(value));
  if (holders.length === 0) return fields;
  return { ...fields, ...Object.fromEntries(holders.map(([name, value]) => [name, hide(value as object)])) };
}

function isHolder(value: unknown): boolean {
  return typeof value === 'object' && value !== null && HIDDEN.some((name) => name in value);
}

function hide(holder: object): object {
  return Object.fromEntries(Object.entries(holder).map(([name, value]) => [name, HIDDEN.includes(name) ? '[hidden]' : (value as unknown)]));
}

/** Opens the process's logger on standard output or `destination`. `level` is one of pino's; `silent` writes nothing. */
export function openLog(options: { level: string; service: string; destination?: DestinationStream }): Log {
  const { level, service, destination } = options;
  const settings = { level, base: { service }, serializers, formatters: { log: withoutSecrets } };
  return destination ? pino(settings, destination) : pino(settings);
}

/** A logger for tests that look at behaviour, not at lines. */
export const silentLog: Log = pino({ level: 'silent' });
