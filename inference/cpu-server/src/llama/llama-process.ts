// One run of llama.cpp's server: a child of ours that only we can ask, by a socket in a folder of our own.
import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { accessSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import type { IncomingMessage } from 'node:http';
import { request as httpRequest } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { stopped } from '#children/child-end.ts';
import { allowedProcessors, engineThreads, processorMask } from '#children/processors.ts';
import type { Mortal } from '#children/restarting.ts';
import type { Config } from '#server/config.ts';

/** What llama-server is told. */
export interface LlamaSettings {
  readonly program: Config['llamaServer'];
  /** Path of a GGUF file. */
  readonly model: string;
  readonly slots: number;
  /** Of one request. */
  readonly contextTokens: number;
  readonly cacheMebibytes: number;
  /** Absent: all processors but one. */
  readonly threads?: number | undefined;
}

/** A server that is ready for requests. */
export interface LlamaServer extends Mortal {
  /** Posts JSON; resolves with the answer's head. Aborting closes the connection, which ends the work. @throws when it cannot be reached. */
  post(path: string, body: unknown, signal: AbortSignal): Promise<IncomingMessage>;
}

/** Some tens of gigabytes from a cold disk. */
const START_MS = 300_000;
const HEALTH_EVERY_MS = 50;
/** Tells the kernel to end the child when this process ends in a way that leaves no time to. Part of Debian's base system. */
const SETPRIV = '/usr/bin/setpriv';

/** Resolves when the weights are loaded. @throws with llama-server's own words when they cannot be. */
export async function startLlamaServer(settings: LlamaSettings): Promise<LlamaServer> {
  const folder = await mkdtemp(join(tmpdir(), 'language-model-'));
  const socketPath = join(folder, 'llama.sock');
  const key = randomBytes(24).toString('hex');
  const [program, ...args] = commandLine(settings, socketPath);
  const child = spawn(program, args, {
    // In the environment, not among the arguments, which every user of the machine can list.
    env: { ...settings.program.env, LLAMA_API_KEY: key },
    cwd: settings.program.folder ?? folder,
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  let death: string | null = null;
  let complaint = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => (complaint = (complaint + text).slice(-800)));
  const ended = Promise.withResolvers<string>();
  child.on('close', (code, signal) => ended.resolve(`llama-server ended with ${String(code ?? signal)}: ${complaint.trim()}`));
  child.on('error', (cause) => ended.resolve(notStarted(settings.program.argv[0], cause)));
  const died = ended.promise.then(async (reason) => {
    death = reason;
    await rm(folder, { recursive: true, force: true });
    return reason;
  });
  const server: LlamaServer = {
    get death() {
      return death;
    },
    died,
    post: (path, body, signal) => post({ socketPath, key, path, body, signal }),
    [Symbol.asyncDispose]: async () => {
      await stopped(child);
      await died;
    },
  };
  try {
    await untilHealthy(server, { socketPath, key });
    return server;
  } catch (cause) {
    await server[Symbol.asyncDispose]();
    throw cause;
  }
}

function commandLine(settings: LlamaSettings, socketPath: string): readonly [string, ...string[]] {
  const { program, model, slots, contextTokens, cacheMebibytes } = settings;
  const processors = allowedProcessors();
  const threads = engineThreads(settings.threads);
  const mask = processorMask(processors, threads);
  const told: Readonly<Record<string, string | number>> = {
    '--model': model,
    '--host': socketPath,
    '--parallel': slots,
    '--ctx-size': slots * contextTokens,
    '--cache-ram': cacheMebibytes,
    '--threads': threads,
    // Waiting threads sleep: by default they turn in circles, on processors that calls need.
    '--poll': 0,
    '--log-verbosity': 2,
    ...(mask === null ? {} : { '--cpu-mask': mask }),
  };
  const flags = [...Object.entries(told).flatMap(([flag, value]) => [flag, String(value)]), '--offline', '--no-ui', '--no-slots'];
  const [first, ...rest] = program.argv;
  return isThere(SETPRIV) ? [SETPRIV, '--pdeathsig', 'KILL', first, ...rest, ...flags] : [first, ...rest, ...flags];
}

function isThere(path: string): boolean {
  try {
    accessSync(path);
    return true;
  } catch {
    return false;
  }
}

function notStarted(program: string, cause: unknown): string {
  const isMissing = cause instanceof Error && 'code' in cause && cause.code === 'ENOENT';
  return isMissing ? `${program} is not on this machine` : `${program} cannot be started: ${String(cause)}`;
}

async function untilHealthy(server: LlamaServer, at: { readonly socketPath: string; readonly key: string }): Promise<void> {
  const timeout = AbortSignal.timeout(START_MS);
  for (;;) {
    if (server.death !== null) throw new Error(withRemedy(server.death));
    if (timeout.aborted) throw new Error(`llama-server is not ready after ${START_MS / 1000} s`);
    // 503 while it loads, no socket before that.
    const answer = await post({ ...at, path: '/health', body: null, signal: timeout }).catch(() => null);
    answer?.resume();
    if (answer?.statusCode === 200) return;
    await Promise.race([sleep(HEALTH_EVERY_MS), server.died]);
  }
}

/** A program that is missing ends setpriv with 127. */
function withRemedy(reason: string): string {
  const isMissing = /not on this machine|ended with 127|failed to execute/.test(reason);
  return isMissing ? `${reason} (install llama.cpp-tools or set LLAMA_SERVER_COMMAND)` : reason;
}

type Posting = {
  readonly socketPath: string;
  readonly key: string;
  readonly path: string;
  /** null: asked by GET. */
  readonly body: unknown;
  readonly signal: AbortSignal;
};

async function post({ socketPath, key, path, body, signal }: Posting): Promise<IncomingMessage> {
  const request = httpRequest({
    socketPath,
    path,
    method: body === null ? 'GET' : 'POST',
    headers: { authorization: `Bearer ${key}`, ...(body === null ? {} : { 'content-type': 'application/json' }) },
    signal,
    // A connection per request: closing it is how a request is taken back.
    agent: false,
  });
  request.end(body === null ? undefined : JSON.stringify(body));
  const [answer] = (await once(request, 'response')) as [IncomingMessage];
  // After the head an error comes by whoever reads the body; nobody listens to the request any more.
  request.on('error', () => undefined);
  return answer;
}
