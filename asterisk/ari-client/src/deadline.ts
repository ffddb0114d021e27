/** Joins a time limit with the caller's signals, without leaving listeners on signals that outlive the wait. */

export interface Deadline extends Disposable {
  readonly signal: AbortSignal;
  /** True when the time limit, rather than one of the given signals, ended the wait. */
  readonly expired: boolean;
}

/** Starts a limit of `ms`. Dispose it as soon as the wait is over: until then its timer and listeners live on. */
export function openDeadline(ms: number, signals: readonly (AbortSignal | undefined)[]): Deadline {
  const controller = new AbortController();
  let expired = false;
  const timer = setTimeout(() => {
    expired = true;
    controller.abort(new Error(`no answer within ${ms} ms`));
  }, ms);
  const undo: (() => void)[] = [() => clearTimeout(timer)];
  for (const signal of signals) {
    if (signal === undefined) continue;
    const forward = (): void => controller.abort(signal.reason);
    if (signal.aborted) forward();
    signal.addEventListener('abort', forward, { once: true });
    undo.push(() => signal.removeEventListener('abort', forward));
  }
  return {
    signal: controller.signal,
    get expired() {
      return expired;
    },
    [Symbol.dispose]: () => undo.forEach((each) => each()),
  };
}
