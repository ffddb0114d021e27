/**
 * Keeps the services running with Debian's supervisor, as an instance of its own: own configuration, own socket, apart
 * from the one that Debian may start. Chosen over runit because one file describes every service, one command answers
 * for all of them, and it rotates their logs by size; its price is a Python interpreter.
 */
import { access, mkdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { runCommand, tryCommand } from './command.ts';
import { SERVICE_NAMES } from './services.ts';
import type { Service, ServiceName } from './services.ts';

/** A flood of calls writes two lines each: what the logs of one service may take on disk is 6 x 20 MB. */
const LOG_LIMIT = '20MB';
const LOG_BACKUPS = 5;

/** Above the longest drain of live calls that the settings allow. */
const CONTROL_TIMEOUT_MS = 3_700_000;

/** What supervisor says of a service; `ABSENT` when supervisor does not run or does not know it. */
export type ServiceState = 'RUNNING' | 'STARTING' | 'BACKOFF' | 'STOPPING' | 'STOPPED' | 'EXITED' | 'FATAL' | 'UNKNOWN' | 'ABSENT';

export function supervisorConfigPath(home: string): string {
  return join(home, 'supervisor', 'supervisord.conf');
}

/** The start script of one service: quoting for a shell is simpler to trust than supervisor's own. */
export function renderStartScript(service: Service): string {
  return `#!/bin/sh\n# Rendered by provision.sh.\nexec ${service.argv.map((word) => `'${word.replaceAll("'", `'\\''`)}'`).join(' ')}\n`;
}

/** Supervisor's configuration. Nothing starts by itself: the order is the provisioner's. */
export function renderSupervisor(home: string, services: readonly Service[]): string {
  const folder = join(home, 'supervisor');
  const log = (name: string): string => join(home, 'log', `${name}.log`);
  const head = `; Rendered by provision.sh.
[supervisord]
logfile = ${log('supervisord')}
logfile_maxbytes = ${LOG_LIMIT}
logfile_backups = ${LOG_BACKUPS}
pidfile = ${folder}/supervisord.pid
childlogdir = ${home}/log
umask = 077
user = root

[unix_http_server]
file = ${folder}/supervisor.sock
chmod = 0600

[supervisorctl]
serverurl = unix://${folder}/supervisor.sock

[rpcinterface:supervisor]
supervisor.rpcinterface_factory = supervisor.rpcinterface:make_main_rpcinterface
`;
  const programs = services.map(
    ({ name, stop }) => `
[program:${name}]
command = /bin/sh ${folder}/${name}.sh
directory = /
autostart = false
autorestart = true
; The database may be slower than its clients after a crash: they try again for hours, seldom.
startretries = 1000
startsecs = 2
stopsignal = ${stop.signal}
stopwaitsecs = ${stop.seconds}
stopasgroup = false
killasgroup = true
redirect_stderr = true
stdout_logfile = ${log(name)}
stdout_logfile_maxbytes = ${LOG_LIMIT}
stdout_logfile_backups = ${LOG_BACKUPS}
`,
  );
  return head + programs.join('');
}

/** State of every service. */
export async function readServiceStates(home: string): Promise<Readonly<Record<ServiceName, ServiceState>>> {
  const states = Object.fromEntries(SERVICE_NAMES.map((name) => [name, 'ABSENT'])) as Record<ServiceName, ServiceState>;
  if (!(await isSupervisorRunning(home))) return states;
  // Exit code 3 means that a service does not run: an answer, not a failure.
  const { stdout } = await tryCommand(controlCommand(home, ['status']), { timeoutMs: 20_000 });
  for (const line of stdout.split('\n')) {
    const [name, state] = line.split(/\s+/);
    if (isServiceName(name) && state !== undefined) states[name] = state as ServiceState;
  }
  return states;
}

/** Process number of every service that runs: the service's own, because each start script becomes its program. */
export async function readServicePids(home: string): Promise<ReadonlyMap<ServiceName, number>> {
  if (!(await isSupervisorRunning(home))) return new Map();
  const { stdout } = await tryCommand(controlCommand(home, ['status']), { timeoutMs: 20_000 });
  return parseServicePids(stdout);
}

/** From lines such as `asterisk  RUNNING   pid 4711, uptime 0:01:02`. */
export function parseServicePids(text: string): ReadonlyMap<ServiceName, number> {
  return new Map(
    text.split('\n').flatMap((line) => {
      const [, name, pid] = /^(\S+)\s+RUNNING\s+pid (\d+),/.exec(line) ?? [];
      return isServiceName(name) ? [[name, Number(pid)] as const] : [];
    }),
  );
}

/** Starts supervisor when it does not run, and makes it read its configuration. Services whose section changed are stopped. */
export async function ensureSupervisor(home: string): Promise<void> {
  await mkdir(join(home, 'log'), { recursive: true, mode: 0o700 });
  if (!(await isSupervisorRunning(home))) {
    await runCommand(['supervisord', '-c', supervisorConfigPath(home)], { timeoutMs: 30_000, cwd: '/' });
  }
  await runCommand(controlCommand(home, ['update']), { timeoutMs: 180_000 });
}

/** Starts the service, stopping it first when it runs. Throws with the end of its log when it does not stay up. */
export async function restartService(home: string, name: ServiceName): Promise<void> {
  await stopService(home, name);
  const { exitCode, stdout } = await tryCommand(controlCommand(home, ['start', name]), { timeoutMs: CONTROL_TIMEOUT_MS });
  if (exitCode === 0) return;
  throw new Error(`service ${name} does not start (${stdout.trim()}). The end of its log:\n${await readLogEnd(home, name)}`);
}

/** Stops the service; one that does not run, or no supervisor, is fine. */
export async function stopService(home: string, name: ServiceName): Promise<void> {
  if (await isSupervisorRunning(home)) await tryCommand(controlCommand(home, ['stop', name]), { timeoutMs: CONTROL_TIMEOUT_MS });
}

/** As `stopService`, but a service that has not ended by then is killed. */
export async function stopServiceWithin(home: string, name: ServiceName, limitMs: number): Promise<void> {
  if (!(await isSupervisorRunning(home))) return;
  const stopping = tryCommand(controlCommand(home, ['stop', name]), { timeoutMs: CONTROL_TIMEOUT_MS });
  const kill = setTimeout(() => {
    // A service that ended in the meantime is not there to be killed: its stop says how it ended.
    tryCommand(controlCommand(home, ['signal', 'KILL', name]), { timeoutMs: 20_000 }).catch(() => undefined);
  }, limitMs);
  try {
    await stopping;
  } finally {
    clearTimeout(kill);
  }
}

/** The last lines of a service's log. */
export async function readLogEnd(home: string, name: ServiceName): Promise<string> {
  const log = await readFile(join(home, 'log', `${name}.log`), 'utf8').catch(() => '');
  return log.trimEnd().split('\n').slice(-15).join('\n');
}

/** Stops every service, last started first, and supervisor itself. */
export async function stopSupervisor(home: string): Promise<boolean> {
  if (!(await isSupervisorRunning(home))) return false;
  for (const name of SERVICE_NAMES.toReversed()) await stopService(home, name);
  await runCommand(controlCommand(home, ['shutdown']), { timeoutMs: CONTROL_TIMEOUT_MS });
  const deadline = Date.now() + 30_000;
  while (await isSupervisorRunning(home)) {
    if (Date.now() > deadline) throw new Error(`supervisor in ${home}/supervisor did not end within 30 s`);
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  return true;
}

async function isSupervisorRunning(home: string): Promise<boolean> {
  const pid = Number(await readFile(join(home, 'supervisor', 'supervisord.pid'), 'utf8').catch(() => ''));
  if (!Number.isInteger(pid) || pid <= 0) return false;
  const commandLine = await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '');
  if (!commandLine.includes(supervisorConfigPath(home))) return false;
  return await access(join(home, 'supervisor', 'supervisor.sock')).then(
    () => true,
    () => false,
  );
}

function controlCommand(home: string, words: readonly string[]): readonly string[] {
  return ['supervisorctl', '-c', supervisorConfigPath(home), ...words];
}

function isServiceName(name: string | undefined): name is ServiceName {
  return SERVICE_NAMES.some((known) => known === name);
}
