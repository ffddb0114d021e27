/** Ports and secrets of the test rig: far from the appliance's own, so that both run on one machine. */
import type { InstanceInput } from '@centralita/provision/instance.ts';

/** Ports of one rig. */
export type RigPorts = {
  readonly sip: number;
  readonly ari: number;
  readonly rtpFirst: number;
  readonly rtpLast: number;
  readonly postgres: number;
  readonly inference: number;
  readonly inferenceMetrics: number;
  readonly http: number;
  readonly prometheus: number;
  readonly nodeExporter: number;
  readonly postgresExporter: number;
  /** Of a second control plane, where one is started. */
  readonly secondHttp: number;
};

/** Test files that have a rig each at the same time: they wait for speech, and one uses a sixth of two cores (`maxWorkers` of the project `e2e`). */
const TEST_LANES = 2;
/** Ports of the test files: each worker of vitest has its own, 2,000 apart, below those that the system gives out by itself. */
const TEST_BASE_PORT = 26_000;
const LANE_PORTS = 2_000;

/** First port of a rig in this worker of vitest. */
export function testBasePort(): number {
  const lane = Number(process.env['VITEST_POOL_ID'] ?? 1);
  if (!(lane >= 1 && lane <= TEST_LANES)) throw new RangeError(`vitest's worker ${lane} has no ports: there are ${TEST_LANES} lanes`);
  return TEST_BASE_PORT - (lane - 1) * LANE_PORTS;
}

/** Ports from `base` on: tests use 24,000 and 26,000, benchmarks 17,000. */
export function rigPorts(base: number): RigPorts {
  return {
    sip: base + 60,
    ari: base + 88,
    rtpFirst: base + 6_000,
    rtpLast: base + 6_998,
    postgres: base + 432,
    inference: base + 801,
    inferenceMetrics: base + 802,
    http: base + 808,
    secondHttp: base + 809,
    postgresExporter: base + 987,
    prometheus: base + 990,
    nodeExporter: base + 991,
  };
}

/** Passwords that protect nothing: the rig listens on the loopback and lives for minutes. */
export const RIG_PASSWORDS = {
  ari: 'rig-ari-password',
  databaseMigrator: 'rig-migrator-password',
  databaseApp: 'rig-app-password',
  databaseMonitor: 'rig-monitor-password',
  asteriskMetrics: 'rig-metrics-password',
  testCaller: 'rig-caller-password',
} as const;

/** Password of every phone that the rig's seed makes. */
export const RIG_PHONE_PASSWORD = 'rig-phone-password';

/** What the rig's Asterisk and PostgreSQL are made from. */
export function rigInstance(
  options: { name: string; dir: string; ports: RigPorts } & Omit<Partial<InstanceInput>, 'ports' | 'name' | 'dir'>,
): InstanceInput {
  const { ports, ...rest } = options;
  return {
    bindAddress: '127.0.0.1',
    passwords: RIG_PASSWORDS,
    ...rest,
    ports: { sip: ports.sip, ari: ports.ari, rtpFirst: ports.rtpFirst, rtpLast: ports.rtpLast, postgres: ports.postgres },
  };
}
