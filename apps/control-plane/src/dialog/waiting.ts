// Waits of a turn that end early: with what was waited for, or with the turn.

/** What came first: the value, or the time. A rejection of `value` is thrown. */
export async function within<Value>(value: Promise<Value>, limitMs: number): Promise<{ readonly value: Value } | 'late'> {
  const late = Promise.withResolvers<'late'>();
  const timer = setTimeout(() => late.resolve('late'), Math.max(0, limitMs));
  try {
    return await Promise.race([value.then((inTime) => ({ value: inTime })), late.promise]);
  } finally {
    clearTimeout(timer);
  }
}

/** True once `committed` has resolved; false when `signal` aborts first, as it does for a guess that is thrown away. */
export async function isCommitted(committed: Promise<void>, signal: AbortSignal): Promise<boolean> {
  if (signal.aborted) return false;
  const aborted = Promise.withResolvers<false>();
  const onAbort = (): void => aborted.resolve(false);
  signal.addEventListener('abort', onAbort, { once: true });
  try {
    return await Promise.race([committed.then(() => true as const), aborted.promise]);
  } finally {
    signal.removeEventListener('abort', onAbort);
  }
}
