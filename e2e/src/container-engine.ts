/** A container engine of the test's own: Debian's dockerd by hand, with a folder, a socket and nothing of the machine's other engine. */
import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { runCommand, tryCommand } from '@centralita/provision/command.ts';

/** A running engine; `host` is what `DOCKER_HOST` must be. Disposing stops it and removes its folder and its rules of the firewall. */
export type ContainerEngine = AsyncDisposable & { readonly host: string; readonly folder: string; readonly version: string };
/** Started, or why there is none. */
export type EngineStart =
  | { readonly kind: 'started'; readonly engine: ContainerEngine }
  | { readonly kind: 'none'; readonly reason: string };

const START_TIMEOUT_MS = 60_000;
const STOP_TIMEOUT_MS = 60_000;
/** Images need 3 GB: on a disk, not in a /tmp that may be memory. */
const PARENT = '/var/tmp';

/** An abstract socket: it is free again as soon as its process is gone, however that ended. */
const TURN = '\0centralita-container-engine';

/** Starts the engine, or says in words why it cannot be. Needs root. One at a time: two engines take each other's rules of the firewall away. */
export async function startContainerEngine(): Promise<EngineStart> {
  const turn = await takeTurn();
  if (turn === null) return { kind: 'none', reason: 'another engine of ours runs on this machine' };
  const start = await startAlone();
  if (start.kind === 'none') {
    await turn[Symbol.asyncDispose]();
    return start;
  }
  const dispose = async (): Promise<void> => {
    await start.engine[Symbol.asyncDispose]();
    await turn[Symbol.asyncDispose]();
  };
  return { ...start, engine: { ...start.engine, [Symbol.asyncDispose]: dispose } };
}

/** Null when somebody else's lasts longer than a minute. */
async function takeTurn(): Promise<AsyncDisposable | null> {
  const deadline = Date.now() + START_TIMEOUT_MS;
  while (Date.now() < deadline) {
    const server = createServer();
    const isOurs = await new Promise<boolean>((resolve) => {
      server.once('error', () => resolve(false));
      server.listen(TURN, () => resolve(true));
    });
    if (isOurs) return { [Symbol.asyncDispose]: async () => void (await new Promise((resolve) => server.close(resolve))) };
    await sleep(250);
  }
  return null;
}

async function startAlone(): Promise<EngineStart> {
  if (process.getuid?.() !== 0) return { kind: 'none', reason: 'an engine is started by root' };
  for (const program of ['dockerd', 'docker']) {
    const found = await tryCommand(['/bin/sh', '-c', `command -v ${program}`]);
    if (found.exitCode !== 0) return { kind: 'none', reason: `${program} is not installed: apt-get install docker.io` };
  }
  const folder = await mkdtemp(join(PARENT, 'centralita-engine-'));
  const host = `unix://${join(folder, 'docker.sock')}`;
  // The rules as they were: an engine leaves its own behind, and a policy that forwards nothing.
  const rules = await tryCommand(['iptables-save']).catch(() => null);
  const at = (name: string): string => join(folder, name);
  const argv = ['--host', host, '--data-root', at('data'), '--exec-root', at('run'), '--pidfile', at('dockerd.pid'), '--bridge', 'none'];
  const child = spawn('dockerd', argv, { stdio: ['ignore', 'pipe', 'pipe'] });
  let said = '';
  for (const stream of [child.stdout, child.stderr])
    stream.setEncoding('utf8').on('data', (text: string) => (said = (said + text).slice(-2_048)));
  const ended = new Promise<void>((resolve) => child.once('error', () => resolve()).once('close', () => resolve()));
  const dispose = async (): Promise<void> => {
    await stop(child, ended);
    if (rules?.exitCode === 0) await runCommand(['iptables-restore'], { input: rules.stdout });
    // The engine leaves one mount behind, and a busy one keeps its folder: what could not be removed is no reason to hide why the work broke.
    await tryCommand(['umount', '--lazy', at('run/netns/default')]).catch(() => null);
    await rm(folder, { recursive: true, force: true }).catch((error: Error) => console.error(`left behind: ${error.message}`));
  };
  const deadline = Date.now() + START_TIMEOUT_MS;
  while (Date.now() < deadline && child.exitCode === null) {
    const answer = await tryCommand(['docker', '--host', host, 'version', '--format', '{{.Server.Version}}']).catch(() => null);
    if (answer?.exitCode === 0)
      return { kind: 'started', engine: { host, folder, version: answer.stdout.trim(), [Symbol.asyncDispose]: dispose } };
    await sleep(250);
  }
  await dispose();
  return { kind: 'none', reason: `dockerd does not come up here: ${said.trim().split('\n').slice(-3).join(' | ')}` };
}

async function stop(child: ChildProcess, ended: Promise<void>): Promise<void> {
  child.kill('SIGTERM');
  const isEnded = await Promise.race([ended.then(() => true), sleep(STOP_TIMEOUT_MS, false, { ref: false })]);
  if (isEnded) return;
  child.kill('SIGKILL');
  await ended;
}
