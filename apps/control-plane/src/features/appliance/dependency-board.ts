// What the appliance depends on, looked at one by one: its state, how long it took to say so, since when, and what went wrong last.
import type { Registry } from 'prom-client';
import { Gauge } from 'prom-client';
import type { Clock } from '#shared/clock.ts';
import { loggableError } from '#shared/loggable-error.ts';

/** `degraded`: it answers, but not as it should; `off`: this box is not configured to have it, and does without. */
export const dependencyStates = ['up', 'degraded', 'down', 'off'] as const;
export type DependencyState = (typeof dependencyStates)[number];

/** What a dependency says of itself. No secret, and no address with a password in it. */
export type DependencyReport = {
  readonly state: DependencyState;
  /** How it works now, such as `local_only`; null where there is one way. */
  readonly mode: string | null;
  /** The model or program behind it; null where nobody knows. */
  readonly model: string | null;
  /** Why it is not up; null when it is. */
  readonly reason: string | null;
};

/** Something to look at. A probe that throws, or takes longer than 2 s, says `down`. */
export type Dependency = { readonly name: string; readonly probe: (options: { signal: AbortSignal }) => Promise<DependencyReport> };

/** A dependency as it was seen. */
export type DependencyView = DependencyReport & {
  readonly name: string;
  readonly latencyMs: number;
  /** Since when it is in this state, as far as it was looked at. */
  readonly sinceAt: Date;
  /** The last time that it was not up, also when it is again. */
  readonly lastError: { readonly reason: string; readonly at: Date } | null;
};

export type DependencyBoard = {
  /** Looks, at most once a second however many ask. Never rejects. */
  look(): Promise<readonly DependencyView[]>;
};

/** A balancer and a dashboard that ask at once cause one probe. */
const FRESH_MS = 1_000;
const PROBE_LIMIT_MS = 2_000;

/** Up, with nothing more to say. */
export const up: DependencyReport = { state: 'up', mode: null, model: null, reason: null };
/** Down, for this reason. */
export const down = (reason: string): DependencyReport => ({ state: 'down', mode: null, model: null, reason });

export function openDependencyBoard(options: { readonly dependencies: readonly Dependency[]; readonly clock: Clock }): DependencyBoard {
  const { dependencies, clock } = options;
  const known = new Map<string, DependencyView>();
  let seen: { readonly atMs: number; readonly views: Promise<readonly DependencyView[]> } | null = null;
  const lookAt = async (dependency: Dependency): Promise<DependencyView> => {
    const startedAtMs = clock.nowMs();
    const report = await probe(dependency);
    const at = clock.wallAt();
    const before = known.get(dependency.name);
    const isNew = before === undefined || before.state !== report.state;
    const lastError = report.reason === null || report.state === 'off' ? (before?.lastError ?? null) : { reason: report.reason, at };
    const latencyMs = Math.round((clock.nowMs() - startedAtMs) * 10) / 10;
    const view = { name: dependency.name, ...report, latencyMs, sinceAt: isNew ? at : before.sinceAt, lastError };
    known.set(dependency.name, view);
    return view;
  };
  return {
    look() {
      const nowMs = clock.nowMs();
      if (seen === null || nowMs - seen.atMs >= FRESH_MS) seen = { atMs: nowMs, views: Promise.all(dependencies.map(lookAt)) };
      return seen.views;
    },
  };
}

async function probe({ probe: ask }: Dependency): Promise<DependencyReport> {
  const signal = AbortSignal.timeout(PROBE_LIMIT_MS);
  const { promise: expiry, resolve } = Promise.withResolvers<DependencyReport>();
  signal.addEventListener('abort', () => resolve(down(`no answer within ${PROBE_LIMIT_MS} ms`)), { once: true });
  const asked = ask({ signal }).catch((error: unknown) => down(loggableError(error).causes.at(-1)?.message ?? 'failed'));
  return Promise.race([asked, expiry]);
}

/** Shows each dependency to Prometheus: looked at when it is asked. */
export function registerDependencyMetrics(registry: Registry, board: DependencyBoard): void {
  new Gauge({
    name: 'centralita_dependency_up',
    help: '1 while a dependency is up, 0.5 while it is degraded, 0 while it is down; one that this box is not to have is left out',
    labelNames: ['dependency'],
    registers: [registry],
    async collect() {
      this.reset();
      const values = { up: 1, degraded: 0.5, down: 0 } as const;
      for (const { name, state } of await board.look()) if (state !== 'off') this.set({ dependency: name }, values[state]);
    },
  });
}
