// The database as Prometheus series, seen from this process: the server's own come from its exporter.
import type { Registry } from 'prom-client';
import { Counter, Gauge, Histogram } from 'prom-client';
import type { DatabaseObserver } from '#db/observed-database.ts';
import type { Database } from '#db/client.ts';
import { MAX_CONNECTIONS } from '#db/client.ts';
import type { Clock } from '#shared/clock.ts';

/** From one select by key to the limit of a statement. */
const BUCKETS_S = [0.001, 0.005, 0.02, 0.1, 0.5, 2, 10];

/** Registers the series; returns what sets them. */
export function createDatabaseMetrics(registry: Registry, clock: Pick<Clock, 'nowMs'>): DatabaseObserver {
  const registers = [registry];
  const seconds = new Histogram({
    name: 'centralita_db_query_seconds',
    help: 'Time that a transaction took, waiting for a connection included, by how it was asked for',
    labelNames: ['kind'],
    buckets: BUCKETS_S,
    registers,
  });
  const failures = new Counter({
    name: 'centralita_db_failures_total',
    help: 'Transactions that failed, those undone by a rule of ours included, by how they were asked for',
    labelNames: ['kind'],
    registers,
  });
  const inUse = new Gauge({
    name: 'centralita_db_pool_in_use',
    help: 'Transactions under way that share the pool of connections; more than the pool has wait for one',
    registers,
  });
  new Gauge({ name: 'centralita_db_pool_connections', help: 'Connections that the pool may open', registers }).set(MAX_CONNECTIONS);
  return {
    started(kind) {
      const startedAtMs = clock.nowMs();
      const isPooled = kind !== 'read' && kind !== 'write';
      if (isPooled) inUse.inc();
      return (isDone) => {
        if (isPooled) inUse.dec();
        seconds.observe({ kind }, (clock.nowMs() - startedAtMs) / 1_000);
        if (!isDone) failures.inc({ kind });
      };
    },
  };
}

/** Registers how many connections of ours the server, or something on the way to it, has ended. */
export function registerConnectionMetrics(registry: Registry, database: Pick<Database, 'connectionsLost'>): void {
  new Counter({
    name: 'centralita_db_connections_lost_total',
    help: 'Connections to the database that ended without our ending them: the server was restarted or died, or something on the way cut them; not counted over TLS',
    registers: [registry],
    collect() {
      this.reset();
      this.inc(database.connectionsLost());
    },
  });
}
