/** The part of a pino logger that this client uses, so that it depends on no logger. */
export interface AriLog {
  debug(fields: object, message: string): void;
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
  error(fields: object, message: string): void;
}

export const silentLog: AriLog = { debug() {}, info() {}, warn() {}, error() {} };
