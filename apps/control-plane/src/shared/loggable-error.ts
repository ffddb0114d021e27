// An error as fields of a log line: what failed and why, down its causes, without the values that a query carried.

/** One link of the chain of causes. */
type ErrorLink = { readonly name: string; readonly message: string; readonly code?: string };

/** Fields for a log line: the causes from the outermost in, and where the innermost was thrown. */
export type LoggableError = { readonly causes: readonly ErrorLink[]; readonly stack: string };

/** A chain longer than this is a mistake of its own. */
const MAX_CAUSES = 8;

/** Turns whatever was thrown into fields. */
export function loggableError(thrown: unknown): LoggableError {
  const causes: ErrorLink[] = [];
  let innermost = new Error(String(thrown));
  for (let error: unknown = thrown; error instanceof Error && causes.length < MAX_CAUSES; error = error.cause) {
    innermost = error;
    const code = 'code' in error && typeof error.code === 'string' ? { code: error.code } : {};
    causes.push({ name: error.name, message: withoutValues(error), ...code });
  }
  if (causes.length === 0) causes.push({ name: 'NotAnError', message: String(thrown) });
  return { causes, stack: framesOf(innermost) };
}

/** A query builder's message lists the query's values, which are callers' numbers and words. */
function withoutValues(error: Error): string {
  return 'params' in error ? (error.message.split('\nparams:')[0] ?? '') : error.message;
}

function framesOf(error: Error): string {
  return (error.stack ?? '')
    .split('\n')
    .filter((line) => /^\s+at /.test(line))
    .map((line) => line.trim())
    .join(' | ');
}
