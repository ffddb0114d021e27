/** Starts the stand-in models in a process of their own and speaks to it over Node's IPC channel. */
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import type { InferenceTiming } from '@centralita/control-plane/sandbox/inference-request.ts';
import type { ModelStandIn, ModelStandInOptions } from './model-stand-in.ts';

type Message = { readonly kind: 'open'; readonly url: string } | { readonly kind: 'timings'; readonly timings: readonly InferenceTiming[] };

/** Like `openModelStandIn`, elsewhere. */
export async function openModelStandInProcess(options: ModelStandInOptions = {}): Promise<ModelStandIn> {
  const args = Object.entries(options).flatMap(([name, value]) => [
    `--${name.replaceAll(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`,
    String(value),
  ]);
  const child = fork(join(import.meta.dirname, 'model-stand-in-cli.ts'), args, { stdio: ['ignore', 'ignore', 'inherit', 'ipc'] });
  const ended = once(child, 'exit');
  const nextMessage = async (): Promise<Message> => {
    const winner = await Promise.race([once(child, 'message'), ended.then(() => null)]);
    if (winner === null) throw new Error(`the stand-in models ended with status ${child.exitCode}; their message is above`);
    return winner[0] as Message;
  };
  const opened = await nextMessage();
  if (opened.kind !== 'open') throw new Error(`the stand-in models said ${opened.kind} before their address`);
  return {
    url: opened.url,
    async takeTimings() {
      const answer = nextMessage();
      child.send('take_timings');
      const message = await answer;
      return message.kind === 'timings' ? message.timings : [];
    },
    async [Symbol.asyncDispose]() {
      child.kill('SIGTERM');
      await ended;
    },
  };
}
