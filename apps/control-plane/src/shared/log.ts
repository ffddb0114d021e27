// Logs are JSON lines with a static message and fields; personal data only under `pii`.
import { pino } from 'pino';

/** The part of a logger that our code uses; pino satisfies it. */
export type Log = {
  debug(fields: object, message: string): void;
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
  error(fields: object, message: string): void;
  /** A logger that adds `fields` to each line: one per call, one per request. */
  child(fields: object): Log;
};

/** Opens the process's logger. `level` is one of pino's; `silent` writes nothing. */
export function openLog(options: { level: string; service: string }): Log {
  return pino({
    level: options.level,
    base: { service: options.service },
    redact: { paths: ['*.password', '*.token'], censor: '[hidden]' },
  });
}

/** A logger for tests that look at behaviour, not at lines. */
export const silentLog: Log = pino({ level: 'silent' });
