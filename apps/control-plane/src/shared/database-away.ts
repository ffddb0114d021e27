// Tells an error of a database that is away, full or too busy from one that is a fault of ours: the first passes by itself.

/**
 * SQLSTATE: 08 connection, 53 no resources (connections, memory, disk), 57P01 to 57P03 shutting down or starting up; 57014 a statement that was
 * cancelled at its time limit, 55P03 a lock that was not to be had. The rest are the driver's and the system's own words for a connection that is gone.
 */
const AWAY =
  /^(?:08...|53...|57P0[1-3]|57014|55P03|CONNECTION_CLOSED|CONNECTION_ENDED|CONNECTION_DESTROYED|CONNECT_TIMEOUT|ECONNREFUSED|ECONNRESET|EPIPE|ETIMEDOUT)$/;
/** Errors of our own name none of these codes, and a chain longer than this is a mistake of its own. */
const MAX_CAUSES = 8;

/** Whether the error, or one of its causes, says that the database does not serve now. */
export function isDatabaseAway(thrown: unknown): boolean {
  let error = thrown;
  for (let depth = 0; depth < MAX_CAUSES && error instanceof Error; depth += 1) {
    if ('code' in error && typeof error.code === 'string' && AWAY.test(error.code)) return true;
    if (error instanceof AggregateError && error.errors.some(isDatabaseAway)) return true;
    error = error.cause;
  }
  return false;
}
