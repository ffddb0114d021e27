// What must be there before a call is taken: checked together, each within its time.
import type { Registry } from 'prom-client';
import { Gauge } from 'prom-client';
import { loggableError } from '#shared/loggable-error.ts';

/** One thing that a call needs. `check` settles with null when it is there and with the reason when it is not. */
export type ReadinessCheck = { readonly name: string; readonly check: (options: { signal: AbortSignal }) => Promise<string | null> };

/** How a check went. */
export type CheckResult = { readonly name: string; readonly ok: boolean; readonly reason: string | null };

/** A check that does not answer within this time has failed: a balancer asks every few seconds. */
const CHECK_LIMIT_MS = 2_000;

/** The same check, under way once at a time however many ask: anybody may ask whether we are ready, and each ping takes a connection of the calls' pool. */
export function askedOnce({ name, check }: ReadinessCheck): ReadinessCheck {
  let asked: Promise<string | null> | null = null;
  return {
    name,
    check(options) {
      asked ??= check(options).finally(() => (asked = null));
      return asked;
    },
  };
}

/** All of them, at once. Never rejects. */
export function runChecks(checks: readonly ReadinessCheck[]): Promise<CheckResult[]> {
  return Promise.all(checks.map(runCheck));
}

/** What is missing; null when nothing is. */
export async function missingOf(checks: readonly ReadinessCheck[]): Promise<string | null> {
  const missing = (await runChecks(checks)).filter(({ ok }) => !ok).map(({ name, reason }) => `${name}: ${reason ?? 'missing'}`);
  return missing.length === 0 ? null : missing.join('; ');
}

/** Shows Prometheus whether all of them pass: looked at when it is asked. */
export function registerReadyMetric(registry: Registry, checks: readonly ReadinessCheck[]): void {
  new Gauge({
    name: 'centralita_ready',
    help: 'Whether a call would be answered now: 1 or 0',
    registers: [registry],
    async collect() {
      this.set((await missingOf(checks)) === null ? 1 : 0);
    },
  });
}

/** Checks that have to pass once, each at its own time. Returns those that never did yet. */
export function createStartUp(checks: readonly ReadinessCheck[]): () => Promise<CheckResult[]> {
  const passed = new Set<string>();
  return async () => {
    const results = await runChecks(checks.filter(({ name }) => !passed.has(name)));
    for (const { name, ok } of results) if (ok) passed.add(name);
    return results.filter(({ ok }) => !ok);
  };
}

async function runCheck({ name, check }: ReadinessCheck): Promise<CheckResult> {
  const signal = AbortSignal.timeout(CHECK_LIMIT_MS);
  const { promise: expiry, resolve } = Promise.withResolvers<string>();
  signal.addEventListener('abort', () => resolve(`no answer within ${CHECK_LIMIT_MS} ms`), { once: true });
  const asked = check({ signal }).catch((error: unknown) => loggableError(error).causes.at(-1)?.message ?? 'failed');
  const reason = await Promise.race([asked, expiry]);
  return { name, ok: reason === null, reason };
}
