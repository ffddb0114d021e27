/** One connection of the event socket: opens, watches that the peer is alive, and says once why it ended. */
import { WebSocket } from 'ws';
import type { AriEndpoint } from './http-transport.ts';

export interface EventSocket {
  /** False when the socket is not open (any more): nothing was sent. */
  send(text: string): boolean;
  /** Stops or resumes reading; what Asterisk sends meanwhile stays in the kernel's buffers. */
  setPaused(paused: boolean): void;
  /** Settles with the reason once the connection is over, never rejects. */
  readonly closed: Promise<string>;
  close(): void;
}

export interface EventSocketOptions {
  readonly endpoint: AriEndpoint;
  readonly application: string;
  /** Silence after which the peer is taken for dead; it is asked twice in that time. */
  readonly deadPeerMs: number;
  readonly onText: (text: string) => void;
  readonly signal: AbortSignal;
}

/** Longest answer we read: a list of 1000 channels is about 1 MiB. */
const MAX_MESSAGE_BYTES = 16 * 1024 * 1024;

/** How long a peer gets to answer our closing handshake. */
const CLOSE_MS = 1_000;

export async function openEventSocket(options: EventSocketOptions): Promise<EventSocket> {
  const url = new URL('events', options.endpoint.base);
  url.protocol = url.protocol === 'https:' ? 'wss:' : 'ws:';
  url.searchParams.set('app', options.application);
  const socket = new WebSocket(url, ['ari'], {
    headers: { authorization: options.endpoint.authorization },
    perMessageDeflate: false,
    handshakeTimeout: options.deadPeerMs,
    maxPayload: MAX_MESSAGE_BYTES,
  });
  const { promise: closed, resolve: settleClosed } = Promise.withResolvers<string>();
  let failure: string | null = null;
  socket.on('error', (error) => (failure = error.message));
  socket.on('close', (code, reason) => settleClosed(failure ?? `closed with ${code} ${reason.toString()}`.trimEnd()));
  socket.on('message', (data: Buffer, isBinary) => {
    if (!isBinary) options.onText(data.toString('utf8'));
  });
  await opened(socket, closed, options.signal);
  const stopWatching = watchPeer(socket, options.deadPeerMs, (reason) => (failure = reason));
  void closed.then(stopWatching);
  return {
    send(text) {
      if (socket.readyState !== WebSocket.OPEN) return false;
      socket.send(text);
      return true;
    },
    setPaused: (paused) => (paused ? socket.pause() : socket.resume()),
    closed,
    close() {
      socket.close(1000);
      const timer = setTimeout(() => socket.terminate(), CLOSE_MS);
      void closed.then(() => clearTimeout(timer));
    },
  };
}

async function opened(socket: WebSocket, closed: Promise<string>, signal: AbortSignal): Promise<void> {
  const abort = (): void => socket.terminate();
  signal.addEventListener('abort', abort, { once: true });
  if (signal.aborted) abort();
  try {
    const failure = await Promise.race([new Promise<null>((resolve) => socket.once('open', () => resolve(null))), closed]);
    signal.throwIfAborted();
    if (failure !== null) throw new Error(`the event socket did not open: ${failure}`);
  } finally {
    signal.removeEventListener('abort', abort);
  }
}

/** Counts unanswered pings instead of measuring time: after a stall of our own process the answers still get their turn to be read. */
function watchPeer(socket: WebSocket, deadPeerMs: number, fail: (reason: string) => void): () => void {
  let unanswered = 0;
  const alive = (): void => void (unanswered = 0);
  socket.on('pong', alive);
  socket.on('message', alive);
  const timer = setInterval(() => {
    // A paused socket cannot hear the answer: our own back-pressure says nothing about the peer.
    if (socket.isPaused) return;
    if (unanswered >= 2) {
      fail(`peer silent for ${deadPeerMs} ms`);
      socket.terminate();
      return;
    }
    unanswered += 1;
    socket.ping();
  }, deadPeerMs / 2);
  return () => clearInterval(timer);
}
