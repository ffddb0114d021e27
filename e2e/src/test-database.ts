/** A PostgreSQL server of its own for database tests, proofs and benches without calls, on the private root that the provisioner builds. */
import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { appendFile, open, readFile, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { describeInstance } from '@centralita/provision/instance.ts';
import type { Instance } from '@centralita/provision/instance.ts';
import { initPostgres, postgresCommand, psqlCommand } from '@centralita/provision/postgres-process.ts';
import { runCommand } from '@centralita/provision/command.ts';
import { ensureRoot } from '@centralita/provision/private-root.ts';
import { killFamily } from './process-family.ts';

/** A fast machine answers within 1 s; a busy two-core one took 6 s. */
const START_TIMEOUT_MS = 60_000;
const POLL_MS = 100;
const SUPERUSER = 'database_tests';

/** A running server; disposing stops it and removes its data. */
export interface TestDatabase extends AsyncDisposable {
  /** As a superuser: each test file makes a database of its own. */
  readonly superuserUrl: string;
  /** The server with the appliance's own settings, roles and (not yet migrated) database. */
  readonly instance: Instance;
  /** SIGKILL of the server with all of its processes at once: none of them ends its work. */
  kill(): Promise<void>;
  /** Starts the killed server on what it had written; settles once it answers. */
  start(): Promise<void>;
}

/**
 * Builds what is missing under `home`, makes an empty cluster and starts it. Needs root privileges. `isLosable`: nothing waits for the disk, for tests
 * that make a database each and measure nothing; a proof or a bench has the disk's real time.
 */
export async function openTestDatabase(home: string, { isLosable = false }: { readonly isLosable?: boolean } = {}): Promise<TestDatabase> {
  const root = await ensureRoot({ home, log: (message) => console.log(message) });
  const dir = join(home, `database-tests-${process.pid}`);
  const secret = (): string => randomBytes(18).toString('base64url');
  const password = secret();
  const instance = describeInstance(root, {
    name: 'database-tests',
    dir,
    bindAddress: '127.0.0.1',
    // Asterisk is not started from this instance: its ports only have to be valid.
    ports: { sip: 5060, ari: 8088, rtpFirst: 10_000, rtpLast: 10_100, postgres: await findFreePort() },
    passwords: {
      ari: secret(),
      databaseMigrator: secret(),
      databaseApp: secret(),
      databaseMonitor: secret(),
      asteriskMetrics: secret(),
      testCaller: secret(),
    },
  });
  await initPostgres(instance);
  // An appliance lets no superuser in over TCP; this server exists for the tests alone, which also make roles of their own.
  await appendFile(join(dir, 'postgres', 'etc', 'pg_hba.conf'), 'host all all 127.0.0.1/32 scram-sha-256\n');
  if (isLosable) await appendFile(join(dir, 'postgres', 'etc', 'postgresql.conf'), 'fsync = off\nfull_page_writes = off\n');
  // To a file: the isolation tests provoke hundreds of refusals, which the server logs.
  const logFile = join(dir, 'server.log');
  let server = await startServer(instance, logFile);
  const stop = async (): Promise<void> => {
    await server.stop();
    await rm(dir, { recursive: true, force: true });
  };
  try {
    await waitForAnswer(instance, server.hasEnded);
    await runCommand(psqlCommand(instance, 'postgres'), {
      input: `create role ${SUPERUSER} superuser login password '${password}';`,
      label: 'making the superuser of the test database',
    });
  } catch (cause) {
    const lastLines = (await readFile(logFile, 'utf8')).trimEnd().split('\n').slice(-15).join('\n');
    await stop();
    throw new Error(`the test database did not start; its last messages:\n${lastLines}`, { cause });
  }
  return {
    superuserUrl: `postgres://${SUPERUSER}:${password}@127.0.0.1:${instance.ports.postgres}/postgres`,
    instance,
    kill: () => server.kill(),
    async start() {
      server = await startServer(instance, logFile);
      await waitForAnswer(instance, server.hasEnded);
    },
    [Symbol.asyncDispose]: stop,
  };
}

/** One life of the server, from its start to its end. */
type Server = { readonly hasEnded: () => boolean; kill(): Promise<void>; stop(): Promise<void> };

async function startServer(instance: Instance, logFile: string): Promise<Server> {
  const [program, ...args] = postgresCommand(instance);
  if (program === undefined) throw new Error('the provisioner gave no command for PostgreSQL');
  const log = await open(logFile, 'a');
  const child = spawn(program, args, { stdio: ['ignore', log.fd, log.fd] });
  await log.close();
  const ended = once(child, 'exit');
  const hasEnded = (): boolean => child.exitCode !== null || child.signalCode !== null;
  return {
    hasEnded,
    async kill() {
      if (child.pid === undefined || hasEnded()) throw new Error('the test database does not run: there is nothing to kill');
      await killFamily(child.pid);
      await ended;
    },
    async stop() {
      child.kill('SIGINT');
      await ended;
    },
  };
}

async function findFreePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  if (address === null || typeof address === 'string') throw new Error('no port was given to a loopback server');
  return address.port;
}

/** Its port is open while it still refuses everybody with "the database system is starting up": only an answer is one. */
async function waitForAnswer(instance: Instance, ended: () => boolean): Promise<void> {
  const deadline = Date.now() + START_TIMEOUT_MS;
  for (;;) {
    const refusal = await runCommand(psqlCommand(instance, 'postgres'), { input: 'select 1;', label: 'asking the test database' }).then(
      () => null,
      (cause: unknown) => cause,
    );
    if (refusal === null) return;
    if (ended()) throw new Error('the server ended', { cause: refusal });
    if (Date.now() > deadline) throw new Error(`no answer within ${START_TIMEOUT_MS} ms`, { cause: refusal });
    await delay(POLL_MS);
  }
}
