/** What a fault of the suite is: how it is brought about, what the product must do then, and what must be seen of it from outside. */
import type { FaultWorld } from './fault-world.ts';
import type { Trial } from './fault-trial.ts';

/** What is told of a fault in the table. */
type Described = {
  /** In kebab case; `--only` takes it. */
  readonly name: string;
  /** Row of the list of failure modes. */
  readonly row: number;
  readonly fault: string;
  readonly injection: string;
  readonly expected: string;
};

/** What the shared oracle looks for besides that nothing is left. */
type Watched = {
  /**
   * A sample of the control plane's series, as `/metrics` prints its name and labels, that must change while the fault lasts, and by how much; one
   * that ordinary calls change as much does not count. Observations above a bucket are samples too: `…_over{le="0.5"}`.
   */
  readonly metric: RegExp | { readonly series: RegExp; readonly atLeast: number };
  /** A line of a log or of a program that the trial ran, a note or a turn of a call, or an entry of the audit log that names the cause; one line of JSON each. */
  readonly cause: RegExp;
  /** Longest time of injection and expectation together, ms. */
  readonly limitMs?: number;
  /** Longest time until nothing is left, ms: longer than usual where a protocol's own timer decides. */
  readonly settleMs?: number;
  /** True when the control plane's process is another one afterwards. */
  readonly replacesControlPlane?: boolean;
};

/** A fault as its family writes it; what `inject` brings about is handed to `expect`. */
export type FaultRow<Injected> = Described &
  Watched & {
    /** Breaks something, most of the time with a call up. */
    readonly inject: (world: FaultWorld, trial: Trial) => Promise<Injected>;
    /** Throws with what was expected and what was seen. */
    readonly expect: (world: FaultWorld, trial: Trial, injected: Injected) => Promise<void>;
    /** Puts right what stays broken; run in any case, before the oracle looks. */
    readonly repair?: (world: FaultWorld) => Promise<void>;
  };

/** A fault as the runner takes it. */
export type Fault = Described &
  Watched & { readonly run: (world: FaultWorld, trial: Trial) => Promise<void>; readonly repair: (world: FaultWorld) => Promise<void> };

/** A row of the list that nothing here can try. */
export type FaultNotHere = { readonly row: number; readonly fault: string; readonly notHere: string };

/** Ties injection and expectation together. */
export function fault<Injected>(row: FaultRow<Injected>): Fault {
  const { inject, expect, repair, ...rest } = row;
  return {
    ...rest,
    run: async (world, trial) => expect(world, trial, await inject(world, trial)),
    repair: async (world) => repair?.(world),
  };
}

/**
 * Of a fault that must leave no trace: its call is there until the caller's own end. The calls of the warm-up end by a goodbye of the agent, and one that
 * the fault ended is told otherwise.
 */
export const callersOwnEnd = {
  metric: /^centralita_calls_total\{outcome="caller_hung_up"\}/,
  cause: /"outcome":"caller_hung_up","reason":"hung up by caller: .*"msg":"how a call ended"/,
} as const satisfies Pick<Watched, 'metric' | 'cause'>;

/** Throws `words` unless it holds. */
export function must(holds: boolean, words: string): asserts holds {
  if (!holds) throw new Error(words);
}
