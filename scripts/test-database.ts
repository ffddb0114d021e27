/** A PostgreSQL server of its own for the database tests, on the private root that the provisioner builds. */
import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { rm } from 'node:fs/promises';
import { connect, createServer } from 'node:net';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { databaseUrl, describeInstance } from '@centralita/provision/instance.ts';
import { initPostgres, postgresCommand } from '@centralita/provision/postgres-process.ts';
import { ensureRoot } from '@centralita/provision/private-root.ts';

/** A fast machine answers within 1 s; a busy two-core one took 6 s. */
const START_TIMEOUT_MS = 60_000;
const POLL_MS = 100;

/** A running server; disposing stops it and removes its data. */
export interface TestDatabase extends AsyncDisposable {
  /** For the owner of the tables. */
  readonly migratorUrl: string;
  /** For the role that row-level security binds. */
  readonly appUrl: string;
}

/** Builds what is missing under `home`, makes an empty cluster and starts it. Needs root privileges. */
export async function openTestDatabase(home: string): Promise<TestDatabase> {
  const root = await ensureRoot({ home, log: (message) => console.log(message) });
  const dir = join(home, `database-tests-${process.pid}`);
  const secret = (): string => randomBytes(18).toString('base64url');
  const instance = describeInstance(root, {
    name: 'database-tests',
    dir,
    bindAddress: '127.0.0.1',
    // Asterisk is not started from this instance: its ports only have to be valid.
    ports: { sip: 5060, ari: 8088, rtpFirst: 10_000, rtpLast: 10_100, postgres: await findFreePort() },
    passwords: { ari: secret(), databaseMigrator: secret(), databaseApp: secret(), testCaller: secret() },
  });
  await initPostgres(instance);
  const [program, ...args] = postgresCommand(instance);
  if (program === undefined) throw new Error('the provisioner gave no command for PostgreSQL');
  const server = spawn(program, args, { stdio: ['ignore', 'ignore', 'inherit'] });
  const ended = once(server, 'exit');
  const stop = async (): Promise<void> => {
    server.kill('SIGINT');
    await ended;
    await rm(dir, { recursive: true, force: true });
  };
  try {
    await waitForPort(instance.ports.postgres, () => server.exitCode !== null);
  } catch (cause) {
    await stop();
    throw new Error('the test database did not start', { cause });
  }
  return {
    migratorUrl: databaseUrl(instance, 'migrator'),
    appUrl: databaseUrl(instance, 'app'),
    [Symbol.asyncDispose]: stop,
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

async function waitForPort(port: number, ended: () => boolean): Promise<void> {
  const deadline = Date.now() + START_TIMEOUT_MS;
  while (Date.now() < deadline && !ended()) {
    const socket = connect(port, '127.0.0.1');
    const open = await once(socket, 'connect').then(
      () => true,
      () => false,
    );
    socket.destroy();
    if (open) return;
    await delay(POLL_MS);
  }
  throw new Error(ended() ? 'the server ended; its messages are above' : `no answer on port ${port} within ${START_TIMEOUT_MS} ms`);
}
