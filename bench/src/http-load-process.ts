/** Runs the asker in a process of its own. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import type { HttpLoadOptions, HttpLoadResult } from './http-load.ts';

/** Like `loadHttp`, elsewhere; `cpuMs` is what the asker itself took. */
export async function loadHttpFromProcess(
  options: HttpLoadOptions,
  signal: AbortSignal,
): Promise<HttpLoadResult & { readonly cpuMs: number }> {
  const argv = [join(import.meta.dirname, 'http-load-cli.ts')];
  const child = spawn(process.execPath, argv, { stdio: ['pipe', 'pipe', 'inherit'], signal });
  child.stdin.end(JSON.stringify(options));
  const [output, [status]] = await Promise.all([text(child.stdout), once(child, 'exit')]);
  if (status !== 0) throw new Error(`the asker ended with status ${String(status)}; its message is above`);
  return JSON.parse(output) as HttpLoadResult & { readonly cpuMs: number };
}
