/** Keeps one event socket open for as long as the client lives: ready? open, wait for the end, back off, again. */
import { setTimeout as sleep } from 'node:timers/promises';
import { AriError } from './ari-error.ts';
import type { AriLog } from './ari-log.ts';
import { backOffMs } from './back-off.ts';
import { openDeadline } from './deadline.ts';
import { type EventSocket, openEventSocket } from './event-socket.ts';
import { type AriEndpoint, sendOverHttp } from './http-transport.ts';
import { toRequest } from './request.ts';

export interface ConnectionLoopOptions {
  readonly endpoint: AriEndpoint;
  readonly application: string;
  readonly deadPeerMs: number;
  readonly log: AriLog;
  readonly signal: AbortSignal;
  readonly onOpen: (socket: EventSocket) => void;
  readonly onText: (text: string) => void;
  readonly onClosed: (reason: string) => void;
  readonly onFailed: (error: unknown) => void;
}

/** Ends, without an error, when the signal is aborted. */
export async function keepConnected(options: ConnectionLoopOptions): Promise<void> {
  const { signal, log } = options;
  let attempt = 0;
  while (!signal.aborted) {
    try {
      await untilReady(options);
      const socket = await openEventSocket(options);
      attempt = 0;
      const close = (): void => socket.close();
      signal.addEventListener('abort', close, { once: true });
      if (signal.aborted) close();
      options.onOpen(socket);
      const reason = await socket.closed;
      signal.removeEventListener('abort', close);
      options.onClosed(reason);
    } catch (error) {
      if (signal.aborted) return;
      log.warn({ err: error, attempt }, 'Asterisk is not ready');
      options.onFailed(error);
    }
    await sleep(backOffMs(attempt), undefined, { signal }).catch(() => undefined);
    attempt += 1;
  }
}

/** An open port is not enough: the operations answer 404 until their modules are loaded. */
async function untilReady({ endpoint, deadPeerMs, signal }: ConnectionLoopOptions): Promise<void> {
  const request = toRequest('asterisk.ping', {});
  using deadline = openDeadline(deadPeerMs, [signal]);
  const answer = await sendOverHttp(endpoint, request, deadline.signal);
  if (answer.status !== 200) throw new AriError('asterisk.ping', { kind: 'refused', status: answer.status, detail: answer.reason });
}
