/** Runs the probes side by side, each with a limit of its own, and keeps what each took: one that hangs costs its own answer and no other's. */

/** Longest time of one probe; a healthy `nvidia-smi` without persistence mode takes up to 3 s per board. */
export const PROBE_LIMIT_MS = 5_000;
/** Beyond its deadline a probe gets this long to hand back what it has; after it, its `whenHung` stands. */
const GRACE_MS = 500;

export type ProbeReport = { readonly name: string; readonly ms: number; readonly isTimedOut: boolean };

export type Probe<T> = {
  readonly name: string;
  /** Looks. `deadline` aborts at the limit or when the whole detection is called off. */
  readonly look: (deadline: AbortSignal) => Promise<T>;
  /** What is said when it did not come back, `limitMs` after its start. */
  readonly whenHung: (limitMs: number) => T;
};

export type ProbeOptions = {
  readonly signal: AbortSignal;
  /** Receives each probe's report as it ends. */
  readonly report: (report: ProbeReport) => void;
  readonly limitMs?: number;
};

/** Runs one probe. Throws when it does or when `signal` was aborted; being late is no error. */
export async function runProbe<T>({ name, look, whenHung }: Probe<T>, options: ProbeOptions): Promise<T> {
  const limitMs = options.limitMs ?? PROBE_LIMIT_MS;
  options.signal.throwIfAborted();
  const late = new AbortController();
  const startedAtMs = performance.now();
  const alarm = setTimeout(() => late.abort(new Error(`${name}: not done after ${limitMs} ms`)), limitMs);
  const deadline = AbortSignal.any([options.signal, late.signal]);
  let giveUp: NodeJS.Timeout | undefined;
  const hung = new Promise<T>((resolve) => {
    late.signal.addEventListener('abort', () => {
      giveUp = setTimeout(() => resolve(whenHung(limitMs)), GRACE_MS);
    });
  });
  try {
    return await Promise.race([look(deadline), hung]);
  } finally {
    clearTimeout(alarm);
    clearTimeout(giveUp);
    options.report({ name, ms: Math.round(performance.now() - startedAtMs), isTimedOut: late.signal.aborted });
  }
}
