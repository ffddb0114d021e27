// What the routes of health ask, composed: what a call needs now, what was there once, and everything that the appliance depends on.
import type { Registry } from 'prom-client';
import type { Database } from '#db/client.ts';
import type { Dependency, DependencyReport } from '#features/appliance/dependency-board.ts';
import { down, openDependencyBoard, registerDependencyMetrics, up } from '#features/appliance/dependency-board.ts';
import type { HealthRouteParts } from '#features/appliance/health-routes.ts';
import type { ReadinessCheck } from '#features/appliance/readiness.ts';
import { registerReadyMetric } from '#features/appliance/readiness.ts';
import type { CallControl } from '#ports/call-control.ts';
import type { Clock } from '#shared/clock.ts';
import type { ModelBreakers } from '#shared/model-breakers.ts';
import { guardedComponents } from '#shared/model-breakers.ts';
import type { Safety } from './safety.ts';

export type HealthParts = {
  readonly parts: {
    readonly database: Database;
    readonly callControl: CallControl;
    readonly breakers: ModelBreakers;
    readonly dependencies?: readonly Dependency[];
    readonly clock: Clock;
  };
  /** What a call needs, but for the two that this process decides by itself. */
  readonly needs: readonly ReadinessCheck[];
  readonly safety: Pick<Safety, 'check'>;
  readonly registry: Registry;
  /** The registry of servers. */
  readonly serverRegistry: Dependency;
  readonly isStopping: () => boolean;
};

export function openHealth({ parts, needs, safety, registry, serverRegistry, isStopping }: HealthParts): Omit<HealthRouteParts, 'metrics'> {
  const dependencies = openDependencyBoard({ dependencies: dependenciesOf(parts, serverRegistry), clock: parts.clock });
  registerDependencyMetrics(registry, dependencies);
  const accepting = { name: 'accepting', check: async () => (isStopping() ? 'the process is stopping' : null) };
  const checks = [accepting, safety.check, ...needs];
  registerReadyMetric(registry, checks);
  return { checks, startUpChecks: needs, dependencies };
}

function dependenciesOf(
  { database, callControl, breakers, dependencies = [] }: HealthParts['parts'],
  serverRegistry: Dependency,
): Dependency[] {
  return [
    { name: 'postgres', probe: async () => (await database.ping(), up) },
    serverRegistry,
    { name: 'asterisk', probe: async () => (callControl.isConnected() ? up : down('not connected to the telephone system')) },
    ...dependencies.map(({ name, probe }) => ({
      name,
      probe: async (options: { signal: AbortSignal }) => rested(breakers, name, await probe(options)),
    })),
  ];
}

/** A model that answers a probe and is left alone because it failed too often is not up. */
function rested(breakers: ModelBreakers, name: string, report: DependencyReport): DependencyReport {
  const component = guardedComponents.find((guarded) => guarded === name);
  if (component === undefined || report.state !== 'up' || breakers.whole(component).state() === 'closed') return report;
  return { ...report, state: 'degraded', mode: 'resting', reason: 'it failed too often and is left alone for a moment' };
}
